// BBA-2: a map from buffer level to bitrate for steady state, and download speed to get there.

/// BBA-2 as Netflix tested it (Huang, Johari, McKeown, Trunnell, Watson, "A Buffer-Based Approach to Rate Adaptation",
/// SIGCOMM 2014, sections 4 to 6): reservoir 90 s, cushion 126 s, buffer 240 s.
///
/// Steady state: `f(level)` rises linearly from the lowest to the highest bitrate over the cushion; the quality changes only
/// when f passes the next higher or the next lower bitrate. Start-up: one step up whenever the last segment arrived so fast
/// that the buffer grew by more than 0.875 of a segment, a share that falls linearly to 0.5 as the cushion fills; start-up
/// ends when the buffer shrinks or the map asks for more than the current quality.
///
/// The reservoir is the fixed one of BBA-0; the paper also derives one from the sizes of the coming segments.
/// State: 12 bytes.
public struct Bba2Rule: AdaptationRule {
  private var lastQuality: Int16 = -1
  private var isStarting = true
  /// How much the last segment made the buffer grow, as a share of a segment.
  private var growth: Float = 0

  static let reservoirMs = 90_000.0
  static let cushionMs = 126_000.0

  /// A rule at its start.
  public init() {}

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    let ladder = context.ladder
    guard lastQuality >= 0 else {
      lastQuality = 0
      return Decision(quality: 0)
    }
    let last = min(Int(lastQuality), ladder.top)
    let share = min(max((context.levelMs - Self.reservoirMs) / Self.cushionMs, 0), 1)
    let lowest = ladder.bitrateKbps(0)
    let mappedKbps = lowest + share * (ladder.bitrateKbps(ladder.top) - lowest)
    var quality = last
    if share <= 0 {
      quality = 0
    } else if share >= 1 {
      quality = ladder.top
    } else if last < ladder.top, mappedKbps >= ladder.bitrateKbps(last + 1) {
      quality = ladder.highestQuality(atMostKbps: mappedKbps)
    } else if last > 0, mappedKbps <= ladder.bitrateKbps(last - 1) {
      quality = ladder.highestQuality(atMostKbps: mappedKbps)
      if ladder.bitrateKbps(quality) < mappedKbps { quality += 1 }
    }
    if isStarting {
      let threshold = 0.875 - 0.375 * min(max(context.levelMs / (Self.reservoirMs + Self.cushionMs), 0), 1)
      if growth < 0 || quality > last {
        isStarting = false
      } else {
        quality = Double(growth) > threshold ? min(last + 1, ladder.top) : last
      }
    }
    lastQuality = Int16(quality)
    return Decision(quality: quality)
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    guard outcome.ending == .completed else { return }
    growth = Float(1 - outcome.totalMs / outcome.ladder.segmentMs)
  }

  /// Takes in a jump of the viewer.
  public mutating func sought(segment: Int) { isStarting = true }
}
