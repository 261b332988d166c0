// What the fluid TCP model needs to know of a TCP stack.

public import SimEngine

/// Parameters of the fluid TCP model; the defaults are those of the packet-level reference runs.
public struct TCPProfile: Hashable, Sendable {
  /// How the window grows and falls.
  public var congestionControl = CongestionControl.cubic
  /// Payload of a full segment, in bytes.
  public var segmentBytes: Int64 = 1448
  /// A full segment on the wire, in bytes: PPP 2 + IP 20 + TCP 32 beside the payload.
  public var wireSegmentBytes: Int64 = 1502
  /// Segments that a new connection may send before the first acknowledgement (RFC 6928).
  public var initialWindowSegments: Int64 = 10
  /// SYN and SYN-ACK on the wire, in bytes each.
  public var handshakeSegmentBytes: Int64 = 58
  /// Payload of a request, in bytes.
  public var requestBytes: Int64 = 300
  /// After so long without sending, the window falls back to the initial one (RFC 5681 section 4.1); `nil`: never, as
  /// in ns-3.
  ///
  /// Linux does so after one retransmission timeout.
  public var restartAfterIdle: SimDuration?
  /// The least that the retransmission timer waits (Linux and the reference runs; RFC 6298 asks for a second).
  public var smallestTimeout = SimDuration.milliseconds(200)
  /// How long a receiver holds back the acknowledgement of a single segment.
  public var acknowledgementDelay = SimDuration.milliseconds(40)
  /// The most that a warm window may hold, in pipes (rate x RTT): 1 for the path and 1 for a drop-tail queue as long.
  public var largestWindowPipes: Double = 2

  /// The defaults.
  public init() {}

  /// Bytes on the wire for so much payload, rounded up.
  @inlinable
  public func wireBytes(payload: Int64) -> Int64 {
    (payload * wireSegmentBytes + segmentBytes - 1) / segmentBytes
  }

  /// Headers of a segment on the wire, in bytes; also the size of a bare acknowledgement.
  @inlinable
  public var headerBytes: Int64 { wireSegmentBytes - segmentBytes }

  /// Time to put a request on a link of this rate, and the acknowledgement of it that precedes the answer; on a new
  /// connection also the handshake.
  public func requestSerialisation(isNew: Bool, over rate: BitRate) -> SimDuration {
    let handshake = 2 * handshakeSegmentBytes + headerBytes
    let bytes = requestBytes + 2 * headerBytes + (isNew ? handshake : 0)
    guard rate > .zero else { return .zero }
    return .seconds(Double(bytes * 8) / rate.bitsPerSecond)
  }

  /// The initial window in bytes on the wire.
  @inlinable
  public var initialWindow: Int64 { initialWindowSegments * wireSegmentBytes }
}
