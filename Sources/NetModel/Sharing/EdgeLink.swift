// The fast path of the network: access links of a few speeds in front of one shared link.

public import SimEngine

/// One shared link whose flows are also capped by their access class; exact max-min fairness in virtual time.
///
///     viewer --(cap of its class)--\
///     viewer --(cap of its class)----==(capacity)== server
///     viewer --(cap of its class)--/
///
/// All flows of a class have one rate min(cap, level), so a class is one `FairGroup`; an arrival, a completion or a
/// change of capacity costs one water-filling over the classes and one heap step, and touches no other flow. The owner
/// keeps one pending event: at `nextCompletion`. It calls `popCompleted(at:)` until that returns `nil`, and looks at
/// `nextCompletion` again after every change.
///
/// Times given to the link must not go back, nor pass a completion that has not been popped. Memory: 40 bytes a flow
/// plus growth slack, at most 60.
public struct EdgeLink: ~Copyable {
  private let groups: UnsafeMutablePointer<FairGroup>
  /// Access caps in quanta per nanosecond, by class.
  private let caps: UnsafeMutablePointer<Double>
  /// Class numbers by ascending cap: the order in which water-filling freezes them.
  private let byCap: UnsafeMutablePointer<Int>
  private let classCount: Int
  private var slab = FlowSlab()
  private var capacityQuanta: Double
  private var now: Int64 = 0
  /// Earliest completion over the classes; valid unless `isStale`.
  private var earliest = FairGroup.never
  /// Whether members or capacity have changed since rates were last shared out.
  private var areSharesStale = false
  /// Whether some group's first completion may have changed.
  private var isStale = false

  /// What the shared link carries at most.
  public private(set) var capacity: BitRate
  /// Flows that are neither complete nor cancelled.
  public private(set) var activeFlows = 0
  /// Flows completed so far.
  public private(set) var completedFlows = 0
  /// Sum of the sizes of all completed flows, in bytes.
  public private(set) var completedBytes: Int64 = 0
  /// Whole bytes that cancelled flows had received, in sum.
  public private(set) var cancelledBytes: Int64 = 0

  /// An idle link at time zero.
  ///
  /// `classCaps` may hold `.unlimited` for flows without an access cap.
  public init(capacity: BitRate, classCaps: [BitRate]) {
    precondition(!classCaps.isEmpty, "an edge link has at least one access class")
    classCount = classCaps.count
    groups = .allocate(capacity: classCount)
    groups.initialize(repeating: FairGroup(), count: classCount)
    caps = .allocate(capacity: classCount)
    byCap = .allocate(capacity: classCount)
    let ascending = classCaps.indices.sorted { (classCaps[$0], $0) < (classCaps[$1], $1) }
    for index in 0..<classCount {
      (caps + index).initialize(to: Quanta.perNanosecond(classCaps[index]))
      (byCap + index).initialize(to: ascending[index])
    }
    self.capacity = capacity
    capacityQuanta = Quanta.finite(capacity)
  }

  deinit {
    for index in 0..<classCount { groups[index].deallocate() }
    groups.deallocate()
    caps.deallocate()
    byCap.deallocate()
    slab.deallocate()
  }

  // MARK: - Flows

  /// Starts a flow; one of zero bytes is complete at once (`nextCompletion` is then `time`).
  ///
  /// - Parameters:
  ///   - bytes: size on the wire, 0...2^40.
  ///   - capClass: index into the caps given at `init`.
  ///   - owner: handed back on completion.
  /// - Complexity: O(log n), amortised.
  @inline(__always)
  public mutating func startFlow(bytes: Int64, capClass: Int, owner: UInt32, at time: SimTime) -> FlowID {
    precondition(bytes >= 0 && bytes <= Quanta.largestFlow, "a flow has 0...2^40 bytes")
    precondition(capClass >= 0 && capClass < classCount, "no such access class")
    advance(to: time)
    activeFlows += 1
    areSharesStale = true
    isStale = true
    return groups[capClass].join(
      size: bytes << Quanta.shift, owner: owner, group: UInt32(truncatingIfNeeded: capClass), at: now, in: &slab)
  }

  /// Gives a flow more to deliver, as when TCP releases its next window.
  ///
  /// Complexity: O(1) amortised.
  ///
  /// - Returns: `false` if the flow is already complete or cancelled; nothing has changed then.
  public mutating func extend(_ flow: FlowID, by bytes: Int64, at time: SimTime) -> Bool {
    guard slab.isActive(flow) else { return false }
    let record = slab.records[Int(flow.slot)]
    precondition(bytes >= 0 && bytes <= Quanta.largestFlow - record.size >> Quanta.shift, "a flow has 0...2^40 bytes")
    advance(to: time)
    isStale = true
    groups[Int(record.group)].extend(slot: flow.slot, by: bytes << Quanta.shift, in: &slab)
    return true
  }

  /// Takes a flow off the link.
  ///
  /// Complexity: O(1) amortised.
  ///
  /// - Returns: whole bytes delivered so far; `nil` if the flow is already complete or cancelled.
  @discardableResult
  public mutating func cancel(_ flow: FlowID, at time: SimTime) -> Int64? {
    guard slab.isActive(flow) else { return nil }
    advance(to: time)
    let group = Int(slab.records[Int(flow.slot)].group)
    let bytes = groups[group].cancel(slot: flow.slot, at: now, in: &slab) >> Quanta.shift
    cancelledBytes += bytes
    activeFlows -= 1
    areSharesStale = true
    isStale = true
    return bytes
  }

  /// Whole bytes that a flow has delivered by `time`; `nil` if it is complete or cancelled.
  ///
  /// Complexity: O(classes).
  public mutating func delivered(_ flow: FlowID, at time: SimTime) -> Int64? {
    guard slab.isActive(flow) else { return nil }
    advance(to: time)
    let record = slab.records[Int(flow.slot)]
    return groups[Int(record.group)].delivered(record, at: now) >> Quanta.shift
  }

  /// The flow's present rate; `nil` if it is complete or cancelled.
  ///
  /// Complexity: O(classes).
  public mutating func rate(of flow: FlowID) -> BitRate? {
    guard slab.isActive(flow) else { return nil }
    settle()
    return Quanta.rate(groups[Int(slab.records[Int(flow.slot)].group)].rate)
  }

  /// Whether the flow is neither complete nor cancelled.
  ///
  /// Complexity: O(1).
  public func isActive(_ flow: FlowID) -> Bool { slab.isActive(flow) }

  /// When the next flow is complete, rounded up to the nanosecond; `nil` while every flow is starved or none is there.
  ///
  /// Complexity: O(classes) after a change, else O(1).
  public var nextCompletion: SimTime? {
    mutating get {
      settle()
      return earliest == FairGroup.never ? nil : SimTime(nanoseconds: earliest)
    }
  }

  /// Takes out one flow that is complete at `time`; to be called until it returns `nil`.
  ///
  /// Complexity: O(classes + log n).
  @inline(__always)
  public mutating func popCompleted(at time: SimTime) -> CompletedFlow? {
    advance(to: time)
    while earliest <= now || isStale {
      for index in 0..<classCount {
        guard let (flow, size) = groups[index].popDue(at: now, in: &slab) else { continue }
        completedBytes += size >> Quanta.shift
        completedFlows += 1
        activeFlows -= 1
        areSharesStale = true
        isStale = true
        return flow
      }
      settle()
    }
    return nil
  }

  // MARK: - The link

  /// Changes the shared capacity from `time` on: a trace, a degradation, or a failure (`.zero`).
  public mutating func setCapacity(_ capacity: BitRate, at time: SimTime) {
    advance(to: time)
    self.capacity = capacity
    capacityQuanta = Quanta.finite(capacity)
    areSharesStale = true
    isStale = true
  }

  /// Whole bytes that the link has carried by `time`: sizes of completed flows, and what cancelled and present flows
  /// have received.
  ///
  /// Its difference over a window, divided by capacity x window, is the utilisation.
  ///
  /// Complexity: O(classes).
  public mutating func carriedBytes(at time: SimTime) -> Int64 {
    advance(to: time)
    var quanta: Int64 = 0
    for index in 0..<classCount { quanta &+= groups[index].received(at: now) }
    return completedBytes + cancelledBytes + max(0, quanta >> Quanta.shift)
  }

  // MARK: - Sharing

  /// Moves the link's clock; rates that changed at the old time are settled there first.
  @inline(__always)
  private mutating func advance(to time: SimTime) {
    let nanoseconds = time.nanoseconds
    if nanoseconds == now { return }
    precondition(nanoseconds > now, "a link's time never goes back")
    settle()
    precondition(nanoseconds <= earliest, "a completion before this time has not been popped")
    now = nanoseconds
  }

  /// Brings rates and `earliest` up to date at `now`.
  @inline(__always)
  private mutating func settle() {
    guard isStale else { return }
    isStale = false
    if areSharesStale { share() }
    var least = FairGroup.never
    for index in 0..<classCount {
      groups[index].settle(at: now, in: &slab)
      least = min(least, groups[index].due)
    }
    earliest = least
  }

  /// Water-filling: classes freeze at their cap in ascending order until the rest of the capacity, split evenly, is
  /// below the next cap.
  @inline(__always)
  private mutating func share() {
    areSharesStale = false
    var left = capacityQuanta
    var flows = Double(activeFlows)
    var position = 0
    while position < classCount {
      let index = byCap[position]
      let members = Double(groups[index].members)
      if members > 0 {
        guard caps[index] * flows <= left else { break }
        groups[index].setRate(caps[index], at: now)
        left -= caps[index] * members
        flows -= members
      }
      position += 1
    }
    guard position < classCount else { return }
    let level = left > 0 ? left / flows : 0
    while position < classCount {
      let index = byCap[position]
      if groups[index].members > 0 { groups[index].setRate(level, at: now) }
      position += 1
    }
  }
}
