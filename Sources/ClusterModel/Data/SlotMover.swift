// Moving slots while clients read and write: the steps that redis-cli takes, one after the other.

public import SimEngine

/// How long the steps of a migration take.
public struct MigrationTiming: Sendable {
  /// One command and its answer: 549 empty slots a second were measured, with six commands a slot in a cluster of 3.
  public var command = SimDuration.microseconds(303)
  /// Keys moved by one MIGRATE (`--cluster-pipeline`).
  public var pipeline = 10
  /// One MIGRATE, beside the keys; 190 slots a second were measured with 9.2 keys of 100 bytes each.
  public var migrate = SimDuration.microseconds(500)
  /// One key of 100 bytes.
  public var key = SimDuration.microseconds(290)
  /// Bytes a second that a MIGRATE moves beyond that; both ends are blocked meanwhile.
  public var bytesPerSecond = 100e6
  /// Bytes of one key and its value.
  public var keyBytes = 100.0

  /// The measured times.
  public init() {}

  /// How long one MIGRATE of some keys takes, and blocks both ends.
  func duration(keys: Int) -> SimDuration {
    let extra = max(0, keyBytes - 100) / bytesPerSecond
    return migrate + key * Int64(keys) + .seconds(extra * Double(keys))
  }
}

/// A slot that is being moved.
struct SlotOnTheMove: Sendable {
  var slot: Int
  var source: Int
  var destination: Int
  var movedKeys = 0
}

/// Carries out a plan on a running cluster, slot by slot.
///
///     var mover = SlotMover(plan, keysPerSlot: 9)
///     while let next = mover.nextStep {
///       cluster.advance(through: next)      // and clients meanwhile
///       try mover.step(&cluster)
///     }
public struct SlotMover: Sendable {
  /// When the next step is due; `nil` once all is done.
  public private(set) var nextStep: SimTime?
  /// Slots moved so far.
  public private(set) var movedSlots = 0
  /// Keys moved so far.
  public private(set) var movedKeys = 0

  private let moves: [SlotMove]
  private let keysPerSlot: Int
  private let timing: MigrationTiming
  private var stage = Stage.importing
  /// Both ends of the MIGRATE that the last step began, and how long it keeps them from other commands.
  private(set) var busyNodes: [Int] = []
  private(set) var busyFor = SimDuration.zero
  /// Those among them that do not hear the bus meanwhile.
  private var blocked: [Int] = []

  private enum Stage: Sendable {
    case importing
    case migrating
    case keys
    case assigning
  }

  /// A MIGRATE shorter than this makes commands wait, but is not worth holding back the bus for.
  private static let noticeable = SimDuration.milliseconds(20)

  /// A plan to be carried out from `start` on; the owners of the plan are nodes by their numbers.
  public init(_ plan: SlotPlan, keysPerSlot: Int, timing: MigrationTiming = MigrationTiming(), start: SimTime) {
    moves = plan.moves
    self.keysPerSlot = keysPerSlot
    self.timing = timing
    nextStep = plan.moves.isEmpty ? nil : start
  }

  /// Takes the next step; the cluster must stand at `nextStep`.
  /// - Throws: `CommandError` when a node refuses: the migration stops there, as redis-cli does.
  public mutating func step(_ cluster: inout Cluster) throws(CommandError) {
    guard nextStep != nil, movedSlots < moves.count else { return }
    let move = moves[movedSlots]
    for node in blocked { cluster.unblock(node) }
    blocked = []
    busyNodes = []
    do throws(CommandError) {
      nextStep = cluster.now + (try take(move, &cluster))
    } catch {
      nextStep = nil
      cluster.slotOnTheMove = nil
      throw error
    }
    if movedSlots == moves.count { nextStep = nil }
  }

  private mutating func take(_ move: SlotMove, _ cluster: inout Cluster) throws(CommandError) -> SimDuration {
    switch stage {
    case .importing:
      try cluster.setSlot(move.slot, .importing(from: move.source), at: move.destination)
      stage = .migrating
      return timing.command
    case .migrating:
      try cluster.setSlot(move.slot, .migrating(to: move.destination), at: move.source)
      cluster.slotOnTheMove = SlotOnTheMove(slot: move.slot, source: move.source, destination: move.destination)
      stage = .keys
      return timing.command
    case .keys:
      let done = cluster.slotOnTheMove?.movedKeys ?? keysPerSlot
      let batch = min(timing.pipeline, keysPerSlot - done)
      // GETKEYSINSLOT tells that nothing is left.
      guard batch > 0 else {
        stage = .assigning
        return timing.command
      }
      try cluster.checkRunning(move.source)
      try cluster.checkRunning(move.destination)
      cluster.slotOnTheMove?.movedKeys += batch
      movedKeys += batch
      let duration = timing.duration(keys: batch)
      busyNodes = [move.source, move.destination]
      busyFor = duration
      if duration > Self.noticeable {
        blocked = busyNodes
        for node in blocked { cluster.block(node) }
      }
      return timing.command + duration
    case .assigning:
      cluster.slotOnTheMove = nil
      try cluster.setSlot(move.slot, .node(move.destination), at: move.destination)
      try cluster.setSlot(move.slot, .node(move.destination), at: move.source)
      var others = 0
      for node in 0..<cluster.nodeCount where node != move.source && node != move.destination {
        guard cluster.isMaster(node), cluster.isRunning(node) else { continue }
        try cluster.setSlot(move.slot, .node(move.destination), at: node)
        others += 1
      }
      movedSlots += 1
      stage = .importing
      return timing.command * Int64(2 + others)
    }
  }
}
