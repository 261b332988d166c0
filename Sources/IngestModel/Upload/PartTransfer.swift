import SimEngine

/// One multipart upload over one link: how long it takes, and whether it gets through.
///
/// Parts are sent at once over a link that stays busy, so a failed part costs the bytes that it had sent by then, and
/// its pause before the next attempt costs nothing. The parts that fail are drawn, not the ones that do not: distances
/// between failures are geometric.
struct PartTransfer: Equatable {
  /// Time from the first byte to the last, or to giving up.
  var duration: SimDuration
  /// Whether every part got through.
  var isComplete: Bool
  /// Parts of the upload.
  var parts: Int
  /// Attempts beyond the first one of a part.
  var resent: Int

  /// The most parts of an upload, as object stores have it: larger uploads have larger parts.
  static let partLimit: Int64 = 10_000
  /// Nothing takes longer: no run lasts so long.
  private static let longestS = 1e9

  /// Draws the fate of an upload.
  ///
  /// O(failures).
  init(bytes: Int64, bitsPerSecond: Double, settings: TransferSettings, stream: inout RandomStream) {
    let size = max(settings.partBytes, (bytes + Self.partLimit - 1) / Self.partLimit)
    parts = Int((bytes + size - 1) / size)
    resent = 0
    isComplete = true
    /// What was sent, in parts; the last one counts as a whole one here and is corrected below.
    var sent = 0.0
    var done = 0
    if settings.partFailure > 0 {
      let successesPerFailure = (1 - settings.partFailure) / settings.partFailure
      failures: while true {
        let run = stream.geometric(mean: successesPerFailure)
        guard run < parts - done else { break }
        done += run
        sent += Double(run)
        var attempts = 1
        repeat {
          sent += stream.uniform()
          if attempts > settings.partRetries {
            isComplete = false
            break failures
          }
          attempts += 1
          resent += 1
        } while stream.chance(settings.partFailure)
        done += 1
        sent += 1
      }
    }
    var bytesSent = sent * Double(size)
    if isComplete {
      // The parts after the last failure; the last part of all is as long as what is left.
      bytesSent += Double(parts - done) * Double(size)
      bytesSent -= Double(Int64(parts) * size - bytes)
    }
    duration = max(.seconds(min(Self.longestS, max(0, bytesSent) * 8 / bitsPerSecond)), .milliseconds(1))
  }
}
