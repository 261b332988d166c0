public import SimEngine
public import TextFormats

/// Who watches, when and for how long.
public struct ViewerSettings: SettingsGroup, Equatable {
  /// Memberships of the whole platform.
  public var memberships = 100_000
  /// Sessions that a membership starts in a day, on average.
  public var sessionsPerDay = 1.5
  /// Relative arrival rate at each full hour, midnight first; only the ratios to the mean count.
  public var diurnal = [Double](repeating: 1, count: 24)
  /// Share of the sessions that watch to the end of the title.
  public var completeShare = 0.2
  /// Shape parameters of the beta distribution of the watched share of what remains, for the other sessions.
  public var partial = PartialViewSettings()
  /// Share of the sessions that resume somewhere inside the title.
  public var resumeShare = 0.35
  /// When a viewer gives up.
  public var patience = PatienceSettings()
  /// Mixture of access classes.
  public var access: [AccessSettings] = []
  /// Mixture of device classes, drawn apart from the access class; empty for one that plays everything.
  public var devices: [DeviceSettings] = []
  /// How viewers jump within a title; `nil` where nobody does.
  public var seeks: SeekSettings?
  /// Round-trip time between viewer and edge site.
  public var roundTrip = RoundTripSettings()
  /// A title that everybody wants at one moment.
  public var premiere: PremiereSettings?

  /// What viewers ask of the services, where there are any.
  public var services = ServiceUseSettings()

  /// A small service without a premiere.
  public init() {}

  /// The table of `viewers`.
  public static var settings: SettingsTable<ViewerSettings> {
    SettingsTable<ViewerSettings>("Who watches, when and for how long.")
      .integer("memberships", \.memberships, 0...2_000_000_000, "Memberships of the whole platform.")
      .number(
        "sessions_per_day", \.sessionsPerDay, 0...1_000, "Sessions that a membership starts in a day, on average."
      )
      .numbers(
        "diurnal", \.diurnal, count: 24...24, 0...1_000,
        "Relative arrival rate at each full hour, midnight first, linear in between."
      )
      .fraction("complete_share", \.completeShare, 0...1, "Share of the sessions that watch to the end.")
      .group("partial", \.partial, "Watched share of what remains, for the other sessions (beta distribution).")
      .fraction("resume_share", \.resumeShare, 0...1, "Share of the sessions that resume inside the title.")
      .group("patience", \.patience, "When a viewer gives up.")
      .list("access", \.access, 1...16, "Mixture of access classes.")
      .list("devices", \.devices, 0...32, "Mixture of device classes; left out, every device plays everything.")
      .optionalGroup("seeks", \.seeks, "How viewers jump within a title; left out, nobody does.")
      .group("round_trip", \.roundTrip, "Round-trip time between viewer and edge site (lognormal).")
      .optionalGroup("premiere", \.premiere, "A title that everybody wants at one moment.")
      .group("services", \.services, "What viewers ask of 'services', and what they do when these fail.")
      .required("memberships", "access")
      .check { viewers, places in
        viewers.diurnal.contains { $0 > 0 }
          ? [] : [InputDiagnostic(place: places["diurnal"], message: "at least one hour needs a rate above 0")]
      }
  }
}

/// Beta distribution of the watched share of what remains of a title.
public struct PartialViewSettings: SettingsGroup, Equatable {
  /// First shape parameter.
  public var alpha = 0.8
  /// Second shape parameter.
  public var beta = 1.4

  /// Most views are short.
  public init() {}

  /// The table of `viewers.partial`.
  public static var settings: SettingsTable<PartialViewSettings> {
    SettingsTable<PartialViewSettings>("Beta distribution of the watched share of what remains of a title.")
      .number("alpha", \.alpha, 0.01...100, "First shape parameter.")
      .number("beta", \.beta, 0.01...100, "Second shape parameter.")
  }
}

/// When a viewer gives up: linearly more likely after a grace period at start-up, exponentially during a stall.
public struct PatienceSettings: SettingsGroup, Equatable {
  /// Nobody leaves before this start-up delay.
  public var startupGrace = SimDuration.milliseconds(2_000)
  /// Share of the viewers that each further second of start-up delay loses.
  public var lostPerSecond = 0.058
  /// Mean patience with one stall.
  public var stallMean = SimDuration.milliseconds(30_000)

  /// The published start-up figures; the stall figure is an assumption.
  public init() {}

  /// The table of `viewers.patience`.
  public static var settings: SettingsTable<PatienceSettings> {
    SettingsTable<PatienceSettings>("When a viewer gives up.")
      .duration(
        "startup_grace", \.startupGrace.nanoseconds, 0...3_600_000_000_000,
        "Nobody leaves before this start-up delay."
      )
      .fraction("lost_per_second", \.lostPerSecond, 0...1, "Share of the viewers lost with each further second.")
      .duration(
        "stall_mean", \.stallMean.nanoseconds, 1_000_000...3_600_000_000_000,
        "Mean patience with one stall (exponential).")
  }
}

/// One access class: a share of the viewers and the rate of their last mile.
public struct AccessSettings: SettingsGroup, Equatable {
  /// Weight of the class.
  public var share = 1.0
  /// Downstream rate.
  public var bitsPerSecond: Int64 = 25_000_000
  /// Round-trip time that the line adds to that of the path.
  public var roundTrip = SimDuration.zero
  /// Probability that a segment is lost on the line; it bounds what one connection reaches.
  public var loss = 0.0

  /// 25 Mbit/s.
  public init() {}

  /// The table of an element of `viewers.access`.
  public static var settings: SettingsTable<AccessSettings> {
    SettingsTable<AccessSettings>("One access class.")
      .number("share", \.share, 0...1_000_000, "Weight of the class; the weights need not add up to 1.")
      .bitRate("rate", \.bitsPerSecond, 1_000...1_000_000_000_000, "Downstream rate of the last mile.")
      .duration(
        "round_trip", \.roundTrip.nanoseconds, 0...10_000_000_000, "Round-trip time that the line adds to the path's."
      )
      .fraction(
        "loss", \.loss, 0...0.5,
        "Probability that a segment is lost on the line; it bounds the rate of a connection (PFTK)."
      )
      .required("share", "rate")
  }
}

/// How viewers jump within a title: at exponential intervals while it plays, over exponential distances.
public struct SeekSettings: SettingsGroup, Equatable {
  /// Jumps in an hour of viewing.
  public var perHour = 2.0
  /// Share of the jumps that go forward.
  public var forwardShare = 0.7
  /// Mean distance.
  public var distance = SimDuration.seconds(90)

  /// A jump every half hour.
  public init() {}

  /// The table of `viewers.seeks`.
  public static var settings: SettingsTable<SeekSettings> {
    SettingsTable<SeekSettings>("Jumps of the viewers within a title.")
      .number("per_hour", \.perHour, 0.001...10_000, "Jumps in an hour of viewing, at exponential intervals.")
      .fraction("forward_share", \.forwardShare, "Share of the jumps that go forward.")
      .duration(
        "distance", \.distance.nanoseconds, 1_000_000...86_400_000_000_000, "Mean distance of a jump (exponential).")
  }
}

/// Lognormal round-trip time between viewer and edge site.
public struct RoundTripSettings: SettingsGroup, Equatable {
  /// Mean.
  public var mean = SimDuration.milliseconds(18)
  /// Coefficient of variation.
  public var cv = 0.6

  /// 18 ms on average.
  public init() {}

  /// The table of `viewers.round_trip`.
  public static var settings: SettingsTable<RoundTripSettings> {
    SettingsTable<RoundTripSettings>("Round-trip time between viewer and edge site (lognormal).")
      .duration("mean", \.mean.nanoseconds, 1_000...10_000_000_000, "Mean.")
      .number("cv", \.cv, 0...3, "Coefficient of variation.")
  }
}

/// A premiere: extra sessions of one new title, rising to a peak and falling again, linearly.
public struct PremiereSettings: SettingsGroup, Equatable {
  /// Time of day of the release.
  public var at = SimDuration.zero
  /// Extra sessions of the whole platform.
  public var sessions = 0
  /// From the first arrivals to the highest rate; the rate is highest one `rise` after the release.
  public var rise = SimDuration.milliseconds(120_000)
  /// From the highest rate to the last arrival.
  public var fall = SimDuration.milliseconds(600_000)
  /// Length of the title.
  public var length = SimDuration.milliseconds(3_600_000)

  /// Nobody comes.
  public init() {}

  /// The table of `viewers.premiere`.
  public static var settings: SettingsTable<PremiereSettings> {
    SettingsTable<PremiereSettings>("Extra sessions of one new title, rising to a peak and falling again.")
      .clock("at", \.at.nanoseconds, "Time of day of the release.")
      .integer("sessions", \.sessions, 0...1_000_000_000, "Extra sessions of the whole platform.")
      .duration("rise", \.rise.nanoseconds, 1_000_000_000...86_400_000_000_000, "From release to the highest rate.")
      .duration("fall", \.fall.nanoseconds, 1_000_000_000...86_400_000_000_000, "From the highest rate to none.")
      .duration("length", \.length.nanoseconds, 4_000_000_000...86_400_000_000_000, "Length of the title.")
      .required("at", "sessions")
  }
}
