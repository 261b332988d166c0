public import SimEngine
public import TextFormats

/// The API gateway: every call of a player passes it.
public struct GatewaySettings: SettingsGroup, Hashable {
  /// Servers that each handle one call at a time.
  public var servers = 32
  /// Work of a server for one call.
  public var service = ServiceTime(mean: .milliseconds(2))
  /// Calls that may wait for a server.
  public var queueLimit = 1_000
  /// How long a call waits for a server.
  public var queueTimeout = SimDuration.milliseconds(1_000)
  /// Calls a second of the whole platform, 0 for no limit.
  public var rateLimit = 0.0
  /// Calls that may exceed the rate at once.
  public var rateBurst = 1_000.0
  /// How parts behind the gateway are called.
  public var upstream = UpstreamSettings()

  /// 32 servers.
  public init() {}

  /// The table of `services.gateway`.
  public static var settings: SettingsTable<GatewaySettings> {
    SettingsTable<GatewaySettings>("The API gateway: every call of a player passes it.")
      .integer("servers", \.servers, 1...1_000_000, "Servers, each handling one call at a time.")
      .group("service", \.service, "Work of a server for one call.")
      .integer("queue_limit", \.queueLimit, 0...10_000_000, "Calls that may wait for a server.")
      .duration(
        "queue_timeout", \.queueTimeout.nanoseconds, 1_000_000...3_600_000_000_000, "How long a call waits for one."
      )
      .rate("rate_limit", \.rateLimit, 0...1e9, "Calls that the gateway lets in; 0 for no limit.")
      .number("rate_burst", \.rateBurst, 1...1e9, "Calls that may come at once above the rate.")
      .group("upstream", \.upstream, "How the parts behind the gateway are called.")
  }

  /// The part of the gateway that serves `share` of the platform: servers and queue in proportion, at least one.
  public func scaled(by share: Double) -> GatewaySettings {
    var scaled = self
    scaled.servers = ScaledCount.of(servers, share: share)
    scaled.queueLimit = queueLimit == 0 ? 0 : ScaledCount.of(queueLimit, share: share)
    scaled.rateLimit = rateLimit * share
    scaled.rateBurst = max(1, rateBurst * share)
    return scaled
  }
}

/// How the gateway calls a part behind it.
public struct UpstreamSettings: SettingsGroup, Hashable {
  /// How long an attempt may take.
  public var timeout = SimDuration.milliseconds(1_000)
  /// Further attempts after a failed one.
  public var retries = 1
  /// Delay before the first further attempt; it doubles each time.
  public var backoff = SimDuration.milliseconds(50)
  /// Share of each delay that is random.
  public var jitter = 0.5
  /// Retries for each call, on average, at most.
  public var retryBudget = 0.1
  /// Retries that may come at once.
  public var retryReserve = 10.0
  /// Circuit breaker of each part.
  public var breaker = BreakerSettings()

  /// One retry after a second.
  public init() {}

  /// The table of `services.gateway.upstream`.
  public static var settings: SettingsTable<UpstreamSettings> {
    SettingsTable<UpstreamSettings>("How the gateway calls a part behind it.")
      .duration("timeout", \.timeout.nanoseconds, 1_000_000...600_000_000_000, "How long an attempt may take.")
      .integer("retries", \.retries, 0...100, "Further attempts after a failed one.")
      .duration(
        "backoff", \.backoff.nanoseconds, 0...60_000_000_000, "Delay before the first further attempt; then doubling."
      )
      .fraction("jitter", \.jitter, "Share of each delay that is random.")
      .fraction("retry_budget", \.retryBudget, 0...100, "Retries for each call, on average, at most.")
      .number("retry_reserve", \.retryReserve, 0...1e6, "Retries that may come at once.")
      .group("breaker", \.breaker, "Circuit breaker of each part.")
  }
}

/// When a circuit breaker opens and closes.
public struct BreakerSettings: SettingsGroup, Hashable {
  /// Whether there is one.
  public var isEnabled = true
  /// Share of failures that opens it.
  public var failureShare = 0.5
  /// Last calls that count.
  public var window = 100
  /// Calls that it must have seen before it opens.
  public var minimumCalls = 20
  /// How long it stays open.
  public var coolDown = SimDuration.milliseconds(5_000)
  /// Calls that are let through to try, and must all succeed.
  public var probes = 5

  /// Opens at half of the last 100 calls.
  public init() {}

  /// The table of `services.gateway.upstream.breaker`.
  public static var settings: SettingsTable<BreakerSettings> {
    SettingsTable<BreakerSettings>("When a circuit breaker opens and closes.")
      .flag("enabled", \.isEnabled, "Whether there is one.")
      .fraction("failure_share", \.failureShare, 0.001...1, "Share of failures among the last calls that opens it.")
      .integer("window", \.window, 1...100_000, "Last calls that count.")
      .integer("minimum_calls", \.minimumCalls, 1...100_000, "Calls that it must have seen before it opens.")
      .duration("cool_down", \.coolDown.nanoseconds, 1_000_000...3_600_000_000_000, "How long it stays open.")
      .integer("probes", \.probes, 1...1_000, "Calls that are then let through to try, and must all succeed.")
      .check { breaker, places in
        breaker.minimumCalls <= breaker.window
          ? [] : [places.finding("minimum_calls", "more than the 'window' remembers, so it would never open")]
      }
  }
}

/// How many of a number of servers a slice of the platform keeps.
enum ScaledCount {
  /// The nearest whole number to `count` times `share`, at least `minimum`.
  static func of(_ count: Int, share: Double, minimum: Int = 1) -> Int {
    max(minimum, Int((Double(count) * share).rounded()))
  }
}
