// What the platform asks of a network, whichever engine shares its links.

public import SimEngine

/// Links shared by flows with max-min fairness, in continuous (fluid) amounts.
///
/// The owner keeps one pending event a network: at `nextCompletion`. It calls `popCompleted(at:)` until that returns
/// `nil`, and looks at `nextCompletion` again after every change. Times given to a network must not go back, nor pass
/// a completion that has not been popped.
///
/// A *route* is what flows with the same path, cap and weight have in common: an access class of an `EdgeLink`, an
/// index returned by `SharedNetwork.addRoute`.
public protocol FlowNetwork: ~Copyable {
  /// Starts a flow of `bytes` (on the wire); `owner` is handed back on completion.
  mutating func startFlow(bytes: Int64, route: Int, owner: UInt32, at time: SimTime) -> FlowID

  /// Gives a flow more to deliver; `false` if it is already complete or cancelled.
  mutating func extend(_ flow: FlowID, by bytes: Int64, at time: SimTime) -> Bool

  /// Takes a flow off; whole bytes delivered so far, `nil` if it is already complete or cancelled.
  @discardableResult
  mutating func cancel(_ flow: FlowID, at time: SimTime) -> Int64?

  /// Whole bytes delivered by `time`; `nil` if the flow is complete or cancelled.
  mutating func delivered(_ flow: FlowID, at time: SimTime) -> Int64?

  /// The flow's present rate; `nil` if it is complete or cancelled.
  mutating func rate(of flow: FlowID) -> BitRate?

  /// Whether the flow is neither complete nor cancelled.
  func isActive(_ flow: FlowID) -> Bool

  /// When the next flow is complete, rounded up to the nanosecond; `nil` if none will be.
  var nextCompletion: SimTime? { mutating get }

  /// Takes out one flow that is complete at `time`.
  mutating func popCompleted(at time: SimTime) -> CompletedFlow?

  /// Flows that are neither complete nor cancelled.
  var activeFlows: Int { get }

  /// Number of shared links; they are named 0 ..< linkCount.
  var linkCount: Int { get }

  /// Changes a link from `time` on: a trace, a degradation, or a failure (`.zero`).
  mutating func setCapacity(_ capacity: BitRate, ofLink link: Int, at time: SimTime)

  /// What a link carries at most at present.
  func capacity(ofLink link: Int) -> BitRate

  /// Whole bytes that a link has carried by `time`.
  mutating func carriedBytes(byLink link: Int, at time: SimTime) -> Int64
}

extension EdgeLink: FlowNetwork {
  /// Starts a flow of the access class `route`.
  @inlinable
  public mutating func startFlow(bytes: Int64, route: Int, owner: UInt32, at time: SimTime) -> FlowID {
    startFlow(bytes: bytes, capClass: route, owner: owner, at: time)
  }

  /// Always 1: access links are caps, not shared links.
  @inlinable
  public var linkCount: Int { 1 }

  /// Changes the shared link.
  @inlinable
  public mutating func setCapacity(_ capacity: BitRate, ofLink link: Int, at time: SimTime) {
    precondition(link == 0, "an edge link is one link")
    setCapacity(capacity, at: time)
  }

  /// What the shared link carries at most.
  @inlinable
  public func capacity(ofLink link: Int) -> BitRate { capacity }

  /// Whole bytes that the shared link has carried by `time`.
  @inlinable
  public mutating func carriedBytes(byLink link: Int, at time: SimTime) -> Int64 { carriedBytes(at: time) }
}
