public import SimEngine
public import TextFormats

/// The cluster that keeps sessions and resume offsets.
public struct ClusterTable: SettingsGroup, Equatable {
  /// Rules that the nodes follow.
  public enum Rules: String, CaseIterable, Sendable {
    /// Redis 7.0.15, its stale election included.
    case version7_0 = "7.0"
    /// Without the stale election and without chains of replicas.
    case fixed
  }

  /// When quiet stretches are skipped over.
  public enum Aggregation: String, CaseIterable, Sendable {
    /// In clusters of more than 60 nodes.
    case automatic = "auto"
    /// Always.
    case always
    /// Never: every message is simulated.
    case never
  }

  /// Masters at the start.
  public var masters = 6
  /// Replicas of each master.
  public var replicas = 1
  /// `cluster-node-timeout`.
  public var nodeTimeout = SimDuration.milliseconds(15_000)
  /// Rules that the nodes follow.
  public var rules = Rules.version7_0
  /// `cluster-require-full-coverage`.
  public var requiresFullCoverage = true
  /// `cluster-allow-reads-when-down`.
  public var allowsReadsWhenDown = false
  /// Whether quiet stretches are skipped over.
  public var aggregation = Aggregation.automatic
  /// One way between two nodes.
  public var latency = SimDuration.microseconds(100)
  /// Mean of an exponential addition to it.
  public var jitter = SimDuration.microseconds(400)
  /// Chance that a message between nodes is lost and sent again.
  public var loss = 0.0
  /// Instances of the gateway, each with a slot map of its own.
  public var instances = 24
  /// One way between an instance and a node.
  public var clientLatency = SimDuration.microseconds(250)
  /// How long a node works on one command.
  public var service = SimDuration.microseconds(20)
  /// Keys of the whole store; 0 for one a membership.
  public var keys = 0
  /// Replicas that must have a write before it is acknowledged.
  public var waitReplicas = 0
  /// Keys of a MIGRATE.
  public var pipeline = 10
  /// Bytes of a key with its value.
  public var keyBytes: Int64 = 100
  /// Resume offsets.
  public var resume = ResumeSettings()
  /// Commands that do not come from viewers.
  public var load = ClusterLoadSettings()
  /// What happens to the cluster.
  public var events: [ClusterHappening] = []

  /// Six masters with a replica each.
  public init() {}

  /// The table of `cluster`.
  public static var settings: SettingsTable<ClusterTable> {
    let second: Int64 = 1_000_000_000
    let nodes = SettingsTable<ClusterTable>("The Redis-like cluster that keeps sessions and resume offsets.")
      .integer("masters", \.masters, 3...2_000, "Masters at the start.")
      .integer("replicas", \.replicas, 0...100, "Replicas of each master.")
      .duration(
        "node_timeout", \.nodeTimeout.nanoseconds, 10_000_000...(3_600 * second),
        "cluster-node-timeout: how long a node may be silent before it is suspected."
      )
      .choice("rules", \.rules, "Rules of the nodes: Redis 7.0.15 as it is, or without its known defects.")
      .flag("full_coverage", \.requiresFullCoverage, "cluster-require-full-coverage: one slot down stops all.")
      .flag("reads_when_down", \.allowsReadsWhenDown, "cluster-allow-reads-when-down.")
    let network =
      nodes
      .choice("aggregation", \.aggregation, "Whether quiet stretches are skipped over, messages counted only.")
      .duration("latency", \.latency.nanoseconds, 0...second, "One way between two nodes.")
      .duration("jitter", \.jitter.nanoseconds, 0...second, "Mean of an exponential addition to it.")
      .fraction("loss", \.loss, 0...0.5, "Chance that a message between nodes is lost and sent again.")
    let clients =
      network
      .integer("instances", \.instances, 1...10_000, "Instances of the gateway, each with a slot map of its own.")
      .duration("client_latency", \.clientLatency.nanoseconds, 0...second, "One way between an instance and a node.")
      .duration("service", \.service.nanoseconds, 0...second, "How long a node works on one command.")
      .integer("keys", \.keys, 0...10_000_000_000, "Keys of the whole store; 0 for one a membership.")
      .integer("wait_replicas", \.waitReplicas, 0...10, "Replicas that must have a write before it is acknowledged.")
      .integer("pipeline", \.pipeline, 1...10_000, "Keys that one MIGRATE moves.")
      .bytes("key_bytes", \.keyBytes, 1...1_000_000_000, "A key with its value.")
    return
      clients
      .group("resume", \.resume, "Resume offsets.")
      .group("load", \.load, "Commands that do not come from viewers.")
      .list("events", \.events, 0...1_000, "What happens to the cluster.")
  }
}

/// Resume offsets: where viewers stand in their titles.
public struct ResumeSettings: SettingsGroup, Equatable {
  /// How often an active session writes its offset.
  public var writeInterval = SimDuration.milliseconds(60_000)

  /// Once a minute.
  public init() {}

  /// The table of `cluster.resume`.
  public static var settings: SettingsTable<ResumeSettings> {
    SettingsTable<ResumeSettings>("Where viewers stand in their titles: read at the start, written again and again.")
      .duration(
        "write_interval", \.writeInterval.nanoseconds, 1_000_000_000...86_400_000_000_000,
        "How often an active session writes its offset.")
  }
}

/// Commands that do not come from viewers.
public struct ClusterLoadSettings: SettingsGroup, Equatable {
  /// Commands a second of the whole platform.
  public var commandsPerSecond = 0.0
  /// Share of reads among them.
  public var reads = 0.1

  /// None.
  public init() {}

  /// The table of `cluster.load`.
  public static var settings: SettingsTable<ClusterLoadSettings> {
    SettingsTable<ClusterLoadSettings>("Commands that do not come from viewers: a Poisson process over all keys.")
      .rate("commands", \.commandsPerSecond, 0...1_000_000, "Commands of the whole platform.")
      .fraction("reads", \.reads, "Share of reads among them.")
  }
}

/// Something that happens to the cluster.
public struct ClusterHappening: SettingsGroup, Equatable {
  /// Kinds of happenings.
  public enum Action: String, CaseIterable, Sendable {
    /// Processes die, and are started again after `for` if that is given.
    case kill
    /// Processes stop for `for`, connections stay open.
    case freeze
    /// The nodes are cut off from the others for `for`, with the share `clients` of the gateway.
    case partition
    /// Everything to and from the nodes takes longer by `delay`, for `for`.
    case slowDown = "slow-down"
    /// `masters` join with their replicas, and get their share of the slots.
    case scaleOut = "scale-out"
    /// `masters` are drained and leave.
    case scaleIn = "scale-in"
    /// Every node is restarted, one each `every`, down for `for`.
    case rollingRestart = "rolling-restart"
    /// Replicas take over from the nodes.
    case failover
  }

  /// Local time of day.
  public var at = SimDuration.zero
  /// What.
  public var action = Action.kill
  /// How many masters, drawn at random, where `nodes` names none.
  public var masters = 1
  /// Nodes by number, masters first.
  public var nodes: [Int] = []
  /// How long it lasts; zero for ever, where that is possible.
  public var lasting = SimDuration.zero
  /// How far restarts are apart.
  public var every = SimDuration.milliseconds(60_000)
  /// How much longer ways take.
  public var delay = SimDuration.milliseconds(0)
  /// Share of the gateway on the nodes' side of a partition.
  public var clients = 0.0
  /// Whether a partition lets the nodes hear the others.
  public var isOneWay = false
  /// Whether masters hand over before they are restarted.
  public var handsOver = false

  /// A master dies at midnight.
  public init() {}

  /// The table of one of `cluster.events`.
  public static var settings: SettingsTable<ClusterHappening> {
    let day: Int64 = 86_400_000_000_000
    return SettingsTable<ClusterHappening>("Something that happens to the cluster.")
      .clock("at", \.at.nanoseconds, "Local time of day.")
      .choice("action", \.action, "What happens.")
      .integer("masters", \.masters, 1...2_000, "How many masters, drawn at random, where 'nodes' names none.")
      .value("nodes", \.nodes, .list(.integer(0...1_999), 0...2_000, initial: 0), "Nodes by number, masters first.")
      .duration("for", \.lasting.nanoseconds, 0...day, "How long it lasts; 0s for ever.")
      .duration("every", \.every.nanoseconds, 1_000_000_000...day, "How far restarts are apart.")
      .duration("delay", \.delay.nanoseconds, 0...60_000_000_000, "How much longer ways take, one way.")
      .fraction("clients", \.clients, "Share of the gateway on the nodes' side of a partition.")
      .flag("one_way", \.isOneWay, "Whether a partition lets the nodes hear the others.")
      .flag("hand_over", \.handsOver, "Whether masters hand over before they are restarted.")
      .required("at", "action")
      .check { happening, places in
        let needsEnd: [Action] = [.freeze, .partition, .slowDown, .rollingRestart]
        return needsEnd.contains(happening.action) && happening.lasting == .zero
          ? [
            InputDiagnostic(
              place: places["for"], message: "must say how long '\(happening.action.rawValue)' lasts",
              suggestion: "\"for\": \"30s\"")
          ] : []
      }
  }
}
