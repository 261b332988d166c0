/// One fetch in flight.
@frozen
public struct FetchRecord: KeyedRecord {
  /// The key in the low 58 bits.
  public var keyWord: UInt64
  /// Link of the hash chain.
  public var chain: Int32
  @usableFromInline var first: Int32
  @usableFromInline var last: Int32
  @usableFromInline var waiters: Int32

  @inlinable
  init(key: SegmentKey) {
    keyWord = key.rawValue
    chain = -1
    first = -1
    last = -1
    waiters = 0
  }
}

/// Fetches in flight and who waits for them: request coalescing.
///
/// The first request for an object starts a fetch; requests that come before it has arrived join it and are served by
/// the same transfer (delayed hits). No allocation per fetch or waiter once the table has reached its working size.
///
/// - Complexity: `join` O(1) expected, `complete` one step a waiter, `leave` O(waiters of that fetch).
@frozen
public struct FetchTable: ~Copyable, @unchecked Sendable {
  /// What a request found.
  @frozen
  public enum Join: Sendable, BitwiseCopyable {
    /// No fetch was in flight: the caller has to start one.
    case started
    /// A fetch is in flight; the waiter will be served with it.
    case joined
  }

  /// The waiters of a completed fetch, drained in arrival order with `next(_:)`.
  @frozen
  public struct Waiters: Sendable, BitwiseCopyable {
    @usableFromInline var slot: Int32
    @usableFromInline var left: Int32

    /// Waiters not yet drained.
    @inlinable
    public var count: Int { Int(left) }

    @inlinable
    init(slot: Int32, count: Int32) {
      self.slot = slot
      left = count
    }
  }

  @frozen
  @usableFromInline
  struct Node: BitwiseCopyable {
    @usableFromInline var waiter: UInt32
    @usableFromInline var next: Int32

    @inlinable
    init(waiter: UInt32, next: Int32) {
      self.waiter = waiter
      self.next = next
    }
  }

  @usableFromInline var fetches: KeyedSlab<FetchRecord>
  @usableFromInline var nodes: UnsafeMutablePointer<Node>
  @usableFromInline var nodeCapacity: Int
  @usableFromInline var usedNodes: Int32 = 0
  @usableFromInline var firstFreeNode: Int32 = -1
  @usableFromInline var waiting: Int = 0
  @usableFromInline var startedFetches: UInt64 = 0
  @usableFromInline var joinedRequests: UInt64 = 0

  /// An empty table.
  @inlinable
  public init() {
    fetches = KeyedSlab()
    nodeCapacity = 16
    nodes = reallocated(nil, byteCount: 16 * MemoryLayout<Node>.stride).bindMemory(to: Node.self, capacity: 16)
  }

  deinit { release(nodes) }

  /// Requests now waiting, over all fetches.
  @inlinable
  public var waiterCount: Int { waiting }

  /// Fetches started so far.
  @inlinable
  public var started: UInt64 { startedFetches }

  /// Requests that joined a fetch in flight so far.
  @inlinable
  public var coalesced: UInt64 { joinedRequests }

  /// Fetches now in flight.
  @inlinable
  public var count: Int { fetches.count }

  /// Whether the object is on its way.
  @inlinable
  public func isInFlight(_ key: SegmentKey) -> Bool { fetches.find(key) >= 0 }

  /// Waiters of one fetch, 0 if there is none.
  @inlinable
  public func waiters(of key: SegmentKey) -> Int {
    let slot = fetches.find(key)
    return slot < 0 ? 0 : Int(fetches[slot].waiters)
  }

  /// Adds a waiter to the fetch of the object, which is started if it is not in flight.
  ///
  /// The same waiter number may wait several times; it is then served as often.
  @inlinable
  public mutating func join(_ key: SegmentKey, waiter: UInt32) -> Join {
    var slot = fetches.find(key)
    let outcome: Join = slot < 0 ? .started : .joined
    if slot < 0 {
      slot = fetches.insert(FetchRecord(key: key))
      startedFetches += 1
    } else {
      joinedRequests += 1
    }
    let node = takeNode(waiter)
    let last = fetches[slot].last
    if last >= 0 { nodes[Int(last)].next = node } else { fetches[slot].first = node }
    fetches[slot].last = node
    fetches[slot].waiters += 1
    waiting += 1
    return outcome
  }

  /// Starts a fetch that nobody waits for yet (prefetch, fill).
  ///
  /// - Returns: false if the object is already in flight.
  @inlinable
  public mutating func start(_ key: SegmentKey) -> Bool {
    if fetches.find(key) >= 0 { return false }
    _ = fetches.insert(FetchRecord(key: key))
    startedFetches += 1
    return true
  }

  /// Ends a fetch, whether it arrived or failed, and hands over its waiters.
  ///
  /// The caller must drain them with `next(_:)`; it may use the table in between (also `join` the same key anew).
  ///
  /// - Returns: the waiters in arrival order, or nil if the object was not in flight.
  @inlinable
  public mutating func complete(_ key: SegmentKey) -> Waiters? {
    let slot = fetches.find(key)
    if slot < 0 { return nil }
    let waiters = Waiters(slot: fetches[slot].first, count: fetches[slot].waiters)
    fetches.remove(at: slot)
    return waiters
  }

  /// The next waiter of a completed fetch, or nil when all are served.
  @inlinable
  public mutating func next(_ waiters: inout Waiters) -> UInt32? {
    let slot = waiters.slot
    if slot < 0 { return nil }
    let node = nodes[Int(slot)]
    waiters.slot = node.next
    waiters.left -= 1
    putBack(slot)
    return node.waiter
  }

  /// Ends a fetch and calls `body` for each waiter in arrival order.
  ///
  /// - Returns: number of waiters served, or nil if the object was not in flight.
  @inlinable
  @discardableResult
  public mutating func complete(_ key: SegmentKey, _ body: (UInt32) -> Void) -> Int? {
    guard var waiters = complete(key) else { return nil }
    let served = waiters.count
    while let waiter = next(&waiters) { body(waiter) }
    return served
  }

  /// Takes a waiter out of a fetch (the viewer left); the fetch itself stays in flight.
  ///
  /// - Returns: waiters that remain, or nil if this one was not waiting.
  @inlinable
  @discardableResult
  public mutating func leave(_ key: SegmentKey, waiter: UInt32) -> Int? {
    let slot = fetches.find(key)
    if slot < 0 { return nil }
    var before: Int32 = -1
    var node = fetches[slot].first
    while node >= 0 {
      let next = nodes[Int(node)].next
      if nodes[Int(node)].waiter == waiter {
        if before >= 0 { nodes[Int(before)].next = next } else { fetches[slot].first = next }
        if next < 0 { fetches[slot].last = before }
        fetches[slot].waiters -= 1
        putBack(node)
        return Int(fetches[slot].waiters)
      }
      before = node
      node = next
    }
    return nil
  }

  @inlinable
  mutating func takeNode(_ waiter: UInt32) -> Int32 {
    let node: Int32
    if firstFreeNode >= 0 {
      node = firstFreeNode
      firstFreeNode = nodes[Int(node)].next
    } else {
      if Int(usedNodes) == nodeCapacity { growNodes() }
      node = usedNodes
      usedNodes += 1
    }
    (nodes + Int(node)).initialize(to: Node(waiter: waiter, next: -1))
    return node
  }

  @inlinable
  mutating func putBack(_ node: Int32) {
    nodes[Int(node)].next = firstFreeNode
    firstFreeNode = node
    waiting -= 1
  }

  @usableFromInline
  mutating func growNodes() {
    nodeCapacity += nodeCapacity / 2
    precondition(nodeCapacity < Int(Int32.max), "too many waiters")
    nodes = reallocated(nodes, byteCount: nodeCapacity * MemoryLayout<Node>.stride)
      .bindMemory(to: Node.self, capacity: nodeCapacity)
  }

  /// Checks that every waiter is counted once and every list ends where its record says.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement; also while completed waiters are not yet drained.
  public func validate() throws(InvariantViolation) {
    try fetches.validate()
    var total = 0
    for bucket in 0..<(1 << fetches.bucketBits) {
      var slot = fetches.buckets[bucket]
      while slot >= 0 {
        var listed = 0
        var last: Int32 = -1
        var node = fetches[slot].first
        while node >= 0 {
          listed += 1
          last = node
          node = nodes[Int(node)].next
        }
        if listed != Int(fetches[slot].waiters) || last != fetches[slot].last {
          throw InvariantViolation("the waiters of \(fetches.key(at: slot)) disagree with their record")
        }
        total += listed
        slot = fetches[slot].chain
      }
    }
    if total != waiterCount { throw InvariantViolation("\(total) waiters listed, \(waiterCount) counted") }
  }
}
