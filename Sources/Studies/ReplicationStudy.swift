public import Platform
import Reporting
public import SimEngine

/// A number of replications of one scenario: the same platform, other viewers.
public struct ReplicationStudy: Sendable {
  /// The scenario.
  public var file: ScenarioFile
  /// Root of every random stream.
  public var seed: UInt64
  /// Replications, at least 1.
  public var replications: Int
  /// Threads; never changes a result.
  public var jobs: Int
  /// Backing of the event queues; never changes a result.
  public var queue: QueueBacking
  /// Whether events and processor time are counted by kind of event.
  public var profilesEvents = false

  /// A study of the scenario with the seed that it names itself.
  public init(_ file: ScenarioFile, replications: Int = 1, jobs: Int = 1, queue: QueueBacking = .radix) {
    precondition(replications >= 1, "a study has at least one replication")
    self.file = file
    seed = UInt64(file.scenario.seed)
    self.replications = replications
    self.jobs = jobs
    self.queue = queue
  }

  /// Runs all replications, one after the other, each on all threads.
  ///
  /// - Parameter progress: told the share of the work that is done and the events so far.
  /// - Returns: the results in the order of the replications; after an interruption only those that were begun, the
  ///   last one incomplete.
  /// - Throws: `BrokenInvariants`.
  public func run(progress: (Double, UInt64) -> Void = { _, _ in }) throws -> [PlatformResults] {
    var results: [PlatformResults] = []
    var events: UInt64 = 0
    for replication in 0..<replications {
      var identity = RunIdentity(seed: seed, replication: UInt64(replication), queue: queue)
      identity.profilesEvents = profilesEvents
      let world = try World(scenario: file.scenario, pattern: file.pattern, identity: identity)
      var borders = 0
      let result = try world.run(jobs: jobs) { run in
        borders += 1
        if borders & 255 == 0 {
          let share = run.time.sinceStart / run.end.sinceStart
          progress((Double(replication) + share) / Double(replications), events + run.events())
        }
        return !Interruption.requested
      }
      events += result.events
      results.append(result)
      if !result.isComplete { break }
    }
    return results
  }
}
