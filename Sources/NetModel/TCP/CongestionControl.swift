// How a sender's window grows in slow start, and what a loss leaves of it.

/// A congestion control, as far as the fluid TCP model tells them apart.
public enum CongestionControl: String, BitwiseCopyable, CaseIterable, Sendable {
  /// RFC 9438; slow start counts acknowledged bytes (RFC 3465), so the window doubles in a round trip.
  case cubic
  /// RFC 5681 and 6582; slow start adds a segment for each acknowledgement, and a receiver that delays them sends one
  /// for every second segment, so the window grows by half in a round trip.
  case newReno = "newreno"

  /// What slow start adds to the window when so many bytes were acknowledged.
  @inlinable
  public func slowStartGain(acknowledged bytes: Int64) -> Int64 {
    switch self {
    case .cubic: bytes
    case .newReno: bytes / 2
    }
  }

  /// The window after a loss was repaired without a timeout, and the slow-start threshold after any loss.
  @inlinable
  public func windowAfterLoss(_ window: Int64) -> Int64 {
    switch self {
    case .cubic: window / 10 * 7
    case .newReno: window / 2
    }
  }
}
