public import SimEngine
public import TextFormats

/// How titles come into the platform: uploads, inspection, chunks, encoding tasks, workers, deadlines.
public struct IngestSettings: SettingsGroup, Equatable {
  /// Uploads of the whole platform a second, at all times.
  public var uploadsPerSecond = 40.0 / 3_600
  /// Stretches of time with further uploads.
  public var bursts: [UploadBurstSettings] = []
  /// Titles that are known beforehand, each with its own deadline.
  public var planned: [PlannedTitleSettings] = []
  /// Mixture of the urgencies of the other titles.
  public var classes: [TitleClassSettings] = [TitleClassSettings()]
  /// Length, size and complexity of what is uploaded.
  public var source = SourceSettings()
  /// Whether an uploader waits for the processing.
  public var upload = UploadMode.asynchronous
  /// The servers that uploads arrive at.
  public var frontEnd = FrontEndSettings()
  /// Uploaders' links, and the parts that an upload is sent in.
  public var transfer = TransferSettings()
  /// The look at a source before work is spent on it.
  public var inspection = InspectionSettings()
  /// How a source is cut.
  public var chunks = ChunkSettings()
  /// What is made of every chunk.
  public var encoding = EncodingSettings()
  /// The machines that do it.
  public var workers = WorkerSettings()
  /// Which task goes first, and what becomes of slow and failed ones.
  public var scheduler = SchedulerSettings()
  /// From the last task to the catalog.
  public var publishing = PublishingSettings()

  /// 40 uploads an hour on 2000 workers.
  public init() {}

  /// The table of `ingest`.
  public static var settings: SettingsTable<IngestSettings> {
    SettingsTable<IngestSettings>("How titles come into the platform.")
      .rate("uploads", \.uploadsPerSecond, 0...1_000, "Uploads of the whole platform, at all times (Poisson).")
      .list("bursts", \.bursts, 0...64, "Stretches of time with further uploads.")
      .list("planned", \.planned, 0...1_000, "Titles known beforehand, each with its own deadline.")
      .list("classes", \.classes, 1...16, "Mixture of the urgencies of the other titles.")
      .group("source", \.source, "Length, size and complexity of what is uploaded.")
      .choice("upload", \.upload, "Whether an uploader waits for the processing (synchronous) or only hands over.")
      .group("front_end", \.frontEnd, "The servers that uploads arrive at.")
      .group("transfer", \.transfer, "Uploaders' links, and the parts that an upload is sent in.")
      .group("inspection", \.inspection, "The look at a source before work is spent on it.")
      .group("chunks", \.chunks, "How a source is cut.")
      .group("encoding", \.encoding, "What is made of every chunk.")
      .group("workers", \.workers, "The machines that do it.")
      .group("scheduler", \.scheduler, "Which task goes first, and what becomes of slow and failed ones.")
      .group("publishing", \.publishing, "From the last task to the catalog.")
      .check { ingest, places in
        var findings: [InputDiagnostic] = []
        if !ingest.classes.contains(where: { $0.share > 0 }) {
          findings.append(places.finding("classes", "at least one class needs a share above 0"))
        }
        let premieres = ingest.planned.filter(\.isPremiere).count
        if premieres > 1 {
          findings.append(
            places.finding("planned", "\(premieres) titles claim to be the premiere of 'viewers.premiere'"))
        }
        return findings
      }
  }
}

/// Whether an uploader waits for the processing.
public enum UploadMode: String, CaseIterable, Sendable {
  /// The connection stays open until the title is published, and holds its place at the front end for so long.
  case synchronous
  /// The upload is accepted as soon as its last part is there; the rest happens from a queue.
  case asynchronous
}

/// How urgent a title is.
public enum TitlePriority: String, CaseIterable, Sendable {
  /// Everybody waits for it.
  case premiere
  /// It is to be there tomorrow.
  case nextDay = "next_day"
  /// It fills the catalog.
  case catalog

  /// Position in order of urgency, 0 first.
  public var rank: Int { TitlePriority.allCases.firstIndex(of: self) ?? 0 }
}

/// A stretch of time with further uploads.
public struct UploadBurstSettings: SettingsGroup, Equatable {
  /// Time of day at which it begins.
  public var at = SimDuration.zero
  /// How long it lasts.
  public var lasts = SimDuration.milliseconds(1_800_000)
  /// Uploads a second beside the usual ones.
  public var uploadsPerSecond = 0.0

  /// Half an hour of nothing.
  public init() {}

  /// The table of an element of `ingest.bursts`.
  public static var settings: SettingsTable<UploadBurstSettings> {
    SettingsTable<UploadBurstSettings>("A stretch of time with further uploads.")
      .clock("at", \.at.nanoseconds, "Time of day at which it begins.")
      .duration("for", \.lasts.nanoseconds, 1_000_000_000...2_592_000_000_000_000, "How long it lasts.")
      .rate("uploads", \.uploadsPerSecond, 0...1_000, "Uploads beside the usual ones.")
      .required("at", "uploads")
  }
}

/// A title that is known beforehand.
public struct PlannedTitleSettings: SettingsGroup, Equatable {
  /// Name in ingest.csv.
  public var name = ""
  /// Time of day at which its upload begins.
  public var at = SimDuration.zero
  /// Time of day by which it must be published.
  public var deadline = SimDuration.zero
  /// Length of the title.
  public var length = SimDuration.milliseconds(3_000_000)
  /// How urgent it is.
  public var priority = TitlePriority.premiere
  /// Whether it is the title of `viewers.premiere`.
  public var isPremiere = false

  /// A nameless title of 50 minutes.
  public init() {}

  /// The table of an element of `ingest.planned`.
  public static var settings: SettingsTable<PlannedTitleSettings> {
    SettingsTable<PlannedTitleSettings>("A title that is known beforehand.")
      .text("name", \.name, "Name in ingest.csv.")
      .clock("at", \.at.nanoseconds, "Time of day at which its upload begins.")
      .clock("deadline", \.deadline.nanoseconds, "Time of day by which it must be published.")
      .duration("length", \.length.nanoseconds, 60_000_000_000...86_400_000_000_000, "Length of the title.")
      .choice("priority", \.priority, "How urgent it is.")
      .flag("premiere", \.isPremiere, "Whether it is the title of viewers.premiere, which then waits for it.")
      .required("name", "at", "deadline", "length")
  }
}

/// A share of the titles that are not planned, and how urgent they are.
public struct TitleClassSettings: SettingsGroup, Equatable {
  /// How urgent they are.
  public var priority = TitlePriority.catalog
  /// Weight of the class.
  public var share = 1.0
  /// Time from the begin of the upload by which they must be published.
  public var deadline = SimDuration.milliseconds(86_400_000)

  /// Catalog titles with a day's time.
  public init() {}

  /// The table of an element of `ingest.classes`.
  public static var settings: SettingsTable<TitleClassSettings> {
    SettingsTable<TitleClassSettings>("A share of the titles, and how urgent they are.")
      .choice("priority", \.priority, "How urgent they are.")
      .number("share", \.share, 0...1_000_000, "Weight of the class; the weights need not add up to 1.")
      .duration(
        "deadline", \.deadline.nanoseconds, 60_000_000_000...2_592_000_000_000_000,
        "Time from the first attempt to upload by which they must be published.")
  }
}
