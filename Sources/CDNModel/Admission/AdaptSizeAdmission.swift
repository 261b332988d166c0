internal import SimEngine

/// AdaptSize: admits with probability exp(-size / c) and tunes c to the traffic.
///
/// Every window of requests, the request rates and sizes seen in it (older ones fading) go into the Markov model of an
/// LRU cache behind such a filter: with a characteristic time T an object of rate r and size s is resident with
/// probability a(e^{rT} - 1) / (1 + a(e^{rT} - 1)), a = exp(-s/c), and T is where the expected resident bytes fill the
/// capacity (sections 4 and 5 of the paper). The c of the highest modelled hit ratio on a geometric grid is taken.
final class AdaptSizeAdmission: AdmissionRule {
  static let description = PolicyDescription(
    "adaptsize", "admits with probability exp(-size / c), c tuned by a Markov model of the cache",
    source: "Berger, Sitaraman, Harchol-Balter: AdaptSize: Orchestrating the hot object memory cache, NSDI 2017",
    parameters: [PolicyParameter("window", .integer(100...1_000_000_000), default: "50000", "requests between tunings")]
  )

  private struct Observed {
    var key: UInt64
    var requests: Double
    var bytes: Int64
  }

  /// Share of the old counts that a new window keeps.
  private static let fading = 0.5
  /// The model is evaluated on at most this many objects, the first in order of their hashed names.
  private static let modelledObjects = 2048

  private let capacity: Int64
  private let window: Int
  private var stream: RandomStream
  private var left: Int
  private var numbers: [UInt64: Int] = [:]
  private var observed: [Observed] = []
  /// The scale c in bytes; infinite until the first tuning: everything is admitted.
  private(set) var scale = Double.infinity

  init(_ setup: AdmissionSetup) throws(PolicyFailure) {
    capacity = setup.capacity
    window = setup.arguments.integer("window")
    left = window
    stream = setup.stream("adaptsize")
  }

  func observe(_ request: CacheRequest, hit: Bool) {
    if let number = numbers[request.key] {
      observed[number].requests += 1
      observed[number].bytes = request.bytes
    } else {
      numbers[request.key] = observed.count
      observed.append(Observed(key: request.key, requests: 1, bytes: request.bytes))
    }
    left -= 1
    if left == 0 {
      tune()
      left = window
    }
  }

  func admits(_ request: CacheRequest) -> Bool {
    stream.uniform() < (scale.isFinite ? DeterministicMath.exp(-Double(request.bytes) / scale) : 1)
  }

  private func tune() {
    let sample = modelSample()
    let share = Double(sample.count) / Double(max(observed.count, 1))
    let room = Double(capacity) * share
    let total = sample.reduce(0.0) { $0 + Double($1.bytes) }
    if total > room {
      var best = (hits: AdaptSizeAdmission.modelledHits(sample, .infinity, room), scale: Double.infinity)
      var candidate = 16.0
      while candidate < 4 * Double(capacity) {
        let hits = AdaptSizeAdmission.modelledHits(sample, candidate, room)
        if hits > best.hits { best = (hits, candidate) }
        candidate *= 1.5
      }
      scale = best.scale
    } else {
      scale = .infinity
    }
    fade()
  }

  /// Objects for the model: all, or those of the smallest hashes of their names.
  private func modelSample() -> [Observed] {
    if observed.count <= AdaptSizeAdmission.modelledObjects { return observed }
    let hashes = observed.map { XXH64.hash($0.key, seed: 0) }
    let order = observed.indices.sorted { hashes[$0] < hashes[$1] }
    return order.prefix(AdaptSizeAdmission.modelledObjects).map { observed[$0] }
  }

  /// Expected hits per window in a cache of `room` bytes behind the filter of a scale.
  private static func modelledHits(_ sample: [Observed], _ scale: Double, _ room: Double) -> Double {
    let admitted = sample.map { scale.isFinite ? DeterministicMath.exp(-Double($0.bytes) / scale) : 1 }
    // Time in windows; expected resident bytes grow with it, so bisection finds the filling time.
    var low = 0.0
    var high = 64.0
    for _ in 0..<30 {
      let middle = (low + high) / 2
      var filled = 0.0
      for (object, admission) in zip(sample, admitted) {
        filled += Double(object.bytes) * resident(object.requests * middle, admission)
      }
      if filled < room { low = middle } else { high = middle }
    }
    return zip(sample, admitted).reduce(0.0) { $0 + $1.0.requests * resident($1.0.requests * high, $1.1) }
  }

  private static func resident(_ load: Double, _ admission: Double) -> Double {
    let odds = admission * DeterministicMath.expm1(min(load, 700))
    return odds / (1 + odds)
  }

  private func fade() {
    numbers.removeAll(keepingCapacity: true)
    observed = observed.compactMap { object in
      var faded = object
      faded.requests *= AdaptSizeAdmission.fading
      return faded.requests < 0.1 ? nil : faded
    }
    for index in observed.indices { numbers[observed[index].key] = index }
  }
}
