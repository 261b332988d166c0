// Slow start in a fluid network: an object is released window by window.
//
// The server may send a window W at once and g W a round trip later, when W has been acknowledged, with g = 2 for Cubic
// and 3/2 for NewReno; past the slow-start threshold W grows by one segment. So the flow is given W, then g W, and so on; it takes part in the sharing only while it holds credit that is not sent yet. Once the window
// covers the pipe, W >= rate x RTT, acknowledgements keep the sender busy: the rest is released at once. On a warm
// connection that holds from the start, and the transfer costs not one event more than a plain flow.

public import SimEngine

/// One object on its way from the server.
///
/// `release` is called when the request reaches the server, and again at each time that it returns. A flow of the
/// network that completes while `isReleased` is false has run out of credit and waits for the next release; else the
/// last byte has been sent, and reaches the client half a round trip later.
@frozen
public struct TCPTransfer: Sendable, BitwiseCopyable {
  /// The present flow in the network, stale while waiting for credit.
  public private(set) var flow = FlowID.none
  /// Bytes on the wire of the whole object.
  public let wireBytes: Int64
  /// Bytes on the wire that no window has released yet.
  public private(set) var heldBytes: Int64
  /// The window of the next release, in bytes on the wire.
  private var window: Int64
  /// The connection's window when the object was asked for.
  private let firstWindow: Int64
  /// Most that the window may have grown to by the end.
  private var windowLimit: Int64
  /// The window at which slow start ends.
  private let threshold: Int64
  private let largestWindowPipes: Double
  private let roundTripNanoseconds: Int64
  private let route: UInt32
  private let owner: UInt32
  private let segmentBytes: Int32
  private let control: CongestionControl

  /// An object about to be sent; `route` and `owner` are given to the network.
  public init(
    payload: Int64, on connection: TCPConnection, roundTrip: SimDuration, profile: TCPProfile, route: Int,
    owner: UInt32
  ) {
    precondition(connection.isOpen, "a transfer needs an open connection")
    wireBytes = profile.wireBytes(payload: payload)
    heldBytes = wireBytes
    window = connection.window
    firstWindow = connection.window
    windowLimit = connection.window
    threshold = connection.threshold
    largestWindowPipes = profile.largestWindowPipes
    roundTripNanoseconds = roundTrip.nanoseconds
    self.route = UInt32(truncatingIfNeeded: route)
    self.owner = owner
    segmentBytes = Int32(clamping: profile.wireSegmentBytes)
    control = profile.congestionControl
  }

  /// Whether every byte has been given to the network.
  public var isReleased: Bool { heldBytes == 0 }

  /// Gives the network the next window; when to call again, or `nil` if everything is released.
  @inlinable
  public mutating func release<Network: FlowNetwork & ~Copyable>(
    on network: inout Network, at time: SimTime
  ) -> SimTime? {
    let credit = nextCredit
    if !network.extend(flow, by: credit, at: time) {
      start(network.startFlow(bytes: credit, route: routeIndex, owner: ownerTag, at: time))
    }
    let rate = network.rate(of: flow) ?? .zero
    guard let rest = released(credit, rate: rate) else { return time + roundTrip }
    if rest > 0 { _ = network.extend(flow, by: rest, at: time) }
    return nil
  }

  /// The round trip time that paces the releases.
  public var roundTrip: SimDuration { SimDuration(nanoseconds: roundTripNanoseconds) }

  /// The connection's window after the transfer.
  ///
  /// Slow start widens it with what was acknowledged; a window far beyond the pipe would have met a full queue. Past the
  /// threshold it is what the round trips in which it was too small have made of it.
  public var finalWindow: Int64 {
    guard firstWindow < threshold else { return window }
    return min(firstWindow + control.slowStartGain(acknowledged: wireBytes), windowLimit, threshold)
  }

  @usableFromInline var nextCredit: Int64 { min(window, heldBytes) }
  @usableFromInline var routeIndex: Int { Int(route) }
  @usableFromInline var ownerTag: UInt32 { owner }

  @usableFromInline
  mutating func start(_ flow: FlowID) { self.flow = flow }

  /// Books a credit; what else to release at once, or `nil` if the window is too small for that.
  @usableFromInline
  mutating func released(_ credit: Int64, rate: BitRate) -> Int64? {
    heldBytes -= credit
    let pipe = rate.bitsPerSecond / 8e9 * Double(roundTripNanoseconds)
    let isPipeFull = Double(window) >= pipe
    windowLimit = max(window + credit, Int64(min(pipe * largestWindowPipes, 1e15)))
    guard isPipeFull || heldBytes == 0 else {
      window =
        window < threshold
        ? min(window + control.slowStartGain(acknowledged: window), threshold) : window + Int64(segmentBytes)
      return nil
    }
    defer { heldBytes = 0 }
    return heldBytes
  }
}
