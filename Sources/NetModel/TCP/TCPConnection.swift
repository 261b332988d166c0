// A TCP connection between its transfers: what makes it warm.

public import SimEngine

/// The state that a connection keeps from one object to the next: 24 bytes, held by whoever owns the connection.
///
///     let atServer = connection.request(at: now, roundTrip: rtt, profile: tcp)      // schedule the server's start
///     var transfer = TCPTransfer(payload: bytes, on: connection, roundTrip: rtt, profile: tcp, ...)
///     let release = transfer.release(on: &link, at: atServer)                       // nil on a warm connection
///     ...                                                                           // popCompleted -> last byte sent
///     connection.finish(transfer, at: now)                                          // client has it at now + rtt / 2
@frozen
public struct TCPConnection: Hashable, Sendable, BitwiseCopyable {
  /// Congestion window in bytes on the wire; zero while the connection is closed.
  public private(set) var window: Int64 = 0
  /// The window at which slow start ends, in bytes on the wire; `Int64.max` until a loss was seen.
  public private(set) var threshold = Int64.max
  /// When the server last sent.
  public private(set) var lastSent: SimTime = .zero

  /// A closed connection.
  public init() {}

  /// Whether the handshake is done.
  public var isOpen: Bool { window > 0 }

  /// Asks for an object; when the request reaches the server.
  ///
  /// A closed connection is opened first: handshake one round trip, request half a round trip. One that has been idle
  /// for long is restarted if the profile says so. Handshake and request also take the time to put them on the
  /// slowest link, `rate`; they do not wait for other traffic.
  public mutating func request(
    at time: SimTime, roundTrip: SimDuration, over rate: BitRate = .unlimited, profile: TCPProfile
  ) -> SimTime {
    let serialisation = profile.requestSerialisation(isNew: !isOpen, over: rate)
    if !isOpen {
      window = profile.initialWindow
      return time + roundTrip + roundTrip / 2 + serialisation
    }
    let atServer = time + roundTrip / 2 + serialisation
    if let idle = profile.restartAfterIdle, atServer - lastSent > idle {
      window = min(window, profile.initialWindow)
    }
    return atServer
  }

  /// Takes over the window of a transfer whose last byte the server has sent.
  public mutating func finish(_ transfer: TCPTransfer, at time: SimTime) {
    window = transfer.finalWindow
    lastSent = time
  }

  /// Sets the window and the slow-start threshold, after what a queue did to them; see ``DropTailQueue``.
  public mutating func setWindow(_ window: Int64, threshold: Int64) {
    precondition(window > 0 && threshold > 0, "the windows of an open connection are positive")
    self.window = window
    self.threshold = threshold
  }

  /// Closes the connection; the next request opens it again.
  public mutating func close() {
    window = 0
    threshold = .max
  }
}
