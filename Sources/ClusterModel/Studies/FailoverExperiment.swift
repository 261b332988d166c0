// Kill or freeze masters of an idle cluster, and note every stage until clients are served again.

import SimEngine

/// One way in which masters stop.
public enum MasterFault: String, CaseIterable, Sendable {
  /// The process dies; its connections are closed.
  case kill
  /// The process stops; its connections stay open.
  case freeze
}

/// The stages of one failover, in milliseconds after the fault; `nil` where a stage was not reached.
public struct FailoverTimeline: Sendable, Equatable {
  /// The first and the last node that suspected a victim by itself.
  public var firstSuspectedMs: Double?
  /// See `firstSuspectedMs`.
  public var lastSuspectedMs: Double?
  /// When the last victim was first declared as failed.
  public var declaredMs: Double?
  /// Who declared it: `master`, `replica`, or `replica_of_victim`.
  public var declaredBy: String?
  /// How many nodes declared a victim without having been told.
  public var declarers = 0
  /// When the last successful candidate put off its election, and asked for votes.
  public var electionScheduledMs: Double?
  /// See `electionScheduledMs`.
  public var electionStartedMs: Double?
  /// That candidate's rank among its siblings.
  public var rank: Int?
  /// Requests for votes, and votes given.
  public var elections = 0
  /// See `elections`.
  public var votesGranted = 0
  /// When the last election was won.
  public var wonMs: Double?
  /// When the slots of each victim were served again, in the order of victims.
  public var servedMsByVictim: [Double?] = []
  /// When every node that runs knew it.
  public var allAgreeMs: Double?

  /// When all slots were served again.
  public var servedMs: Double? {
    servedMsByVictim.contains { $0 == nil } ? nil : servedMsByVictim.compactMap(\.self).max()
  }
}

/// Failovers of masters that stop at a random moment of an idle cluster.
public struct FailoverExperiment: Sendable {
  /// The cluster.
  public var settings: ClusterSettings
  /// How many masters stop at once: the last ones.
  public var victims = 1
  /// How they stop.
  public var fault = MasterFault.kill

  /// A failover of one master of a cluster.
  public init(settings: ClusterSettings) { self.settings = settings }

  /// Runs once; `run` chooses the random streams.
  /// - Throws: `PlanRefusal` if the settings make no cluster, or it has not so many masters.
  public func timeline(run: Int) throws(PlanRefusal) -> FailoverTimeline {
    var settings = settings
    settings.replication = UInt64(run)
    guard victims >= 1, victims <= settings.masters else {
      throw PlanRefusal("\(victims) masters cannot stop: there are \(settings.masters)")
    }
    var cluster = try Cluster(settings)
    cluster.recordsEvents = false
    var moments = RandomStream(
      StreamKey(seed: settings.seed, replication: settings.replication, entity: "failover", purpose: "moment"))
    let settling = Double(max(10_000, 4 * settings.nodeTimeoutMs)) / 1000
    let moment = SimTime.seconds(settling + moments.uniform(from: 0, to: 2))
    cluster.advance(through: moment)
    cluster.recordsEvents = true
    let stopped = Array((settings.masters - victims)..<settings.masters)
    for node in stopped { if fault == .kill { cluster.kill(node) } else { cluster.freeze(node) } }
    let limit = moment + .milliseconds(60_000 + 20 * settings.nodeTimeoutMs)
    return Observation(cluster: cluster, since: moment, victims: stopped).follow(&cluster, until: limit)
  }

  /// Watches a cluster from a fault on.
  private struct Observation {
    let since: SimTime
    let victims: [Int]
    /// A slot of each victim.
    let slots: [Int]
    /// Whose replica each node was.
    let masters: [Int?]
    var timeline = FailoverTimeline()
    var seen = 0

    init(cluster: borrowing Cluster, since: SimTime, victims: [Int]) {
      self.since = since
      self.victims = victims
      slots = victims.map { victim in
        (0..<HashSlot.count).first { cluster.slotOwner($0, seenBy: victim) == victim } ?? 0
      }
      masters = (0..<cluster.nodeCount).map { cluster.masterOf($0) }
      timeline.servedMsByVictim = victims.map { _ in nil }
    }

    consuming func follow(_ cluster: inout Cluster, until limit: SimTime) -> FailoverTimeline {
      while timeline.allAgreeMs == nil, cluster.step(through: limit) {
        while seen < cluster.events.count {
          read(cluster.events[seen])
          seen += 1
        }
        if timeline.wonMs != nil { look(at: cluster) }
      }
      return timeline
    }

    private func milliseconds(_ time: SimTime) -> Double { (time - since).milliseconds }

    private mutating func read(_ event: ClusterEventRecord) {
      let time = milliseconds(event.time)
      let isAboutVictim = event.subject.map { victims.contains($0) } ?? false
      switch event.kind {
      case .suspected where isAboutVictim:
        if timeline.firstSuspectedMs == nil { timeline.firstSuspectedMs = time }
        timeline.lastSuspectedMs = time
      case .declaredFailed where isAboutVictim:
        timeline.declarers += 1
        guard let victim = event.subject, !declared.contains(victim) else { return }
        declared.append(victim)
        timeline.declaredMs = time
        let master = masters[event.node]
        timeline.declaredBy =
          master == nil ? "master" : master.map { victims.contains($0) } == true ? "replica_of_victim" : "replica"
      case .electionScheduled:
        timeline.electionScheduledMs = time
        timeline.rank = Int(event.reason.split(separator: " ").last ?? "")
      case .electionStarted:
        timeline.electionStartedMs = time
        timeline.elections += 1
      case .voteGranted: timeline.votesGranted += 1
      case .electionWon: timeline.wonMs = time
      case .serving: serving.append(event.node)
      default: break
      }
    }

    private var declared: [Int] = []
    private var serving: [Int] = []

    private mutating func look(at cluster: borrowing Cluster) {
      for (index, slot) in slots.enumerated() where timeline.servedMsByVictim[index] == nil {
        for heir in serving where cluster.slotOwner(slot, seenBy: heir) == heir && cluster.isStateOK(heir) {
          timeline.servedMsByVictim[index] = milliseconds(cluster.now)
          break
        }
      }
      guard timeline.servedMs != nil else { return }
      for slot in slots {
        var owner: Int?
        for node in 0..<cluster.nodeCount where cluster.isRunning(node) {
          guard cluster.isStateOK(node), let seen = cluster.slotOwner(slot, seenBy: node), !victims.contains(seen),
            owner == nil || owner == seen
          else { return }
          owner = seen
        }
      }
      timeline.allAgreeMs = milliseconds(cluster.now)
    }
  }
}
