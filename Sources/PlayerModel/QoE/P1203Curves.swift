// ITU-T P.1203's component curves: from transmission ratings to opinion scores, and from encodings to scores a second.

internal import SimEngine

/// The curves of ITU-T P.1203.1 (video, mode 0) and P.1203.2 (audio).
///
/// Opinion scores run from 1 to 5.
///
/// The coefficients are those that the Recommendations publish. The engine's own `exp` and `log` are used, so that scores
/// are the same on every machine.
public enum P1203Curves {
  /// Opinion score of a transmission rating from 0 to 100 (P.1203.1 Annex, after G.107).
  public static func score(rating: Double) -> Double {
    if rating <= 0 { return 1.05 }
    if rating >= 100 { return 4.9 }
    return 1.05 + 3.85 * rating / 100 + rating * (rating - 60) * (100 - rating) * 7e-6
  }

  /// Ratings 0, 3.25, 3.5, ..., 100 and their scores; below 3.25 the curve is not monotone.
  private static let table: [(rating: Double, score: Double)] =
    [(0, score(rating: 0))] + (13...400).map { (Double($0) / 4, score(rating: Double($0) / 4)) }

  /// Transmission rating of an opinion score: linear interpolation in a table of the curve.
  public static func rating(score: Double) -> Double {
    let score = min(max(score, 1.05), 4.9)
    // First entry whose score is not below; there is one, because the last entry has the largest score.
    var low = 0
    var high = table.count - 1
    while low < high {
      let middle = (low + high) / 2
      if table[middle].score < score { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return table[0].rating }
    let left = table[low - 1]
    let right = table[low]
    return left.rating + (score - left.score) / (right.score - left.score) * (right.rating - left.rating)
  }

  /// An audio codec that P.1203.2 rates.
  public enum AudioCodec: String, CaseIterable, Sendable {
    /// MPEG-1 Layer II.
    case mp2
    /// Dolby Digital.
    case ac3
    /// AAC Low Complexity.
    case aaclc
    /// High-Efficiency AAC.
    case heaac

    var coefficients: (decay: Double, floor: Double) {
      switch self {
      case .mp2: (-0.02, 15.48)
      case .ac3: (-0.03, 15.70)
      case .aaclc: (-0.05, 14.60)
      case .heaac: (-0.11, 20.06)
      }
    }
  }

  /// Score of a second of audio (O.21) at a bitrate in kbit/s.
  public static func audio(_ codec: AudioCodec, kbps: Double) -> Double {
    let (decay, floor) = codec.coefficients
    return score(rating: 100 - (100 * DeterministicMath.exp(decay * kbps) + floor))
  }

  /// Score of a second of video (O.22) in mode 0, before the correction for handheld screens.
  ///
  /// - Parameters:
  ///   - kbps: bitrate in kbit/s, positive.
  ///   - pixels: pixels of a coded frame, positive.
  ///   - displayPixels: pixels of the display.
  ///   - framesPerSecond: positive; above 120 counts as 120.
  public static func video(kbps: Double, pixels: Double, displayPixels: Double, framesPerSecond: Double) -> Double {
    let fps = min(framesPerSecond, 120)
    let log = DeterministicMath.log
    let bitsPerPixel = kbps * kbps / (pixels * fps)
    let argument = 41.2475074001 + log(kbps) + log(bitsPerPixel + 0.13183165961)
    let quantisation = 11.9983519 - 2.99991847 * log(argument)
    let coded = clamp(4.66 - 0.07 * DeterministicMath.exp(4.06 * quantisation), 1, 5)
    let coding = clamp(100 - rating(score: coded), 0, 100)
    let upscale = 0.32 * (max(displayPixels / pixels, 1) - 1) + 1
    let scaling = clamp(72.61 * (log(upscale) / 2.302585092994046), 0, 100)
    var frameRate = 0.0
    if fps < 24 {
      frameRate = clamp((100 - coding - scaling) * (30.98 - 1.29 * fps) / (64.65 + fps), 0, 100)
    }
    return score(rating: 100 - clamp(coding + scaling + frameRate, 0, 100))
  }

  /// The correction for handheld screens.
  static func handheld(_ score: Double) -> Double {
    clamp(-0.60293 + 2.12382 * score - 0.36936 * score * score + 0.03409 * score * score * score, 1, 5)
  }

  static func clamp(_ value: Double, _ low: Double, _ high: Double) -> Double { min(max(value, low), high) }
}
