import Platform
import Reporting
public import SimEngine
import Synchronization

/// A number of replications of one scenario: the same platform, other viewers.
public struct ReplicationStudy: Sendable {
  /// The scenario.
  public var file: ScenarioFile
  /// Root of every random stream.
  public var seed: UInt64
  /// Replications, at least 1; with a precision to reach, the most of them.
  public var replications: Int
  /// Number of the first replication; the others follow it.
  public var first = 0
  /// Name of the configuration in the tables.
  public var configuration = ResultFiles.baseName
  /// Threads; never changes a result.
  public var jobs: Int
  /// Backing of the event queues; never changes a result.
  public var queue: QueueBacking
  /// Whether events and processor time are counted by kind of event.
  public var profilesEvents = false
  /// When to stop before all replications are made.
  public var precision: PrecisionTarget?

  /// A study of the scenario with the seed that it names itself.
  public init(_ file: ScenarioFile, replications: Int = 1, jobs: Int = 1, queue: QueueBacking = .radix) {
    precondition(replications >= 1, "a study has at least one replication")
    self.file = file
    seed = UInt64(file.scenario.seed)
    self.replications = replications
    self.jobs = jobs
    self.queue = queue
  }

  /// What the replications found.
  struct Outcome: Sendable {
    /// In order; after an interruption those that were finished and at most one more, incomplete.
    var replications: [Replication]
    /// How many of them were taken over from an earlier run.
    var reused: Int
    /// Events and processor time by kind of event in the first replication, if that was asked for.
    var eventProfile: [EventKindProfile]
    /// How the precision was met; `nil` if none was asked for or the study was interrupted.
    var precision: PrecisionTarget.Report?
  }

  /// Runs the replications that are not finished yet: a single one on all threads, several side by side.
  ///
  /// Which replications count never depends on the number of threads: they are looked at in their order, and those
  /// made beyond the one at which the precision is reached are left out again.
  ///
  /// - Parameters:
  ///   - finished: replications of an earlier run.
  ///   - progress: told the share of the work that is done and the events so far; one call at a time.
  /// - Throws: `BrokenInvariants`, `UnknownMetric`.
  func run(
    reusing finished: FinishedReplications = FinishedReplications(),
    progress: @escaping @Sendable (Double, UInt64) -> Void = { _, _ in }
  ) throws -> Outcome {
    var outcome = Outcome(replications: [], reused: 0, eventProfile: [], precision: nil)
    let board = ReplicationProgress(total: replications, tell: progress)
    while outcome.replications.count < replications {
      let from = outcome.replications.count
      let upTo = precision.map { from == 0 ? $0.rule.minimum : from + max(1, jobs) } ?? replications
      let batch = Array(from..<min(upTo, replications))
      let threadsEach = replications == 1 ? jobs : 1
      let study = self
      let made = ReplicationPool.map(count: batch.count, jobs: jobs) { index in
        Result { try study.replication(batch[index], jobs: threadsEach, reusing: finished, board) }
      }
      for result in made {
        let (replication, profile, isReused) = try result.get()
        if replication.number == UInt64(first) { outcome.eventProfile = profile }
        if outcome.replications.isEmpty { try precision?.check(against: replication) }
        outcome.replications.append(replication)
        outcome.reused += isReused ? 1 : 0
        if !replication.isComplete { return outcome }
        if let report = precision?.report(after: outcome.replications) {
          outcome.precision = report
          return outcome
        }
      }
    }
    return outcome
  }

  private func replication(
    _ index: Int, jobs: Int, reusing finished: FinishedReplications, _ board: ReplicationProgress
  ) throws -> (Replication, [EventKindProfile], isReused: Bool) {
    let number = first + index
    // A profile is of a run, so it needs one.
    if !profilesEvents, let replication = finished[configuration, number] {
      board.update(index, share: 1, events: 0)
      return (replication, [], true)
    }
    var identity = RunIdentity(seed: seed, replication: UInt64(number), queue: queue)
    identity.profilesEvents = profilesEvents
    let world = try file.world(identity)
    var borders = 0
    let results = try world.run(jobs: jobs) { run in
      borders += 1
      if borders & 255 == 0 {
        board.update(index, share: run.time.sinceStart / run.end.sinceStart, events: run.events())
      }
      return !Interruption.requested
    }
    board.update(index, share: 1, events: results.events)
    return (Replication(results), results.eventProfile, false)
  }
}

/// The progress of replications that run side by side.
private final class ReplicationProgress: Sendable {
  private struct State {
    var shares: [Double]
    var events: [UInt64]
  }
  private let state: Mutex<State>
  private let tell: @Sendable (Double, UInt64) -> Void

  init(total: Int, tell: @escaping @Sendable (Double, UInt64) -> Void) {
    state = Mutex(
      State(shares: Array(repeating: 0, count: total), events: Array(repeating: 0, count: total)))
    self.tell = tell
  }

  func update(_ number: Int, share: Double, events: UInt64) {
    state.withLock { state in
      state.shares[number] = share
      state.events[number] = events
      tell(state.shares.reduce(0, +) / Double(state.shares.count), state.events.reduce(0, +))
    }
  }
}
