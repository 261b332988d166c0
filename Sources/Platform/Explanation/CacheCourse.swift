import SimEngine

/// What a cache is expected to hold and to miss over the course of a run.
///
/// Requests for a piece are a Poisson process of known mean. An LRU cache that was filled at the start holds, at time t,
///
///     what was asked for since s          where s is as early as the capacity allows,
///     and if that is since the start      the best of the files that it started with and nobody has asked for yet:
///                                         these leave in the order from the worst to the best.
///
/// The first line is the characteristic time of Che, Tung and Wang (Hierarchical web caching systems, JSAC 2002) for
/// demand that changes; the second one is its beginning. An edge site's disk turns over in hours, so that an evening is
/// mostly beginning.
struct CacheCourse {
  /// Requests for a piece by each moment that one cache passes on.
  private(set) var missed: [[Float]]
  /// Bytes asked for, and those of them that the cache has, between the moments `from` and the end.
  private(set) var askedBytes = 0.0
  private(set) var hitBytes = 0.0
  /// Since when everything that was asked for is there, at the middle of each step [s].
  private(set) var since: [Double] = []

  /// Share of the bytes that the cache has.
  var byteHitRatio: Double { askedBytes > 0 ? hitBytes / askedBytes : 1 }

  /// What asks a cache.
  struct Askers {
    /// Requests of one asker by each moment.
    let asked: [[Float]]
    /// How many there are.
    let count: Double
    /// Since when each asker has everything that it was given, at the middle of each step; `nil` for viewers, who keep
    /// nothing.
    let keepSince: [Double]?
  }

  /// The course of a cache of `capacity` bytes.
  ///
  /// - Parameters:
  ///   - start: first pieces of the files that it holds at the start, best first.
  ///   - observedFrom: when the observed time begins [s].
  init(_ pieces: FilePieces, askers: Askers, capacity: Double, start: [Int], observedFrom: Double) {
    let moments = pieces.moments
    let count = pieces.bytes.count
    missed = [[Float]](repeating: [Float](repeating: 0, count: count), count: moments.count)
    let whole = Window(askers.asked, moments)
    for step in 0..<(moments.count - 1) {
      let middle = (moments[step] + moments[step + 1]) / 2
      let begins = Self.earliest(middle, whole, askers.count, pieces, capacity)
      since.append(begins)
      let window = whole.between(begins, middle)
      var isHeld = [Bool]()
      if begins == 0 { isHeld = Self.untouched(window, askers.count, pieces, capacity, start) }
      // What an asker has got it asks for again only when it has lost it.
      let own = askers.keepSince.map { whole.between(begins, max(begins, $0[step])) }
      let overlap = max(0, moments[step + 1] - max(moments[step], observedFrom)) / (moments[step + 1] - moments[step])
      for piece in 0..<count {
        let requests = Double(askers.asked[step + 1][piece] - askers.asked[step][piece])
        guard requests > 0 else {
          missed[step + 1][piece] = missed[step][piece]
          continue
        }
        let earlier =
          own.map { (askers.count - 1) * window.requests(piece) + $0.requests(piece) }
          ?? askers.count * window.requests(piece)
        let absent = !isHeld.isEmpty && isHeld[piece] ? 0 : DeterministicMath.exp(-earlier)
        missed[step + 1][piece] = missed[step][piece] + Float(requests * absent * askers.count)
        let bytes = requests * askers.count * pieces.bytes[piece] * overlap
        askedBytes += bytes
        hitBytes += bytes * (1 - absent)
      }
    }
  }

  /// The earliest moment since which all that was asked for fits into the capacity.
  private static func earliest(
    _ now: Double, _ whole: Window, _ askers: Double, _ pieces: FilePieces, _ capacity: Double
  ) -> Double {
    func content(since: Double) -> Double {
      let window = whole.between(since, now)
      var sum = 0.0
      for piece in pieces.bytes.indices {
        let requests = window.requests(piece)
        if requests > 0 { sum -= pieces.bytes[piece] * DeterministicMath.expm1(-askers * requests) }
      }
      return sum
    }
    if content(since: 0) <= capacity { return 0 }
    var fits = now
    var overflows = 0.0
    for _ in 0..<12 {
      let middle = (fits + overflows) / 2
      if content(since: middle) <= capacity { fits = middle } else { overflows = middle }
    }
    return fits
  }

  /// Which pieces are there although nobody has asked for them.
  private static func untouched(
    _ window: Window.Part, _ askers: Double, _ pieces: FilePieces, _ capacity: Double, _ start: [Int]
  ) -> [Bool] {
    var room = capacity
    for piece in pieces.bytes.indices {
      let requests = window.requests(piece)
      if requests > 0 { room += pieces.bytes[piece] * DeterministicMath.expm1(-askers * requests) }
    }
    var isHeld = [Bool](repeating: false, count: pieces.bytes.count)
    for first in start {
      for piece in first..<(first + FilePieces.stretches) {
        room -= pieces.bytes[piece] * DeterministicMath.exp(-askers * window.requests(piece))
        guard room >= 0 else { return isHeld }
        isHeld[piece] = true
      }
    }
    return isHeld
  }
}

/// Requests by each moment, read between any two times.
private struct Window {
  private let asked: [[Float]]
  private let moments: [Double]

  init(_ asked: [[Float]], _ moments: [Double]) {
    self.asked = asked
    self.moments = moments
  }

  /// Requests for each piece between two times.
  struct Part {
    fileprivate let from: (lower: [Float], upper: [Float], weight: Float)
    fileprivate let to: (lower: [Float], upper: [Float], weight: Float)

    @inline(__always)
    func requests(_ piece: Int) -> Double {
      let end = to.lower[piece] + (to.upper[piece] - to.lower[piece]) * to.weight
      let begin = from.lower[piece] + (from.upper[piece] - from.lower[piece]) * from.weight
      return Double(max(0, end - begin))
    }
  }

  func between(_ from: Double, _ to: Double) -> Part { Part(from: place(from), to: place(to)) }

  private func place(_ time: Double) -> (lower: [Float], upper: [Float], weight: Float) {
    let width = moments[1] - moments[0]
    let step = min(moments.count - 2, max(0, Int(time / width)))
    return (asked[step], asked[step + 1], Float((time - moments[step]) / width))
  }
}
