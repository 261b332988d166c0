// Storage of all flows of one network: 24 bytes a flow, reused slots, ids that know when they are stale.

import Glibc

/// Names one flow of one network; becomes stale when the flow completes or is cancelled.
@frozen
public struct FlowID: Hashable, Sendable, BitwiseCopyable {
  /// Index of the record in the slab.
  @usableFromInline let slot: UInt32
  /// How often the slot had been given away before.
  @usableFromInline let generation: UInt32

  @usableFromInline
  init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }

  /// An id that no flow ever has; for state that has to hold "no flow" in place.
  @inlinable
  public static var none: FlowID { FlowID(slot: .max, generation: .max) }
}

/// A flow whose last byte has been delivered.
@frozen
public struct CompletedFlow: Hashable, Sendable, BitwiseCopyable {
  /// The flow's id, stale from now on.
  public let id: FlowID
  /// What `startFlow` was given as owner.
  public let owner: UInt32

  /// A completion.
  @inlinable
  public init(id: FlowID, owner: UInt32) {
    self.id = id
    self.owner = owner
  }
}

/// What the network remembers of a flow.
struct FlowRecord: BitwiseCopyable {
  /// The group's service clock when the flow will be complete, in quanta; next free slot while the slot is free.
  var target: Int64
  /// Quanta asked for so far; `cancelledSize` once the flow is cancelled and only its heap entry is left.
  var size: Int64
  /// Stale ids carry another generation.
  var generation: UInt32
  /// The group of flows that it shares its rate with.
  var group: UInt32

  static let cancelledSize: Int64 = -1
}

/// Growable slots of flow records.
///
/// The owner calls `deallocate()`.
struct FlowSlab {
  private(set) var records: UnsafeMutablePointer<FlowRecord>
  private var capacity: UInt32
  /// Slots ever used; those beyond are untouched memory.
  private var used: UInt32 = 0
  private var firstFree: Int64 = -1

  init() {
    capacity = 4
    records = reallocate(nil, count: 4)
  }

  func deallocate() { free(records) }

  /// A slot for a new flow.
  ///
  /// Complexity: O(1) amortised.
  @inline(__always)
  mutating func take(target: Int64, size: Int64, group: UInt32) -> FlowID {
    let slot: UInt32
    let generation: UInt32
    if firstFree >= 0 {
      slot = UInt32(truncatingIfNeeded: firstFree)
      firstFree = records[Int(slot)].target
      generation = records[Int(slot)].generation
    } else {
      if used == capacity { grow() }
      slot = used
      used += 1
      generation = 0
    }
    (records + Int(slot)).initialize(
      to: FlowRecord(target: target, size: size, generation: generation, group: group))
    return FlowID(slot: slot, generation: generation)
  }

  /// Makes every id of the slot stale; the slot itself stays taken until `release`.
  @inline(__always)
  mutating func retire(_ slot: UInt32) { records[Int(slot)].generation &+= 1 }

  /// Gives a retired slot back.
  @inline(__always)
  mutating func release(_ slot: UInt32) {
    records[Int(slot)].target = firstFree
    firstFree = Int64(slot)
  }

  /// Whether the flow is neither complete nor cancelled.
  @inline(__always)
  func isActive(_ id: FlowID) -> Bool {
    id.slot < used && records[Int(id.slot)].generation == id.generation
  }

  @inline(never)
  private mutating func grow() {
    capacity = grownCapacity(capacity)
    records = reallocate(records, count: Int(capacity))
  }
}

/// Half as much again: at most a third of the memory lies idle.
@inline(__always)
func grownCapacity(_ capacity: UInt32) -> UInt32 {
  precondition(capacity < 1 << 30, "a network holds at most 2^30 flows")
  return capacity + max(capacity / 2, 4)
}

/// Moves plain values into a larger block.
func reallocate<Value: BitwiseCopyable>(_ old: UnsafeMutablePointer<Value>?, count: Int) -> UnsafeMutablePointer<Value>
{
  guard let raw = realloc(old, count * MemoryLayout<Value>.stride) else { fatalError("out of memory for flows") }
  return raw.bindMemory(to: Value.self, capacity: count)
}
