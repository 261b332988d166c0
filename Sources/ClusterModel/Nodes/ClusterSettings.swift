// What a cluster is built from: sizes, the options of cluster nodes, the rules they follow, the network between them.

public import SimEngine

/// Options of a simulated cluster.
public struct ClusterSettings: Sendable {
  /// Masters, at least 3.
  public var masters = 3
  /// Replicas of each master.
  public var replicasPerMaster = 1
  /// Room for nodes that join later.
  public var spareNodes = 0
  /// `cluster-node-timeout` in milliseconds.
  public var nodeTimeoutMs: Int64 = 15_000
  /// `cluster-require-full-coverage`: one slot that nobody serves stops the whole cluster.
  public var requiresFullCoverage = true
  /// `cluster-allow-reads-when-down`.
  public var allowsReadsWhenDown = false
  /// `cluster-allow-replica-migration`: replicas may leave for masters that have none.
  public var allowsReplicaMigration = true
  /// `cluster-migration-barrier`: replicas that a master keeps before one may leave.
  public var migrationBarrier = 1
  /// `cluster-replica-validity-factor`: replicas out of touch for longer than this many node timeouts (and one period of
  /// replication pings) do not stand for election; 0 lets all stand.
  public var replicaValidityFactor: Int64 = 10
  /// `repl-ping-replica-period` in milliseconds.
  public var replicationPingPeriodMs: Int64 = 10_000
  /// Whether a node that restarts still has its keys.
  public var keepsDataOnRestart = true
  /// The rules of the protocol and their known variants.
  public var rules = ProtocolRules.version7_0
  /// Delays of the network and of the machines.
  public var timing = ClusterTiming()
  /// Root of the cluster's random streams.
  public var seed: UInt64 = 1
  /// Which of several runs with this seed.
  public var replication: UInt64 = 0

  /// The standard options: 3 masters, a replica each, 15 s.
  public init() {}

  /// All nodes at the start.
  public var nodes: Int { masters * (1 + replicasPerMaster) }

  /// The most nodes a cluster may have.
  public static let mostNodes = 2000

  /// Checks that a cluster can be built.
  /// - Throws: `PlanRefusal` with the reason.
  public func check() throws(PlanRefusal) {
    guard masters >= SlotAllocation.fewestMasters else {
      throw PlanRefusal("a cluster needs at least \(SlotAllocation.fewestMasters) masters, not \(masters)")
    }
    guard replicasPerMaster >= 0 else { throw PlanRefusal("a master cannot have \(replicasPerMaster) replicas") }
    guard masters <= Self.mostNodes, replicasPerMaster < Self.mostNodes, spareNodes >= 0, spareNodes <= Self.mostNodes,
      nodes + spareNodes <= Self.mostNodes
    else {
      throw PlanRefusal("a simulated cluster has at most \(Self.mostNodes) nodes")
    }
    guard (10...86_400_000).contains(nodeTimeoutMs) else {
      throw PlanRefusal("a node timeout of \(nodeTimeoutMs) ms is not from 10 ms to a day")
    }
    guard replicaValidityFactor >= 0, migrationBarrier >= 0 else {
      throw PlanRefusal("validity factor and migration barrier cannot be negative")
    }
  }
}

/// The rules of the protocol that differ between versions, or that are worth switching off to see what they are for.
public struct ProtocolRules: Sendable, Equatable {
  /// A won election leaves its time, votes and epoch behind, so that a manual failover soon after counts as won without
  /// a vote (redis pull request 8753).
  public var reusesWonElections = true
  /// Replicas may declare nodes as failed; otherwise only masters with slots do.
  public var replicasDeclareFailures = true
  /// Gossip carries all nodes suspected, not only random ones (redis issue 2285 was before that).
  public var piggybacksSuspects = true
  /// Healthy gossip about a node counts as a pong from it, which saves pings.
  public var gossipReplacesPongs = true
  /// Replicas with less data wait longer before they ask for votes.
  public var ranksReplicas = true

  /// A replica whose master has become a replica follows that one's master at the next tick; in 7.0 only a claim of
  /// slots that are news to it makes it do so, and chains may stay.
  public var leavesChains = false

  /// The rules of Redis 7.0.15.
  public static let version7_0 = ProtocolRules()

  /// The rules of 7.0 without the stale election, and without chains of replicas.
  public static let fixed: ProtocolRules = {
    var rules = ProtocolRules()
    rules.reusesWonElections = false
    rules.leavesChains = true
    return rules
  }()

  /// Rules by the name of their profile.
  public static let profiles: [(name: String, rules: ProtocolRules)] = [("7.0", version7_0), ("fixed", fixed)]
}

/// How long things take between and inside the machines.
public struct ClusterTiming: Sendable {
  /// One way through the network.
  public var latency = SimDuration.microseconds(100)
  /// Mean of an exponential addition to every message's way; messages of one connection stay in order.
  public var jitterMean = SimDuration.microseconds(400)
  /// The chance that a message is lost and sent again by TCP after 200 ms, 400 ms, ...
  public var loss = 0.0
  /// Period of the nodes' timer: 100 ms nominally, 101 ms as measured.
  public var cronPeriod = SimDuration.milliseconds(101)
  /// Mean of an exponential addition to every period: the measured mean is 101.3 ms.
  public var cronLatenessMean = SimDuration.microseconds(300)
  /// Median of the log-normal time in which nodes.conf reaches the disk, before a vote or a promotion is told.
  public var configurationSyncMedian = SimDuration.microseconds(1200)
  /// Spread of that time: the standard deviation of its logarithm.
  public var configurationSyncSpread = 0.9
  /// How long a receiver delays a bare acknowledgement: 40 ms in Linux, up to the next timer tick.
  ///
  /// Nodes do not switch off Nagle's algorithm on the links that they open, so a second message without an answer in
  /// between waits for it.
  public var delayedAcknowledgement = SimDuration.milliseconds(44)
  /// How long it takes a replica to load its master's data anew, for each million keys.
  public var fullSyncPerMillionKeys = SimDuration.milliseconds(1000)

  /// The standard delays: nodes of one machine room, measured on loopback.
  public init() {}

  /// The delays between processes that share too few cores, and wake up late by some time on average.
  ///
  /// What is late is the process: its timer and the messages that it reads wait alike. The timer itself rings after
  /// 100 ms, half a millisecond on average because epoll waits whole milliseconds, and a tenth of work. So the mean period
  /// of a real node's timer, less 100.6 ms, is the lateness to give here.
  public static func wakingLate(by mean: SimDuration) -> ClusterTiming {
    var timing = ClusterTiming()
    timing.cronPeriod = .microseconds(100_600)
    timing.cronLatenessMean = mean
    timing.jitterMean = mean
    return timing
  }
}
