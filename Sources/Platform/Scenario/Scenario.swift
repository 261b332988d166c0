import ClusterModel
public import IngestModel
public import SimEngine
public import TextFormats

/// What is simulated: the decoded scenario file, every value checked, every default filled in.
///
/// The tables in this folder are the single description of the file: they decode it, print its JSON Schema and its
/// documentation. docs/SCENARIOS.md gives the source of each number in the scenarios that come with simrun.
public struct Scenario: SettingsGroup, Equatable {
  /// Short name; it names the default results folder.
  public var name = ""
  /// What the scenario is about, one sentence.
  public var description = ""
  /// What is simulated.
  public var kind = Kind.platform
  /// Root of every random stream.
  public var seed = 1
  /// Local time of day at which simulated time starts, since midnight.
  public var start = SimDuration.zero
  /// Simulated time from start to end.
  public var duration = SimDuration.zero
  /// Simulated time before statistics start; the state goes on, only the observers start anew.
  public var warmup = SimDuration.zero
  /// How much of the platform is simulated.
  public var scale = ScaleSettings()
  /// Titles and their media.
  public var catalog = CatalogSettings()
  /// Who watches, when and for how long.
  public var viewers = ViewerSettings()
  /// The adaptive player.
  public var player = PlayerSettings()
  /// Links and latencies.
  public var network = NetworkSettings()
  /// Edge sites and the origin.
  public var cdn = CDNSettings()
  /// The services behind a play button; `nil` where they answer at once.
  public var services: ServicesSettings?
  /// How titles come into the platform; `nil` where the catalog is simply there.
  public var ingest: IngestSettings?
  /// What fails, and when.
  public var failures: [FailureSettings] = []
  /// The cluster that keeps sessions and resume offsets; without one viewers start at once.
  public var cluster: ClusterTable?
  /// What the run writes.
  public var output = OutputSettings()
  /// Values that a run varies: it compares every combination.
  public var vary: [VariationSettings] = []
  /// Replications that a run makes unless it is told otherwise.
  public var replications = 1

  /// How much of the platform a scenario is about.
  public enum Kind: String, CaseIterable, Sendable {
    /// The whole platform.
    case platform
    /// The session cluster alone, under the load of `cluster.load`.
    case cluster
  }

  /// Defaults; a scenario file must at least name itself and its duration.
  public init() {}

  /// The table of the file's top level.
  public static var settings: SettingsTable<Scenario> {
    SettingsTable<Scenario>("A streaming platform, its viewers, and one stretch of time.")
      .text("name", \.name, "Short name; results go to reports/<name> by default.")
      .text("description", \.description, "What the scenario is about, one sentence.")
      .choice("kind", \.kind, "The whole platform, or the cluster alone under the load of cluster.load.")
      .integer("seed", \.seed, 0...Int.max, "Root of every random stream.")
      .clock("start", \.start.nanoseconds, "Local time of day at which the run starts.")
      .duration("duration", \.duration.nanoseconds, 1_000_000_000...2_592_000_000_000_000, "Simulated time.")
      .duration(
        "warmup", \.warmup.nanoseconds, 0...2_592_000_000_000_000,
        "Simulated time before statistics start; the state goes on, only the observers start anew."
      )
      .group("scale", \.scale, "How much of the platform is simulated.")
      .group("catalog", \.catalog, "Titles and their media.")
      .group("viewers", \.viewers, "Who watches, when and for how long.")
      .group("player", \.player, "The adaptive player.")
      .group("network", \.network, "Links and latencies.")
      .group("cdn", \.cdn, "Edge sites and the origin.")
      .optionalGroup("services", \.services, "The services behind a play button; left out, they answer at once.")
      .optionalGroup("ingest", \.ingest, "How titles come into the platform; left out, the catalog is simply there.")
      .list("failures", \.failures, 0...1_000, "What fails, and when.")
      .optionalGroup("cluster", \.cluster, "The cluster that keeps sessions and resume offsets.")
      .group("output", \.output, "What the run writes.")
      .list("vary", \.vary, 0...8, "Values that a run varies: it compares every combination.")
      .integer("replications", \.replications, 1...1_000_000, "Replications of a run that is not told how many.")
      .required("name", "duration")
      .check { scenario, places in scenario.contradictions(places) }
  }

  /// Rules that concern several keys.
  private func contradictions(_ places: SettingsPlaces) -> [InputDiagnostic] {
    var findings: [InputDiagnostic] = []
    func object(_ key: String, _ message: String, suggestion: String? = nil) {
      findings.append(InputDiagnostic(place: places[key], message: message, suggestion: suggestion))
    }
    if warmup >= duration { object("warmup", "must end before the run does, or nothing is observed") }
    if duration / output.interval > 100_000 {
      object(
        "output.interval", "cuts the run into more than 100000 windows", suggestion: "a longer interval, like \"60s\"")
    }
    if kind == .platform, let premiere = viewers.premiere {
      if moment(premiere.at) >= .zero + duration {
        object("viewers.premiere.at", "lies outside the run, which starts at 'start' and lasts 'duration'")
      }
    }
    for (index, failure) in failures.enumerated() {
      if moment(failure.at) >= .zero + duration {
        object("failures[\(index)].at", "lies outside the run, which starts at 'start' and lasts 'duration'")
      }
      if [.edgeLink, .edgeCache, .edgeServer, .edgeSite].contains(failure.component),
        let site = failure.which.first(where: { $0 >= cdn.edge.sites })
      {
        object("failures[\(index)].which", "there is no edge site \(site); they are numbered from 0")
      }
      if failure.component == .regionalCache {
        let count = cdn.regional?.count ?? 0
        if count == 0 {
          object(
            "failures[\(index)].what", "there are no regional caches that could fail", suggestion: "add 'cdn.regional'")
        } else if let cache = failure.which.first(where: { $0 >= count }) {
          object("failures[\(index)].which", "there is no regional cache \(cache); they are numbered from 0")
        }
      }
      if let server = failure.servers.first(where: { $0 >= cdn.edge.servers }) {
        object(
          "failures[\(index)].servers",
          "a site has \(cdn.edge.servers) servers, numbered from 0; there is no \(server)",
          suggestion: "'cdn.edge.servers'")
      }
      if failure.component == .workers, ingest == nil {
        object("failures[\(index)].what", "there are no workers that could fail", suggestion: "add 'ingest'")
      }
      if failure.component.isService {
        if services == nil {
          let name = failure.component.rawValue
          object("failures[\(index)].what", "'\(name)' fails, but there is none", suggestion: "add 'services'")
        }
        if let message = services?.contradiction(failure) { object("failures[\(index)].which", message) }
      }
    }
    contradictionsOfIngest { object($0, $1, suggestion: $2) }
    contradictionsOfCluster { object($0, $1, suggestion: $2) }
    contradictionsOfDevices { object($0, $1, suggestion: $2) }
    return findings
  }

  /// Rules that the cluster has with the rest of the scenario.
  private func contradictionsOfCluster(_ object: (String, String, String?) -> Void) {
    guard let cluster else {
      if kind == .cluster {
        object("cluster", "a scenario of the cluster alone must describe it", "\"cluster\": {}")
      }
      return
    }
    for (index, happening) in cluster.events.enumerated()
    where happening.moment(after: start) >= .zero + duration {
      object(
        "cluster.events[\(index)].at", "lies outside the run, which starts at 'start' and lasts 'duration'", nil)
    }
    let settings = cluster.storeSettings(start: start, memberships: viewers.memberships, loadShare: 1)
    do throws(PlanRefusal) { try settings.check() } catch { object("cluster", error.description, nil) }
  }

  /// Rules that ingest has with the rest of the scenario.
  private func contradictionsOfIngest(_ object: (String, String, String?) -> Void) {
    for (index, planned) in (ingest?.planned ?? []).enumerated() {
      let key = "ingest.planned[\(index)]"
      if moment(planned.at) >= .zero + duration {
        object("\(key).at", "lies outside the run, which starts at 'start' and lasts 'duration'", nil)
      }
      guard planned.isPremiere else { continue }
      if let premiere = viewers.premiere {
        if premiere.length != planned.length {
          object("\(key).length", "'viewers.premiere' says that it lasts \(premiere.length)", nil)
        }
      } else {
        object("\(key).premiere", "no viewer waits for a premiere", "add 'viewers.premiere'")
      }
    }
  }
}

/// A value of the scenario that a run varies.
public struct VariationSettings: SettingsGroup, Equatable {
  /// Where it is, for example `cluster.node_timeout`.
  public var path = ""
  /// Its values, as one would write them after `--set`.
  public var values: [String] = []

  /// Nothing.
  public init() {}

  /// The table of one of `vary`.
  public static var settings: SettingsTable<VariationSettings> {
    SettingsTable<VariationSettings>("A value that a run varies.")
      .text("path", \.path, "Where it is, for example cluster.node_timeout.")
      .texts("values", \.values, 2...100, "Its values.")
      .required("path", "values")
  }
}

/// How much of the platform is simulated.
public struct ScaleSettings: SettingsGroup, Equatable {
  /// Share of the edge sites that is simulated, whole sites with all their viewers, above 0 and at most 1.
  public var fraction = 1.0

  /// The whole platform.
  public init() {}

  /// The table of `scale`.
  public static var settings: SettingsTable<ScaleSettings> {
    SettingsTable<ScaleSettings>("A slice of the platform: fewer sites at full detail, shared tiers scaled alike.")
      .fraction(
        "fraction", \.fraction, 0.000_001...1,
        "Share of the edge sites that is simulated, whole sites with all their viewers, at least one; ingest stays whole."
      )
  }
}

/// What the run writes beside the summary.
public struct OutputSettings: SettingsGroup, Equatable {
  /// Width of the windows of timeseries.csv.
  public var interval = SimDuration.milliseconds(60_000)
  /// Share of the sessions that sessions.csv lists, chosen by a hash of the session.
  public var sessionSample = 1.0

  /// One-minute windows, every session.
  public init() {}

  /// The table of `output`.
  public static var settings: SettingsTable<OutputSettings> {
    SettingsTable<OutputSettings>("What the run writes beside the summary.")
      .duration(
        "interval", \.interval.nanoseconds, 1_000_000_000...86_400_000_000_000,
        "Width of the windows of timeseries.csv."
      )
      .fraction("session_sample", \.sessionSample, 0...1, "Share of the sessions that sessions.csv lists.")
  }
}
