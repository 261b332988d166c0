public import SimEngine
public import TextFormats

/// One failure: a component that gives less than it should for a while.
public struct FailureSettings: SettingsGroup, Equatable {
  /// What can fail.
  ///
  /// A component that learns to fail gets a case here, and reads the failures of its kind from the scenario.
  public enum Component: String, CaseIterable, Sendable {
    /// The link that the viewers of an edge site share.
    case edgeLink = "edge-link"
    /// Cache servers of an edge site: what lies on them comes from the next tier.
    case edgeCache = "edge-cache"
    /// Cache servers of an edge site by number: their requests go to the others.
    case edgeServer = "edge-server"
    /// Whole edge sites: servers, disks and link.
    case edgeSite = "edge-site"
    /// Regional caches: edge sites ask the tier above instead.
    case regionalCache = "regional-cache"
    /// The origin: the share of requests that is not `remaining` fails and is asked again.
    case origin
    /// The origin's egress.
    case originLink = "origin-link"
    /// Machines that encode, of `ingest.workers`.
    case workers
    /// The API gateway, of `services.gateway`.
    case gateway
    /// The primary of `services.relational`.
    case relationalPrimary = "relational-primary"
    /// Nodes of `services.history`.
    case storeNode = "store-node"
    /// All replicas of shards of `services.search`.
    case searchShard = "search-shard"

    /// Whether it belongs to the services.
    var isService: Bool {
      switch self {
      case .gateway, .relationalPrimary, .storeNode, .searchShard: true
      case .edgeLink, .edgeCache, .edgeServer, .edgeSite, .regionalCache, .origin, .originLink, .workers: false
      }
    }
  }

  /// Time of day at which it begins.
  public var at = SimDuration.zero
  /// What fails.
  public var component = Component.edgeLink
  /// Numbers of the entities that fail, such as edge sites, nodes or shards; all of the kind if empty.
  public var which: [Int] = []
  /// Numbers of the servers that fail at each site, for `edgeServer`; all of them if empty.
  public var servers: [Int] = []
  /// Whether caches have what they stored when they come back, for `edgeServer`, `edgeSite` and `regionalCache`.
  public var keepsContent = false
  /// Share of the workers that fail, for `workers`.
  public var share = 1.0
  /// Share of the capacity that is left at the worst; a service with 0 is dead, one with 0.1 ten times slower.
  public var remaining = 0.0
  /// From the beginning to the moment at which the repair sets in.
  public var duration = SimDuration.milliseconds(60_000)
  /// Time over which the capacity goes down, and after the failure up again.
  public var ramp = SimDuration.zero

  /// A minute without an edge link.
  public init() {}

  /// The table of an element of `failures`.
  public static var settings: SettingsTable<FailureSettings> {
    SettingsTable<FailureSettings>("One failure: a component that gives less than it should for a while.")
      .clock("at", \.at.nanoseconds, "Time of day at which it begins.")
      .choice("what", \.component, "What fails.")
      .value(
        "which", \.which, .list(.integer(0...1_000_000), 0...1_000, initial: 0),
        "Numbers of the entities that fail, such as edge sites, nodes or shards; all of the kind if left out."
      )
      .value(
        "servers", \.servers, .list(.integer(0...249), 0...250, initial: 0),
        "Numbers of the servers that fail at each site, for 'edge-server'; all of them if left out."
      )
      .flag("keeps_content", \.keepsContent, "Whether what fails has what it stored when it comes back.")
      .fraction("share", \.share, 0...1, "Share of the workers that fail, for 'workers'.")
      .fraction(
        "remaining", \.remaining, 0...1,
        "Share of the capacity that is left at the worst; a service with 0 is dead, one with 0.1 ten times slower."
      )
      .duration(
        "duration", \.duration.nanoseconds, 1_000_000...2_592_000_000_000_000,
        "From the beginning to the moment at which the repair sets in."
      )
      .duration(
        "ramp", \.ramp.nanoseconds, 0...2_592_000_000_000_000,
        "Time over which the capacity goes down, and after the failure up again."
      )
      .required("at", "what", "duration")
      .check { failure, places in
        if failure.ramp > failure.duration {
          return [
            InputDiagnostic(place: places["ramp"], message: "longer than the failure, so its worst is never reached")
          ]
        }
        let isWhole = [.edgeServer, .edgeSite, .regionalCache].contains(failure.component)
        guard isWhole, failure.remaining > 0 || failure.ramp > .zero else { return [] }
        let key = failure.remaining > 0 ? "remaining" : "ramp"
        return [
          InputDiagnostic(
            place: places[key], message: "'\(failure.component.rawValue)' is lost whole and at once",
            suggestion: "'edge-link' and 'edge-cache' fail in part")
        ]
      }
  }
}

extension Scenario {
  /// Simulated time at which a time of day first comes.
  func moment(_ clock: SimDuration) -> SimTime { .zero + sinceStart(clock) }

  /// Time from the start of the run to the next time that a clock shows `time`.
  func sinceStart(_ time: SimDuration) -> SimDuration {
    time >= start ? time - start : time + .milliseconds(86_400_000) - start
  }

  /// Failures of one kind of component.
  func failures(of component: FailureSettings.Component) -> [FailureSettings] {
    failures.filter { $0.component == component }
  }

  /// The failures of one component's entity.
  func faults(of component: FailureSettings.Component, entity: Int = 0) -> [FaultCourse] {
    failures(of: component).filter { $0.which.isEmpty || $0.which.contains(entity) }
      .map { FaultCourse($0, start: moment($0.at)) }
  }
}
