internal import SimEngine

/// A synthetic workload of a video CDN: Zipf-Mandelbrot popularity, new releases, sizes, segment structure.
public struct WorkloadParameters: Sendable, Equatable {
  /// Titles in the catalog at the start.
  public var titles = 2000
  /// Requests to make.
  public var requests = 100_000
  /// Popularity of rank i is proportional to 1 / (i + shift)^exponent.
  public var exponent = 0.9
  /// Flattens the head of the popularity.
  public var shift = 10.0
  /// Titles that are released a day; each takes a random rank, boosted at first.
  public var releasesPerDay = 10.0
  /// How much more a new title is asked for on its first day; halves every day.
  public var releaseBoost = 5.0
  /// Share of the titles whose ranks are exchanged at random every day.
  public var dailyDrift = 0.02
  /// Segments of a title; 1 makes every title one object.
  public var segments = 300
  /// Length of a segment in seconds.
  public var segmentSeconds = 4
  /// Mean number of segments watched in one go.
  public var meanSegmentsWatched = 40.0
  /// Bit rates of the representations, in kbit/s; a viewer stays on one of them.
  public var ladderKbps = [400, 800, 1500, 2500, 4500, 8000]
  /// Coefficient of variation of the sizes of segments around their bit rate.
  public var sizeVariation = 0.25
  /// Sessions that start in a second.
  public var sessionsPerSecond = 0.5
  /// Seed of all random choices.
  public var seed: UInt64 = 1

  /// The default workload.
  public init() {}

  /// What is wrong with the parameters, nil if nothing is.
  public var problem: String? {
    if titles < 1 || titles > 10_000_000 { return "titles must be between 1 and 10 million" }
    if requests < 1 || requests > 1_000_000_000 { return "requests must be between 1 and a billion" }
    if !(exponent >= 0 && exponent <= 10) { return "the exponent must be between 0 and 10" }
    if !(shift >= 0 && shift.isFinite) { return "the shift must not be negative" }
    if !(releasesPerDay >= 0 && releasesPerDay <= 1e6) { return "releases a day must be between 0 and a million" }
    if !(releaseBoost >= 0 && releaseBoost <= 1e6) { return "the boost must be between 0 and a million" }
    if !(dailyDrift >= 0 && dailyDrift <= 1) { return "the drift must be between 0 and 1" }
    if segments < 1 || segments > 100_000 { return "segments must be between 1 and 100 000" }
    if segmentSeconds < 1 || segmentSeconds > 3600 { return "a segment lasts between 1 and 3600 seconds" }
    if !(meanSegmentsWatched >= 1 && meanSegmentsWatched.isFinite) { return "viewers watch at least one segment" }
    if ladderKbps.isEmpty || ladderKbps.count > 62 || ladderKbps.contains(where: { $0 < 1 || $0 > 1_000_000 }) {
      return "the ladder has 1 to 62 bit rates between 1 kbit/s and 1 Gbit/s"
    }
    if !(sizeVariation >= 0 && sizeVariation <= 2) { return "the size variation must be between 0 and 2" }
    if !(sessionsPerSecond > 0 && sessionsPerSecond.isFinite) { return "sessions must start" }
    return nil
  }
}

/// One generated request.
public struct GeneratedRequest: Sendable, Equatable {
  /// Time in seconds since the start.
  public var second: Int64
  /// The object; its packed value is the object id of trace files.
  public var key: SegmentKey
  /// Size in bytes.
  public var bytes: Int64
}

/// Makes the requests of a workload in order of time.
///
/// Sessions start as a Poisson process; each picks a title by popularity and a representation, starts at the front and
/// asks for one segment after the other in real time until it leaves (geometric). Popularity changes at midnight.
public struct WorkloadGenerator: Sendable {
  private struct Session: Sendable {
    var due: Int64
    var number: Int64
    var key: SegmentKey
    var left: Int
  }

  private let parameters: WorkloadParameters
  private var popularity: TitlePopularity
  private var arrivals: RandomStream
  private var choices: RandomStream
  private var nextArrival = 0.0
  private var sessions: [Session] = []
  private var started: Int64 = 0
  private var made = 0

  /// A generator.
  ///
  /// - Throws: `PolicyFailure` that says what is wrong with the parameters.
  public init(_ parameters: WorkloadParameters) throws(PolicyFailure) {
    if let problem = parameters.problem { throw PolicyFailure(problem) }
    self.parameters = parameters
    popularity = TitlePopularity(parameters)
    arrivals = RandomStream(
      StreamKey(seed: parameters.seed, replication: 0, entity: "workload", purpose: "session arrivals"))
    choices = RandomStream(
      StreamKey(seed: parameters.seed, replication: 0, entity: "workload", purpose: "session choices"))
    nextArrival = arrivals.exponential(mean: 1 / parameters.sessionsPerSecond)
  }

  /// The next request, nil when all have been made.
  public mutating func next() -> GeneratedRequest? {
    if made == parameters.requests { return nil }
    made += 1
    while sessions.first.map({ Double($0.due) >= nextArrival }) ?? true { startSession() }
    let session = sessions[0]
    let request = GeneratedRequest(second: session.due, key: session.key, bytes: size(of: session.key))
    if session.left > 1 && session.key.segment + 1 < parameters.segments {
      sessions[0].left -= 1
      sessions[0].due += Int64(parameters.segmentSeconds)
      sessions[0].key = SegmentKey(
        title: session.key.title, representation: session.key.representation, segment: session.key.segment + 1)
    } else {
      sessions[0] = sessions[sessions.count - 1]
      sessions.removeLast()
    }
    sink(0)
    return request
  }

  private mutating func startSession() {
    let second = Int64(nextArrival)
    popularity.advance(toDay: Int(second / 86_400))
    let title = popularity.title(&choices)
    let representation = choices.below(parameters.ladderKbps.count)
    let length = 1 + choices.geometric(mean: parameters.meanSegmentsWatched - 1)
    let key = SegmentKey(title: title, representation: representation, segment: 0)
    sessions.append(Session(due: second, number: started, key: key, left: length))
    started += 1
    var position = sessions.count - 1
    while position > 0 && precedes(position, (position - 1) / 2) {
      sessions.swapAt(position, (position - 1) / 2)
      position = (position - 1) / 2
    }
    nextArrival += arrivals.exponential(mean: 1 / parameters.sessionsPerSecond)
  }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    sessions[left].due != sessions[right].due
      ? sessions[left].due < sessions[right].due : sessions[left].number < sessions[right].number
  }

  private mutating func sink(_ start: Int) {
    var position = start
    while true {
      var child = 2 * position + 1
      if child >= sessions.count { return }
      if child + 1 < sessions.count && precedes(child + 1, child) { child += 1 }
      if !precedes(child, position) { return }
      sessions.swapAt(child, position)
      position = child
    }
  }

  /// The size of a segment: drawn from its key, so that it is the same in every request.
  private func size(of key: SegmentKey) -> Int64 {
    let mean = Double(parameters.ladderKbps[key.representation]) * 125 * Double(parameters.segmentSeconds)
    if parameters.sizeVariation == 0 { return max(1, Int64(mean)) }
    var stream = RandomStream(
      StreamKey(seed: parameters.seed, replication: 0, entity: "workload", purpose: "sizes").child(key.rawValue))
    return max(1, Int64(stream.lognormal(mean: mean, cv: parameters.sizeVariation)))
  }

  /// The whole workload as a trace in memory.
  public mutating func trace(name: String) -> RequestTrace {
    var builder = TraceBuilder(name: name, limit: nil, expectedRequests: parameters.requests)
    while let request = next() {
      let problem = builder.append(time: Double(request.second), key: request.key.rawValue, bytes: request.bytes)
      precondition(problem == nil, "generated requests are in order and in range")
    }
    return builder.finish()
  }
}
