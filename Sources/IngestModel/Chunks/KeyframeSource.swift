public import MediaFormats
public import SimEngine

/// Where the keyframes of a title are: drawn, or those of a real file again and again.
public enum KeyframeSource: Sendable, Equatable {
  /// Distances drawn from a lognormal distribution: an encoder that sets keyframes at scene cuts.
  case drawn(mean: SimDuration, cv: Double)
  /// Distances of the keyframes of a real file, in order, repeated.
  case recorded([SimDuration])

  /// The keyframe distances of a real file.
  ///
  /// Keyframes at the same nanosecond count once; a file whose video lasts no time gives `nil`.
  public init?(_ keyframes: KeyframeTimes) {
    guard let end = keyframes.duration.nanoseconds, end > 0 else { return nil }
    var distances: [SimDuration] = []
    var last: Int64 = 0
    for time in keyframes.times.dropFirst() {
      guard let nanoseconds = time.nanoseconds, nanoseconds > last, nanoseconds < end else { continue }
      distances.append(SimDuration(nanoseconds: nanoseconds - last))
      last = nanoseconds
    }
    distances.append(SimDuration(nanoseconds: end - last))
    self = .recorded(distances)
  }
}

/// Walks from keyframe to keyframe of one title.
struct KeyframeWalk {
  private let source: KeyframeSource
  private var stream: RandomStream
  private let shape: LognormalShape
  private var position: Int

  /// - Parameter stream: draws the distances, or where in the recording the title begins.
  init(_ source: KeyframeSource, stream: RandomStream) {
    self.source = source
    self.stream = stream
    switch source {
    case .drawn(let mean, let cv):
      shape = LognormalShape(mean: Double(mean.nanoseconds), cv: cv)
      position = 0
    case .recorded(let distances):
      shape = LognormalShape(mean: 1, cv: 0)
      position = self.stream.below(distances.count)
    }
  }

  /// Draws so far, for the run digest.
  var draws: UInt64 { stream.draws }

  /// Distance from this keyframe to the next, at least a millisecond.
  mutating func next() -> SimDuration {
    let distance: SimDuration
    switch source {
    case .drawn:
      let drawn = stream.lognormal(mu: shape.mu, sigma: shape.sigma)
      distance = SimDuration(nanoseconds: Int64(min(drawn, 3.6e12).rounded()))
    case .recorded(let distances):
      distance = distances[position]
      position = position + 1 == distances.count ? 0 : position + 1
    }
    return max(distance, .milliseconds(1))
  }
}
