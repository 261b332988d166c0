public import SimEngine

/// How far a title has come.
public enum TitleStage: UInt8, CaseIterable, Sendable {
  /// Its uploader waits for a connection.
  case waiting
  /// Its uploader was refused or ran out of patience, and comes back later.
  case away
  /// Its parts arrive.
  case uploading
  /// It waits for its inspection.
  case queued
  /// It is inspected.
  case inspecting
  /// It is cut into chunks.
  case cutting
  /// Its tasks wait, run, or are done.
  case encoding
  /// It is entered into the catalog.
  case publishing
  /// Viewers can watch it.
  case published
  /// It will not be published.
  case failed

  /// Whether nothing more happens to it.
  public var isFinal: Bool { self == .published || self == .failed }
  /// Whether it has been accepted and work is being done on it.
  public var isInWork: Bool { rawValue >= TitleStage.queued.rawValue && !isFinal }
}

/// Why a title is not published.
public enum TitleFailure: UInt8, CaseIterable, Sendable {
  /// The uploader was refused or timed out too often.
  case gaveUp = 0
  /// A part of the upload failed too often.
  case uploadBroke = 1
  /// The inspection found the source unusable.
  case rejected = 2
  /// A task failed too often.
  case taskFailed = 3

  /// Name in tables.
  public var name: String {
    switch self {
    case .gaveUp: "gave_up"
    case .uploadBroke: "upload_broke"
    case .rejected: "rejected"
    case .taskFailed: "task_failed"
    }
  }
}

/// What happened to one title; times are `nil` until they come.
public struct TitleRecord: Sendable {
  /// Number in order of arrival, from 0.
  public let number: Int
  /// Position in `ingest.planned`, or `nil`.
  public let planned: Int?
  /// How urgent it is.
  public let priority: TitlePriority
  /// Length of the title.
  public let length: SimDuration
  /// Size of the source.
  public let sourceBytes: Int64
  /// Factor on the work of its tasks.
  public let complexity: Double
  /// Rate at which it is sent.
  public let bitsPerSecond: Double
  /// When its uploader first came.
  public let arrived: SimTime
  /// When it must be published.
  public let deadline: SimTime
  let isUnusable: Bool
  /// Names its random streams: planned titles and others count for themselves, so that one more moves no other.
  let identity: UInt64

  /// How far it has come.
  public internal(set) var stage = TitleStage.waiting
  /// Why it failed.
  public internal(set) var failure: TitleFailure?
  /// When its last part was there.
  public internal(set) var uploaded: SimTime?
  /// When its inspection ended.
  public internal(set) var inspected: SimTime?
  /// When its tasks could begin.
  public internal(set) var cut: SimTime?
  /// When the first stretch was there in all variants.
  public internal(set) var firstChunk: SimTime?
  /// When the first stretch with highlights was there in all variants.
  public internal(set) var firstHighlight: SimTime?
  /// When all highlights were there in all variants.
  public internal(set) var highlights: SimTime?
  /// When viewers could watch it.
  public internal(set) var published: SimTime?
  /// When it was published or failed.
  public internal(set) var ended: SimTime?
  /// How often its uploader came.
  public internal(set) var visits: UInt32 = 0
  /// Chunks.
  public internal(set) var chunks = 0
  /// Tasks of all kinds.
  public internal(set) var tasks = 0
  /// Worker time that was spent on it, useful or not, in nanoseconds.
  public internal(set) var workerNs: Int128 = 0
  /// Where its task graph is, while it has one.
  var graph: Int32 = -1
  /// Whether it has a connection of the front end.
  var holdsSlot = false

  /// Time from the first attempt to upload to publication.
  public var timeToPublish: SimDuration? { published.map { $0 - arrived } }
  /// Time from the first attempt to upload until the first highlight can be watched.
  public var timeToHighlight: SimDuration? { firstHighlight.map { $0 - arrived } }

  /// Whether the deadline was missed, as far as it is known at `time`; `nil` while it can still be met.
  public func missed(at time: SimTime) -> Bool? {
    if let published { return published > deadline }
    if failure != nil { return true }
    return time > deadline ? true : nil
  }
}
