// The general engine: any links, routes of any length, weights and caps.

public import SimEngine

/// Links of any topology shared with weighted max-min fairness, event-driven.
///
/// A route is a path with a weight and a cap; all its flows have one rate, so each route is one `FairGroup` and the
/// water-filling counts routes, not flows. A change recomputes the connected component of links and routes that it
/// touches. Times and events are handled as `FlowNetwork` says.
public struct SharedNetwork: ~Copyable, FlowNetwork {
  private var filling = WaterFilling()
  private var capacities: [BitRate] = []
  /// Bytes of completed and cancelled flows, by link.
  private var finishedBytes: [Int64] = []
  private var groups: [FairGroup] = []
  private var slab = FlowSlab()
  private var dues = DueQueue()
  /// Routes whose first completion may have changed since `settle`.
  private var touchedRoutes: [Int32] = []
  private var areSharesStale = false
  private var now: Int64 = 0

  /// Flows that are neither complete nor cancelled.
  public private(set) var activeFlows = 0
  /// Sum of the sizes of all completed flows, in bytes.
  public private(set) var completedBytes: Int64 = 0
  /// Whole bytes that cancelled flows had received, in sum.
  public private(set) var cancelledBytes: Int64 = 0

  /// A network without links at time zero.
  public init() {}

  deinit {
    for group in groups { group.deallocate() }
    slab.deallocate()
  }

  // MARK: - Topology

  /// Number of links.
  public var linkCount: Int { filling.linkCount }

  /// Adds a one-way link; its index.
  public mutating func addLink(capacity: BitRate) -> Int {
    capacities.append(capacity)
    finishedBytes.append(0)
    return filling.addLink(capacity: Quanta.finite(capacity))
  }

  /// Adds a route; its index.
  ///
  /// - Parameters:
  ///   - path: distinct links; may be empty, flows then run at `cap`.
  ///   - weight: share of each flow relative to others, above zero.
  ///   - cap: most that each flow gets.
  public mutating func addRoute(path: [Int], weight: Double = 1, cap: BitRate = .unlimited) -> Int {
    precondition(weight > 0 && weight < .infinity, "a weight is above zero")
    precondition(path.allSatisfy { $0 >= 0 && $0 < linkCount }, "a path names links of the network")
    precondition(Set(path).count == path.count, "a path crosses a link once")
    groups.append(FairGroup())
    dues.addIndex()
    let limit = path.isEmpty ? Quanta.finite(cap) : Quanta.perNanosecond(cap)
    return filling.addRoute(path: path, weight: weight, cap: limit)
  }

  /// Changes a link from `time` on.
  ///
  /// Complexity of the next `nextCompletion`: the link's component.
  public mutating func setCapacity(_ capacity: BitRate, ofLink link: Int, at time: SimTime) {
    advance(to: time)
    capacities[link] = capacity
    filling.setCapacity(Quanta.finite(capacity), ofLink: link)
    areSharesStale = true
  }

  /// What a link carries at most at present.
  public func capacity(ofLink link: Int) -> BitRate { capacities[link] }

  // MARK: - Flows

  /// Starts a flow on a route; one of zero bytes is complete at once (`nextCompletion` is then `time`).
  ///
  /// - Parameters:
  ///   - bytes: size on the wire, 0...2^40.
  ///   - route: index from `addRoute`.
  ///   - owner: handed back on completion.
  public mutating func startFlow(bytes: Int64, route: Int, owner: UInt32, at time: SimTime) -> FlowID {
    precondition(bytes >= 0 && bytes <= Quanta.largestFlow, "a flow has 0...2^40 bytes")
    return startFlow(quanta: bytes << Quanta.shift, route: route, owner: owner, at: time)
  }

  /// Starts a flow whose size is not a whole number of bytes.
  mutating func startFlow(quanta: Int64, route: Int, owner: UInt32, at time: SimTime) -> FlowID {
    advance(to: time)
    let flow = groups[route].join(
      size: quanta, owner: owner, group: UInt32(truncatingIfNeeded: route), at: now, in: &slab)
    membersChanged(of: route)
    activeFlows += 1
    return flow
  }

  /// Gives a flow more to deliver; `false` if it is already complete or cancelled.
  ///
  /// Complexity: O(log n) amortised.
  public mutating func extend(_ flow: FlowID, by bytes: Int64, at time: SimTime) -> Bool {
    guard slab.isActive(flow) else { return false }
    let record = slab.records[Int(flow.slot)]
    precondition(bytes >= 0 && bytes <= Quanta.largestFlow - record.size >> Quanta.shift, "a flow has 0...2^40 bytes")
    advance(to: time)
    groups[Int(record.group)].extend(slot: flow.slot, by: bytes << Quanta.shift, in: &slab)
    touchedRoutes.append(Int32(record.group))
    return true
  }

  /// Takes a flow off; whole bytes delivered so far, `nil` if it is already complete or cancelled.
  @discardableResult
  public mutating func cancel(_ flow: FlowID, at time: SimTime) -> Int64? {
    guard slab.isActive(flow) else { return nil }
    advance(to: time)
    let route = Int(slab.records[Int(flow.slot)].group)
    let bytes = groups[route].cancel(slot: flow.slot, at: now, in: &slab) >> Quanta.shift
    cancelledBytes += bytes
    finish(bytes: bytes, route: route)
    return bytes
  }

  /// Whole bytes delivered by `time`; `nil` if the flow is complete or cancelled.
  public mutating func delivered(_ flow: FlowID, at time: SimTime) -> Int64? {
    guard slab.isActive(flow) else { return nil }
    advance(to: time)
    let record = slab.records[Int(flow.slot)]
    return groups[Int(record.group)].delivered(record, at: now) >> Quanta.shift
  }

  /// The flow's present rate; `nil` if it is complete or cancelled.
  public mutating func rate(of flow: FlowID) -> BitRate? {
    guard slab.isActive(flow) else { return nil }
    settle()
    return Quanta.rate(groups[Int(slab.records[Int(flow.slot)].group)].rate)
  }

  /// Whether the flow is neither complete nor cancelled.
  ///
  /// Complexity: O(1).
  public func isActive(_ flow: FlowID) -> Bool { slab.isActive(flow) }

  /// When the next flow is complete, rounded up to the nanosecond; `nil` if none will be.
  public var nextCompletion: SimTime? {
    mutating get {
      settle()
      return dues.earliest == FairGroup.never ? nil : SimTime(nanoseconds: dues.earliest)
    }
  }

  /// Takes out one flow that is complete at `time`; to be called until it returns `nil`.
  public mutating func popCompleted(at time: SimTime) -> CompletedFlow? {
    advance(to: time)
    while true {
      while let route = dues.first, dues.earliest <= now {
        if let (flow, size) = groups[route].popDue(at: now, in: &slab) {
          completedBytes += size >> Quanta.shift
          finish(bytes: size >> Quanta.shift, route: route)
          refreshDue(of: route)
          return flow
        }
        refreshDue(of: route)
      }
      guard areSharesStale || !touchedRoutes.isEmpty else { return nil }
      settle()
    }
  }

  /// Whole bytes that a link has carried by `time`: sizes of completed flows, and what cancelled and present flows have
  /// received.
  ///
  /// Complexity: O(routes).
  public mutating func carriedBytes(byLink link: Int, at time: SimTime) -> Int64 {
    advance(to: time)
    var quanta: Int64 = 0
    for route in filling.routes(ofLink: link) { quanta &+= groups[Int(route)].received(at: now) }
    return finishedBytes[link] + max(0, quanta >> Quanta.shift)
  }

  // MARK: - Sharing

  private mutating func membersChanged(of route: Int) {
    filling.setMembers(Int(groups[route].members), of: route)
    touchedRoutes.append(Int32(route))
    areSharesStale = true
  }

  private mutating func finish(bytes: Int64, route: Int) {
    activeFlows -= 1
    for link in filling.path(of: route) { finishedBytes[Int(link)] += bytes }
    membersChanged(of: route)
  }

  private mutating func refreshDue(of route: Int) {
    groups[route].settle(at: now, in: &slab)
    dues.update(route, to: groups[route].due)
  }

  private mutating func advance(to time: SimTime) {
    let nanoseconds = time.nanoseconds
    if nanoseconds == now { return }
    precondition(nanoseconds > now, "a network's time never goes back")
    settle()
    precondition(nanoseconds <= dues.earliest, "a completion before this time has not been popped")
    now = nanoseconds
  }

  private mutating func settle() {
    if areSharesStale {
      areSharesStale = false
      filling.fill()
      for share in filling.shares {
        groups[Int(share.route)].setRate(share.rate, at: now)
        refreshDue(of: Int(share.route))
      }
    }
    for route in touchedRoutes { refreshDue(of: Int(route)) }
    touchedRoutes.removeAll(keepingCapacity: true)
  }
}
