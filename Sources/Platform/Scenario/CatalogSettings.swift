public import SimEngine
public import TextFormats

/// Titles, their popularity and their media.
public struct CatalogSettings: SettingsGroup, Equatable {
  /// DASH manifest of the real ladder whose segment sizes every title scales, relative to the scenario file.
  public var manifest = "media/manifest.mpd"
  /// Number of titles, besides a premiere.
  public var titles = 1_000
  /// How requests spread over titles.
  public var popularity = PopularitySettings()
  /// Mixture of title lengths.
  public var lengths: [TitleLengthSettings] = []
  /// Mean bit rate of each video rendition, lowest first; empty keeps the files' own rates.
  public var rungsBitsPerSecond: [Int64] = []
  /// Lines of each video rendition, lowest first; empty keeps the files' own resolutions.
  public var heights: [Int] = []
  /// Codecs that titles are encoded with; empty for H.264 alone.
  public var codecs: [CodecSettings] = []
  /// Coefficient of variation of the titles' complexity, which scales a title's bit rates (lognormal, mean 1).
  public var complexityCV = 0.35

  /// 1000 titles with the ladder's own rates.
  public init() {}

  /// One title: what a run without viewers has.
  static var single: CatalogSettings {
    var settings = CatalogSettings()
    settings.titles = 1
    settings.lengths = [TitleLengthSettings()]
    return settings
  }

  /// The table of `catalog`.
  public static var settings: SettingsTable<CatalogSettings> {
    SettingsTable<CatalogSettings>("Titles, their popularity and their media.")
      .text(
        "manifest", \.manifest,
        "DASH manifest of a real ladder, relative to the scenario file; its segments give every title's sizes."
      )
      .integer("titles", \.titles, 1...2_000_000, "Number of titles, besides a premiere.")
      .group("popularity", \.popularity, "How requests spread over titles.")
      .list("lengths", \.lengths, 1...16, "Mixture of title lengths.")
      .value(
        "rungs", \.rungsBitsPerSecond, .list(.quantity(.bitRate, 1_000...1_000_000_000), 0...32, initial: 1_000_000),
        "Mean bit rate of each video rendition, lowest first; left out, the files keep their own rates."
      )
      .value(
        "heights", \.heights, .list(.integer(1...100_000), 0...32, initial: 1_080),
        "Lines of each video rendition, lowest first; left out, the files keep their own."
      )
      .list("codecs", \.codecs, 0...8, "Codecs that titles are encoded with; left out, H.264 alone.")
      .number("complexity_cv", \.complexityCV, 0...3, "Spread of bit rates between titles (lognormal, mean 1).")
      .required("lengths")
  }
}

/// Zipf-Mandelbrot popularity: the title of rank k is asked for in proportion to 1 / (k + shift)^exponent.
public struct PopularitySettings: SettingsGroup, Equatable {
  /// Exponent of the power law.
  public var exponent = 0.9
  /// Rank shift that flattens the head.
  public var shift = 10.0

  /// Exponent 0.9, head flattened over the first ten ranks.
  public init() {}

  /// The table of `catalog.popularity`.
  public static var settings: SettingsTable<PopularitySettings> {
    SettingsTable<PopularitySettings>("Zipf-Mandelbrot: rank k has weight 1 / (k + shift)^exponent.")
      .number("exponent", \.exponent, 0...5, "Exponent of the power law.")
      .number("shift", \.shift, 0...1_000_000, "Rank shift; larger flattens the head.")
  }
}

/// One component of the mixture of title lengths: lognormal with a mean and a coefficient of variation.
public struct TitleLengthSettings: SettingsGroup, Equatable {
  /// Weight of the component.
  public var share = 1.0
  /// Mean length.
  public var mean = SimDuration.milliseconds(2_520_000)
  /// Coefficient of variation.
  public var cv = 0.35

  /// 42 minutes on average.
  public init() {}

  /// The table of an element of `catalog.lengths`.
  public static var settings: SettingsTable<TitleLengthSettings> {
    SettingsTable<TitleLengthSettings>("One component of the mixture of title lengths (lognormal).")
      .number("share", \.share, 0...1_000_000, "Weight of the component; the weights need not add up to 1.")
      .duration("mean", \.mean.nanoseconds, 4_000_000_000...86_400_000_000_000, "Mean length.")
      .number("cv", \.cv, 0...3, "Coefficient of variation.")
      .required("share", "mean")
  }
}
