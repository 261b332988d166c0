// Flows that have the same rate at every moment, ordered by when they finish, without ever touching them.
//
// All members of a group receive equally, so one integral, the service clock "bytes received by each member", describes
// them all: a flow of b bytes that joins at clock V is complete at clock V + b, whatever the rate does in between
// (virtual time, Parekh & Gallager 1993). A heap keyed by that finishing clock gives the next completion; a change of
// the rate changes nothing in the heap.

import Glibc

/// One group.
///
/// Times are nanoseconds, clocks quanta (`Quanta`), rates quanta per nanosecond and member.
///
/// Clocks wrap around and are compared by difference. Cancelled and extended flows are put right lazily, when their
/// heap entry comes to the top. The owner calls `deallocate()`.
struct FairGroup {
  private struct Entry: BitwiseCopyable {
    var finish: Int64
    var slot: UInt32
    var owner: UInt32
  }

  /// Never: no completion is in sight.
  static let never = Int64.max

  private var heap: UnsafeMutablePointer<Entry>?
  private var heapCapacity: UInt32 = 0
  private var heapCount: UInt32 = 0
  /// Flows that are neither complete nor cancelled.
  private(set) var members: UInt32 = 0
  /// Whether `due` has to be computed anew.
  private var isDueStale = false

  /// The service clock at `reference`.
  private var clock: Int64 = 0
  private var reference: Int64 = 0
  /// Rate of each member since `reference`.
  private(set) var rate: Double = 0
  /// Sum of the members' clocks at their start, modulo 2^64.
  private var startSum: Int64 = 0
  /// When the first member is complete, rounded up to the nanosecond; valid after `settle`.
  private(set) var due: Int64 = never

  init() {}

  func deallocate() { free(heap) }

  /// The service clock at a time not before `reference`.
  @inline(__always)
  func clock(at now: Int64) -> Int64 {
    clock &+ Int64(rate * Double(now - reference) + 0.5)
  }

  /// Quanta that present members have received in sum; unambiguous below 2^43 bytes.
  @inline(__always)
  func received(at now: Int64) -> Int64 {
    Int64(truncatingIfNeeded: members) &* clock(at: now) &- startSum
  }

  // MARK: - Members

  /// Lets a flow join.
  ///
  /// Complexity: O(log n).
  @inline(__always)
  mutating func join(size: Int64, owner: UInt32, group: UInt32, at now: Int64, in slab: inout FlowSlab) -> FlowID {
    if members == 0 {
      reference = now
      rate = 0
      if heapCount == 0 { clock = 0 }
    }
    let start = clock(at: now)
    let finish = start &+ size
    let id = slab.take(target: finish, size: size, group: group)
    startSum &+= start
    members += 1
    if heapCount == heapCapacity { growHeap() }
    heapCount += 1
    if siftUp(Entry(finish: finish, slot: id.slot, owner: owner)) { isDueStale = true }
    return id
  }

  /// Takes out the first member if it is complete by `now`.
  ///
  /// Complexity: O(log n).
  @inline(__always)
  mutating func popDue(at now: Int64, in slab: inout FlowSlab) -> (completed: CompletedFlow, size: Int64)? {
    settle(at: now, in: &slab)
    guard due <= now, let heap else { return nil }
    let first = heap[0]
    let record = slab.records[Int(first.slot)]
    startSum &-= record.target &- record.size
    members -= 1
    removeTop()
    slab.retire(first.slot)
    slab.release(first.slot)
    isDueStale = true
    return (CompletedFlow(id: FlowID(slot: first.slot, generation: record.generation), owner: first.owner), record.size)
  }

  /// What a member has received.
  ///
  /// Complexity: O(1).
  func delivered(_ record: FlowRecord, at now: Int64) -> Int64 {
    let missing = record.target &- clock(at: now)
    return min(max(record.size &- missing, 0), record.size)
  }

  /// Takes a member out; its heap entry stays until it comes to the top.
  ///
  /// Complexity: O(1) amortised.
  mutating func cancel(slot: UInt32, at now: Int64, in slab: inout FlowSlab) -> Int64 {
    let record = slab.records[Int(slot)]
    let received = delivered(record, at: now)
    startSum &-= record.target &- record.size
    members -= 1
    slab.records[Int(slot)].size = FlowRecord.cancelledSize
    slab.retire(slot)
    isDueStale = true
    if heapCount > 32, heapCount > 2 * members { sweep(&slab) }
    return received
  }

  /// Gives a member more to receive.
  ///
  /// Complexity: O(1) amortised.
  mutating func extend(slot: UInt32, by size: Int64, in slab: inout FlowSlab) {
    slab.records[Int(slot)].target &+= size
    slab.records[Int(slot)].size += size
    isDueStale = true
  }

  // MARK: - Rate

  /// Sets every member's rate from `now` on.
  ///
  /// Complexity: O(1).
  @inline(__always)
  mutating func setRate(_ newRate: Double, at now: Int64) {
    guard newRate != rate else { return }
    clock = clock(at: now)
    reference = now
    rate = newRate
    isDueStale = true
  }

  /// Brings `due` up to date.
  ///
  /// Complexity: O(1), amortised O(log n) for every cancelled or extended flow.
  @inline(__always)
  mutating func settle(at now: Int64, in slab: inout FlowSlab) {
    guard isDueStale else { return }
    isDueStale = false
    while heapCount > 0, let heap {
      let first = heap[0]
      let record = slab.records[Int(first.slot)]
      if record.size < 0 {
        removeTop()
        slab.release(first.slot)
      } else if record.target != first.finish {
        siftDown(Entry(finish: record.target, slot: first.slot, owner: first.owner), from: 0)
      } else {
        due = finishTime(of: first.finish, at: now)
        return
      }
    }
    due = Self.never
  }

  /// When the clock reaches `finish` at the present rate, rounded up and not before `now`.
  @inline(__always)
  private func finishTime(of finish: Int64, at now: Int64) -> Int64 {
    if finish &- clock(at: now) <= 0 { return now }
    let nanoseconds = Double(finish &- clock) / rate  // infinite at rate 0
    guard nanoseconds < 9.0e18 else { return Self.never }
    let whole = Int64(nanoseconds)
    let (time, overflow) = reference.addingReportingOverflow(Double(whole) < nanoseconds ? whole + 1 : whole)
    return overflow ? Self.never : max(now, time)
  }

  // MARK: - Heap of four children a node: two levels fit in three cache lines

  @inline(never)
  private mutating func growHeap() {
    heapCapacity = grownCapacity(heapCapacity)
    heap = reallocate(heap, count: Int(heapCapacity))
  }

  /// Places an entry from the last position upwards; whether it became the first.
  @inline(__always)
  private func siftUp(_ entry: Entry) -> Bool {
    guard let heap else { return false }
    var index = Int(heapCount) - 1
    while index > 0 {
      let parent = (index - 1) >> 2
      guard entry.finish &- heap[parent].finish < 0 else { break }
      heap[index] = heap[parent]
      index = parent
    }
    (heap + index).initialize(to: entry)
    return index == 0
  }

  @inline(__always)
  private func siftDown(_ entry: Entry, from start: Int) {
    guard let heap else { return }
    let count = Int(heapCount)
    var index = start
    while true {
      let firstChild = 4 * index + 1
      guard firstChild < count else { break }
      var least = firstChild
      var child = firstChild + 1
      let end = min(firstChild + 4, count)
      while child < end {
        if heap[child].finish &- heap[least].finish < 0 { least = child }
        child += 1
      }
      guard heap[least].finish &- entry.finish < 0 else { break }
      heap[index] = heap[least]
      index = least
    }
    heap[index] = entry
  }

  @inline(__always)
  private mutating func removeTop() {
    guard let heap else { return }
    heapCount -= 1
    if heapCount > 0 { siftDown(heap[Int(heapCount)], from: 0) }
  }

  /// Drops the entries of cancelled flows and rebuilds the heap.
  ///
  /// Complexity: O(n), paid for by n / 2 cancellations.
  @inline(never)
  private mutating func sweep(_ slab: inout FlowSlab) {
    guard let heap else { return }
    var kept: UInt32 = 0
    for index in 0..<Int(heapCount) {
      let entry = heap[index]
      let record = slab.records[Int(entry.slot)]
      if record.size < 0 {
        slab.release(entry.slot)
      } else {
        heap[Int(kept)] = Entry(finish: record.target, slot: entry.slot, owner: entry.owner)
        kept += 1
      }
    }
    heapCount = kept
    for index in stride(from: (Int(kept) - 2) >> 2, through: 0, by: -1) where kept > 1 {
      siftDown(heap[index], from: index)
    }
  }
}
