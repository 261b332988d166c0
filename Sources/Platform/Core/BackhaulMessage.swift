import CDNModel
import SimEngine

/// What sites and core say to each other about a segment: `fetch` on the way up, `here it is` on the way down.
///
/// The site that a message comes from or goes to is known from the outbox that it lies in, or named beside it.
struct BackhaulMessage {
  /// When it arrives; at least the backhaul latency after it was sent.
  var at: SimTime
  /// The segment that it is about.
  var key: SegmentKey
  /// The edge site at the other end of the core.
  var site: UInt32
}
