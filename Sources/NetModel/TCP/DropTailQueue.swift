// A drop-tail queue in front of the slowest link, as the window of a warm connection meets it.
//
// After an object a sender's window is as wide as slow start made it, and nothing is in flight. The next object leaves
// as one burst, faster than the link drains it:
//
//     window, at most the object   ====================#########   what the queue and the link cannot hold is lost
//                                  |---- room -------->|  lost  |
//
// If the object went beyond the window, segments behind the gap return duplicate acknowledgements, the loss is repaired
// and the window falls. If the burst was the whole object, nothing follows the gap: the sender hears nothing more and
// waits for its retransmission timer, then starts again from one segment.

public import SimEngine

/// A queue of so many segments, empty when a burst arrives.
public struct DropTailQueue: Hashable, Sendable {
  /// Segments that it holds beside the one that is being sent.
  public var segments: Int64

  /// A queue of so many segments.
  public init(segments: Int64) { self.segments = segments }

  /// A queue as long as the path, a bandwidth-delay product in packets of 1500 bytes; at least `atLeast` segments.
  public init(bandwidthDelayProduct rate: BitRate, roundTrip: SimDuration, atLeast: Int64 = 20) {
    let product = rate.bitsPerSecond / 8 * roundTrip.seconds / 1500
    segments = max(atLeast, Int64(min(product, 1e12)))
  }

  /// What becomes of an object that is sent into the queue.
  public struct Fate: Hashable, Sendable {
    /// Payload at the end of the burst that is lost without an echo; 0 if nothing is, or the loss is repaired at once.
    public var lostPayload: Int64 = 0
    /// From the start of the burst until the lost payload is sent again.
    public var silence = SimDuration.zero
    /// The window with which the object is sent, or sent again after the silence, in bytes on the wire.
    public var window: Int64
    /// The slow-start threshold that goes with it.
    public var threshold: Int64
    /// The same after the object; `nil`: the window to which the transfer grew, and the threshold above.
    public var after: Windows?

    /// A window and a slow-start threshold, in bytes on the wire.
    public struct Windows: Hashable, Sendable {
      /// The congestion window.
      public var window: Int64
      /// The window at which slow start ends.
      public var threshold: Int64
    }
  }

  /// What becomes of an object on a connection that has the link of this rate for itself.
  public func fate(
    payload: Int64, on connection: TCPConnection, rate: BitRate, roundTrip: SimDuration, profile: TCPProfile
  ) -> Fate {
    let control = profile.congestionControl
    let object = profile.wireBytes(payload: payload)
    let room = (segments + 1) * profile.wireSegmentBytes
    let isSlowStart = connection.window < connection.threshold
    var fate = Fate(window: connection.window, threshold: connection.threshold)
    guard min(connection.window, object) > room else {
      if isSlowStart { fate.after = afterSlowStart(of: object, on: connection, rate, roundTrip, profile) }
      return fate
    }
    // What was delivered is acknowledged, and widens the window, before the loss is noticed.
    let widest = connection.window + (isSlowStart ? control.slowStartGain(acknowledged: room) : 0)
    fate.threshold = control.windowAfterLoss(widest)
    guard object <= connection.window else {
      fate.window = fate.threshold
      return fate
    }
    fate.lostPayload = payload - (segments + 1) * profile.segmentBytes
    let lost = profile.wireBytes(payload: fate.lostPayload)
    fate.window = profile.wireSegmentBytes
    fate.after = Fate.Windows(
      window: min(profile.wireSegmentBytes + control.slowStartGain(acknowledged: lost), fate.threshold),
      threshold: fate.threshold)
    fate.silence = silence(afterSending: room, rate, roundTrip, profile)
    if lost > profile.wireSegmentBytes { fate.silence += profile.acknowledgementDelay }
    return fate
  }

  /// From the start of a burst to the end of the timer that its last acknowledgement has started.
  ///
  /// RFC 6298 with a sample for every second segment, each d = 2 segment times longer than the one before, as the queue
  /// fills: the smoothed round trip lags 7 d behind the last one, the deviation settles at 8 d, so the timer is set to
  /// the last round trip + (4 x 8 - 7) d.
  private func silence(
    afterSending bytes: Int64, _ rate: BitRate, _ roundTrip: SimDuration, _ profile: TCPProfile
  ) -> SimDuration {
    func time(_ bytes: Int64) -> SimDuration { .seconds(Double(bytes * 8) / rate.bitsPerSecond) }
    guard rate > .zero else { return .zero }
    let lastRoundTrip = roundTrip + time(bytes)
    let timer = lastRoundTrip + time(25 * 2 * profile.wireSegmentBytes)
    return lastRoundTrip + max(profile.smallestTimeout, timer)
  }

  /// Where slow start ends with an object: at the window that its acknowledgements make, unless path and queue were full
  /// before the data ended; then the window grows for one more round trip until the loss is noticed.
  private func afterSlowStart(
    of object: Int64, on connection: TCPConnection, _ rate: BitRate, _ roundTrip: SimDuration, _ profile: TCPProfile
  ) -> Fate.Windows {
    let control = profile.congestionControl
    let pipe = Int64(min(rate.bitsPerSecond / 8 * roundTrip.seconds, 1e15))
    let held = pipe + segments * profile.wireSegmentBytes
    let overflowing = held + control.slowStartGain(acknowledged: held)
    let grown = connection.window + control.slowStartGain(acknowledged: object)
    if grown < overflowing {
      return Fate.Windows(window: min(grown, connection.threshold), threshold: connection.threshold)
    }
    let left = control.windowAfterLoss(overflowing)
    return Fate.Windows(window: left, threshold: left)
  }
}
