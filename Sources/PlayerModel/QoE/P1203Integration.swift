// ITU-T P.1203.3: from scores a second and stalls to one score for the session.

internal import SimEngine

/// The outputs of P.1203 mode 0.
///
/// P.1203.3 mixes a quarter of a random forest into its final score O.46. The forest is not part of this implementation, so
/// the score it gives on its own is named `scoreWithoutForest`; O.46 can be completed with a forest's score from elsewhere.
public struct P1203Result: Sendable, Equatable {
  /// Audio, a score a second (O.21).
  public var audio: [Double]
  /// Video, a score a second (O.22).
  public var video: [Double]
  /// Stalling (O.23).
  public var stalling: Double
  /// Audiovisual, a score a second (O.34).
  public var audiovisual: [Double]
  /// Audiovisual for the session (O.35); not clamped to the scale.
  public var session: Double
  /// `1 + (O.35 - 1) * SI`: the whole of P.1203.3 except its random forest.
  public var scoreWithoutForest: Double
  /// Sum of the stall lengths weighted by how long ago they were, in seconds.
  public var weightedStallSeconds: Double

  /// The final score O.46, with a forest's score from elsewhere.
  public func finalScore(forest: Double, amendment: P1203Amendment = .none) -> Double {
    let mixed =
      0.02833052 + 0.98117059 * (0.75 * P1203Curves.clamp(scoreWithoutForest, 1, 5) + 0.25 * forest)
    guard amendment == .audiovisualAndStalling else { return mixed }
    return 1 + (mixed - 1) * P1203Curves.clamp(2 - 0.066667 * weightedStallSeconds, 0, 1)
  }
}

/// Which text of P.1203.3 is meant.
public enum P1203Amendment: String, CaseIterable, Sendable {
  /// The Recommendation of 2017.
  case none
  /// Amendment 1: bad audio and long stalls weigh more.
  case audiovisualAndStalling
  /// Amendment 1, appendix 2: the session score is the weighted mean alone.
  case appendix2
}

extension P1203Session {
  /// Scores the session.
  ///
  /// - Parameters:
  ///   - fast: one score a segment instead of one a frame.
  ///   - amendment: which text is meant.
  /// - Returns: `nil` if less than a second was seen.
  /// - Complexity: O(frames + seconds).
  public func scored(fast: Bool = false, amendment: P1203Amendment = .none) -> P1203Result? {
    var videoScores = videoScores(fast: fast)
    var audioScores = audioScores(fast: fast)
    if audioScores.isEmpty { audioScores = [Double](repeating: 5, count: videoScores.count) }
    let seconds = min(videoScores.count, audioScores.count)
    guard seconds > 0 else { return nil }
    videoScores.removeLast(videoScores.count - seconds)
    audioScores.removeLast(audioScores.count - seconds)
    let (indication, weightedSeconds) = stallIndication(duration: Double(seconds))
    let audiovisual = zip(audioScores, videoScores).map { audio, video in
      let score = P1203Curves.clamp(
        -0.00069084 + 0.15374283 * audio + 0.97153861 * video + 0.02461776 * audio * video, 1, 5)
      guard amendment == .audiovisualAndStalling else { return score }
      return (1 - max(0, 2 - audio)) * (score - 1) + 1
    }
    let session = P1203Integration(audiovisual: audiovisual, video: videoScores)
      .session(onlyBase: amendment == .appendix2)
    return P1203Result(
      audio: audioScores, video: videoScores, stalling: 1 + 4 * indication, audiovisual: audiovisual, session: session,
      scoreWithoutForest: 1 + (session - 1) * indication, weightedStallSeconds: weightedSeconds)
  }

  /// The stalling indication SI, and the weighted stall length it depends on.
  private func stallIndication(duration: Double) -> (indication: Double, weightedSeconds: Double) {
    var kept = stalls.filter { $0.lengthSeconds != 0 && $0.positionSeconds <= duration }
    if let first = kept.first, first.positionSeconds != 0 {
      for index in kept.indices { kept[index].positionSeconds -= first.positionSeconds }
    }
    var weighted = 0.0
    for stall in kept {
      weighted += stall.lengthSeconds * P1203Integration.recency(duration - stall.positionSeconds, 0.48412879, 10)
    }
    var gaps = 0.0
    if kept.count >= 2 {
      for index in 1..<kept.count { gaps += kept[index].positionSeconds - kept[index - 1].positionSeconds }
      gaps /= Double(kept.count - 1)
    }
    let exp: (Double) -> Double = { DeterministicMath.exp($0) }
    let indication =
      exp(-Double(kept.count) / 9.35158684) * exp(-weighted / duration / 0.91890815)
      * exp(-gaps / duration / 11.0567558)
    return (indication, weighted)
  }
}

/// The temporal integration of P.1203.3, clause 8.
struct P1203Integration {
  let audiovisual: [Double]
  let video: [Double]
  private var duration: Double { Double(audiovisual.count) }

  init(audiovisual: [Double], video: [Double]) {
    self.audiovisual = audiovisual
    self.video = video
  }

  /// Weight of something `age` seconds ago: 1 at the end, towards `floor` long before it.
  static func recency(_ age: Double, _ floor: Double, _ halfLife: Double) -> Double {
    floor + (1 - floor) * DeterministicMath.exp(age * (-0.6931471805599453 / halfLife))
  }

  func session(onlyBase: Bool) -> Double {
    let base = base
    if onlyBase { return base }
    let longestShare = longestConstantStretch / duration
    var result = base - negativeBias(base)
    if longestShare < 0.25 {
      if longestConstantStretch < 30 { result -= oscillation }
      result -= adaptation
    }
    return result
  }

  /// Mean of the seconds, weighted towards the end and towards bad ones.
  private var base: Double {
    var weighted = 0.0
    var weights = 0.0
    for (second, score) in audiovisual.enumerated() {
      let late =
        0.00666620027943848 + 0.0000404018840273729
        * DeterministicMath.exp(
          Double(second) / duration / 0.156497800436237)
      let bad = 0.143179744942738 - 0.0238641564518876 * score
      weighted += late * bad * score
      weights += late * bad
    }
    return weighted / weights
  }

  private func negativeBias(_ base: Double) -> Double {
    let deviations = audiovisual.enumerated().map { second, score in
      (score - base) * Self.recency(duration - Double(second) - 1, 1.87403625, 7.85416481)
    }
    let sorted = deviations.sorted()
    let position = 0.1 * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    let percentile = sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
    return max(0, -percentile) * 0.01853820
  }

  private var spread: Double { (video.max() ?? 0) - (video.min() ?? 0) }

  private var oscillation: Double {
    let directions = directionRuns.count
    let spreadTerm = max(0, 1 + DeterministicMath.log(spread + 0.001) / 2.302585092994046)
    return P1203Curves.clamp(
      spreadTerm * DeterministicMath.exp(0.67756080 * Double(directions) - 8.05533303), 0, 1.5)
  }

  private var adaptation: Double {
    let changes = zip(video, video.dropFirst()).filter { abs($1 - $0) > 0.2 }.count
    return P1203Curves.clamp(0.17332553 * spread * (Double(changes) / duration) - 0.01035647, 0, 0.5)
  }

  /// Longest stretch without a change of direction, in seconds.
  private var longestConstantStretch: Double {
    let borders = [0] + directionRuns + [directions.count]
    return 3 * Double(zip(borders, borders.dropFirst()).map { $1 - $0 }.max() ?? 0)
  }

  /// Whether the smoothed quality rises, rests or falls, every three seconds.
  private var directions: [Int] {
    guard let first = video.first, let last = video.last else { return [] }
    let padded = [Double](repeating: first, count: 4) + video + [Double](repeating: last, count: 4)
    let smoothed = stride(from: 0, to: padded.count - 4, by: 3).map { start in
      padded[start..<start + 5].reduce(0, +) / 5
    }
    return zip(smoothed, smoothed.dropFirst()).map { before, after in
      let change = after - before
      if change > 0.2 { return 1 }
      return abs(change) < 0.2 ? 0 : -1
    }
  }

  /// Where a run of one direction begins; rests do not end a run.
  private var directionRuns: [Int] {
    var starts: [Int] = []
    var current = 0
    for (index, direction) in directions.enumerated() where direction != 0 && direction != current {
      starts.append(index)
      current = direction
    }
    return starts
  }
}
