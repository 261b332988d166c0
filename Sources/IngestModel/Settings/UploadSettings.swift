public import SimEngine
public import TextFormats

/// Length, size and complexity of what is uploaded.
public struct SourceSettings: SettingsGroup, Equatable {
  /// Mixture of title lengths.
  public var lengths: [SourceLengthSettings] = [SourceLengthSettings()]
  /// Mean bit rate of a source.
  public var bitsPerSecond: Int64 = 90_000_000
  /// Coefficient of variation of that rate between titles (lognormal).
  public var rateCV = 0.5
  /// Coefficient of variation of the work that a second of media takes between titles (lognormal, mean 1).
  public var complexityCV = 0.3

  /// Titles of 75 minutes at 90 Mbit/s.
  public init() {}

  /// The table of `ingest.source`.
  public static var settings: SettingsTable<SourceSettings> {
    SettingsTable<SourceSettings>("Length, size and complexity of what is uploaded.")
      .list("lengths", \.lengths, 1...16, "Mixture of title lengths.")
      .bitRate("rate", \.bitsPerSecond, 100_000...10_000_000_000, "Mean bit rate of a source.")
      .number("rate_cv", \.rateCV, 0...3, "Spread of that rate between titles (lognormal).")
      .number(
        "complexity_cv", \.complexityCV, 0...3,
        "Spread between titles of the work that a second of media takes (lognormal, mean 1).")
  }
}

/// One component of the mixture of lengths: lognormal with a mean and a coefficient of variation.
public struct SourceLengthSettings: SettingsGroup, Equatable {
  /// Weight of the component.
  public var share = 1.0
  /// Mean length.
  public var mean = SimDuration.milliseconds(4_500_000)
  /// Coefficient of variation.
  public var cv = 0.3

  /// 75 minutes on average.
  public init() {}

  /// The table of an element of `ingest.source.lengths`.
  public static var settings: SettingsTable<SourceLengthSettings> {
    SettingsTable<SourceLengthSettings>("One component of the mixture of lengths (lognormal).")
      .number("share", \.share, 0...1_000_000, "Weight of the component; the weights need not add up to 1.")
      .duration("mean", \.mean.nanoseconds, 60_000_000_000...86_400_000_000_000, "Mean length.")
      .number("cv", \.cv, 0...3, "Coefficient of variation.")
      .required("mean")
  }
}

/// The servers that uploads arrive at.
public struct FrontEndSettings: SettingsGroup, Equatable {
  /// Connections that may be open at once.
  public var slots = 48
  /// Uploaders that may wait for one; others are refused at once.
  public var queueLimit = 60
  /// How long an uploader waits for a connection.
  public var patience = SimDuration.milliseconds(600_000)
  /// How long an uploader waits for the answer to a synchronous upload, from its last part on.
  public var responseTimeout = SimDuration.milliseconds(10_800_000)
  /// How often an uploader comes back after a refusal or a timeout.
  public var retries = 3
  /// Time until it comes back for the first time; it doubles each time, up to an hour, half of it at random.
  public var retryDelay = SimDuration.milliseconds(300_000)

  /// 48 connections.
  public init() {}

  /// The table of `ingest.front_end`.
  public static var settings: SettingsTable<FrontEndSettings> {
    SettingsTable<FrontEndSettings>("The servers that uploads arrive at.")
      .integer("slots", \.slots, 1...1_000_000, "Connections that may be open at once.")
      .integer("queue", \.queueLimit, 0...1_000_000, "Uploaders that may wait for one; others are refused at once.")
      .duration(
        "patience", \.patience.nanoseconds, 0...86_400_000_000_000, "How long an uploader waits for a connection."
      )
      .duration(
        "response_timeout", \.responseTimeout.nanoseconds, 1_000_000_000...2_592_000_000_000_000,
        "How long an uploader waits for the answer to a synchronous upload, from its last part on."
      )
      .integer("retries", \.retries, 0...100, "How often an uploader comes back after a refusal or a timeout.")
      .duration(
        "retry_delay", \.retryDelay.nanoseconds, 1_000_000_000...3_600_000_000_000,
        "Time until it comes back for the first time; doubled each time up to an hour, half of it at random.")
  }

  /// When a refused uploader comes back.
  var retryPolicy: RetryPolicy {
    RetryPolicy(
      retries: retries, firstDelay: retryDelay, longestDelay: max(retryDelay, .milliseconds(3_600_000)), jitter: 0.5)
  }
}

/// Uploaders' links, and the parts that an upload is sent in.
public struct TransferSettings: SettingsGroup, Equatable {
  /// Mean rate of an uploader's link.
  public var bitsPerSecond: Int64 = 500_000_000
  /// Coefficient of variation of that rate between titles (lognormal).
  public var rateCV = 0.6
  /// The most that one connection of the front end takes.
  public var slotBitsPerSecond: Int64 = 1_000_000_000
  /// Size of a part.
  public var partBytes: Int64 = 64_000_000
  /// Probability that a part has to be sent again.
  public var partFailure = 0.002
  /// How often one part is sent again before the upload is given up.
  public var partRetries = 5

  /// Parts of 64 MB over 500 Mbit/s.
  public init() {}

  /// The table of `ingest.transfer`.
  public static var settings: SettingsTable<TransferSettings> {
    SettingsTable<TransferSettings>("Uploaders' links, and the parts that an upload is sent in.")
      .bitRate("rate", \.bitsPerSecond, 10_000...1_000_000_000_000, "Mean rate of an uploader's link.")
      .number("rate_cv", \.rateCV, 0...3, "Spread of that rate between titles (lognormal).")
      .bitRate(
        "slot_rate", \.slotBitsPerSecond, 10_000...1_000_000_000_000, "The most that one connection takes."
      )
      .bytes("part", \.partBytes, 100_000...5_000_000_000, "Size of a part.")
      .fraction("part_failure", \.partFailure, 0...0.9, "Probability that a part has to be sent again.")
      .integer("part_retries", \.partRetries, 0...1_000, "How often one part is sent again before the upload ends.")
  }
}

/// The look at a source before work is spent on it.
public struct InspectionSettings: SettingsGroup, Equatable {
  /// Titles that are inspected and cut at once.
  public var servers = 24
  /// Time of an inspection over the length of the title.
  public var timePerMedia = 0.17
  /// Time of cutting over the length of the title.
  public var cutTimePerMedia = 0.01
  /// Share of the sources that are found unusable.
  public var rejected = 0.01

  /// 5 minutes for a title of half an hour.
  public init() {}

  /// The table of `ingest.inspection`.
  public static var settings: SettingsTable<InspectionSettings> {
    SettingsTable<InspectionSettings>("The look at a source before work is spent on it.")
      .integer("servers", \.servers, 1...1_000_000, "Titles that are inspected and cut at once.")
      .number("time_per_media", \.timePerMedia, 0...10, "Time of an inspection over the length of the title.")
      .number("cut_time_per_media", \.cutTimePerMedia, 0...10, "Time of cutting over the length of the title.")
      .fraction("rejected", \.rejected, 0...1, "Share of the sources that are found unusable.")
  }
}
