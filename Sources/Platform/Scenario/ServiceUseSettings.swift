public import SimEngine
public import TextFormats

/// What viewers ask of the services, and what they do when these fail.
public struct ServiceUseSettings: SettingsGroup, Equatable {
  /// Share of the sessions that search for their title; the others take it from the home page.
  public var searchShare = 0.6
  /// Share of the sessions that pay for something before they watch.
  public var paymentShare = 0.01
  /// Time between two writes of the position while a session plays.
  public var resumeWriteInterval = SimDuration.milliseconds(60_000)
  /// How long the player waits for the services before it tries again.
  public var timeout = SimDuration.milliseconds(4_000)
  /// Further attempts after a failed one.
  public var retries = 3
  /// Delay before the first further attempt; it doubles each time.
  public var backoff = SimDuration.milliseconds(500)
  /// Share of each delay that is random.
  public var jitter = 0.5

  /// Three retries.
  public init() {}

  /// The table of `viewers.services`.
  public static var settings: SettingsTable<ServiceUseSettings> {
    SettingsTable<ServiceUseSettings>("What viewers ask of the services, and what they do when these fail.")
      .fraction("search_share", \.searchShare, "Share of the sessions that search; the others use the home page.")
      .fraction("payment_share", \.paymentShare, "Share of the sessions that pay for something before they watch.")
      .duration(
        "resume_write_interval", \.resumeWriteInterval.nanoseconds, 1_000_000_000...86_400_000_000_000,
        "Time between two writes of the position while a session plays."
      )
      .duration(
        "timeout", \.timeout.nanoseconds, 10_000_000...600_000_000_000, "How long the player waits for an answer."
      )
      .integer("retries", \.retries, 0...100, "Further attempts after a failed one.")
      .duration(
        "backoff", \.backoff.nanoseconds, 0...60_000_000_000, "Delay before the first further attempt; then doubling."
      )
      .fraction("jitter", \.jitter, "Share of each delay that is random.")
  }
}
