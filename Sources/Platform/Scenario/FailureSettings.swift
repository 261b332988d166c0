public import SimEngine
public import TextFormats

/// One failure: what breaks, when, how much of it, and for how long.
public struct FailureSettings: SettingsGroup, Equatable {
  /// What can break.
  ///
  /// A component that learns to fail gets a case here, and reads the failures of its kind from the scenario.
  public enum Component: String, CaseIterable, Sendable {
    /// Machines that encode, of `ingest.workers`.
    case workers
    /// The API gateway, of `services.gateway`: a crash of all servers, or slower ones.
    case gateway
    /// The primary of `services.relational`.
    case relationalPrimary = "relational-primary"
    /// Nodes of `services.history`.
    case storeNode = "store-node"
    /// Replicas of one shard of `services.search`.
    case searchShard = "search-shard"

    /// Whether it belongs to the services.
    var isService: Bool { self != .workers }
  }

  /// Time of day at which it begins.
  public var at = SimDuration.zero
  /// What breaks.
  public var what = Component.workers
  /// Share of it that breaks.
  public var share = 1.0
  /// How long each broken part stays broken.
  public var duration = SimDuration.milliseconds(600_000)
  /// Time from the first part that breaks to the last.
  public var ramp = SimDuration.zero

  /// Which one breaks, or the first of several: a shard, a node.
  public var index = 0
  /// How many times slower it becomes instead of breaking; 1 breaks it.
  public var slowdown = 1.0

  /// Everything breaks at once for ten minutes.
  public init() {}

  /// The table of an element of `failures`.
  public static var settings: SettingsTable<FailureSettings> {
    SettingsTable<FailureSettings>("One failure: what breaks, when, how much of it, and for how long.")
      .clock("at", \.at.nanoseconds, "Time of day at which it begins.")
      .choice("what", \.what, "What breaks.")
      .fraction("share", \.share, 0...1, "Share of it that breaks.")
      .duration(
        "duration", \.duration.nanoseconds, 1_000_000...2_592_000_000_000_000, "How long each broken part stays broken."
      )
      .duration(
        "ramp", \.ramp.nanoseconds, 0...2_592_000_000_000_000, "Time from the first part that breaks to the last."
      )
      .integer("index", \.index, 0...1_000_000, "Which one breaks, or the first of several: a shard, a node.")
      .number(
        "slowdown", \.slowdown, 1...10_000, "How many times slower it becomes instead of breaking; 1 breaks it."
      )
      .required("at", "what", "duration")
  }
}

extension Scenario {
  /// Time from the start of the run to the next time that a clock shows `time`.
  func sinceStart(_ time: SimDuration) -> SimDuration {
    time >= start ? time - start : time + .milliseconds(86_400_000) - start
  }

  /// Failures of one kind of component.
  func failures(of component: FailureSettings.Component) -> [FailureSettings] {
    failures.filter { $0.what == component }
  }
}
