/// Everything that ingest counts, as running totals since the start of the run.
public struct IngestTotals: Sendable, Equatable {
  /// Titles whose uploader came.
  public var arrived: Int64 = 0
  /// Titles that were accepted whole, counted once a visit.
  public var accepted: Int64 = 0
  /// Titles that viewers can watch.
  public var published: Int64 = 0
  /// Titles that will not be published, by cause.
  public var failed = [Int64](repeating: 0, count: TitleFailure.allCases.count)
  /// Uploaders that found neither a connection nor a place in the queue.
  public var refused: Int64 = 0
  /// Uploaders that waited for a connection in vain.
  public var impatient: Int64 = 0
  /// Synchronous uploads whose answer did not come in time; their work is thrown away.
  public var unanswered: Int64 = 0
  /// Uploaders that came again.
  public var returned: Int64 = 0
  /// Parts of uploads.
  public var parts: Int64 = 0
  /// Attempts beyond the first one of a part.
  public var resentParts: Int64 = 0
  /// Bytes of sources that were accepted.
  public var sourceBytes: Int128 = 0
  /// Chunks cut.
  public var chunks: Int64 = 0
  /// Chunks longer than wished.
  public var overlongChunks: Int64 = 0
  /// Cuts where a keyframe had to be made.
  public var forcedCuts: Int64 = 0
  /// Tasks that became ready, done, and dropped because their title failed or was given up.
  public var tasksReleased: Int64 = 0
  /// Tasks that were done.
  public var tasksDone: Int64 = 0
  /// Tasks that were dropped undone.
  public var tasksDropped: Int64 = 0
  /// Attempts that began.
  public var attempts: Int64 = 0
  /// Attempts by how they ended.
  public var attemptsEnded = [Int64](repeating: 0, count: AttemptEnd.allCases.count)
  /// Worker time of attempts by how they ended, in nanoseconds.
  public var attemptNs = [Int128](repeating: 0, count: AttemptEnd.allCases.count)
  /// Copies of late tasks.
  public var copies: Int64 = 0
  /// Copies that ended before the original.
  public var copiesFirst: Int64 = 0
  /// Objects written.
  public var writes: Int64 = 0
  /// Bytes of these.
  public var writtenBytes: Int128 = 0
  /// Worker time busy, idle and away, in nanoseconds.
  public var busyNs: Int128 = 0
  /// Worker time without work, in nanoseconds.
  public var idleNs: Int128 = 0
  /// Worker time lost to preemption, failures and outages, in nanoseconds.
  public var awayNs: Int128 = 0
  /// Titles that came and have neither been published nor failed, times nanoseconds.
  public var titleNs: Int128 = 0

  /// Nothing yet.
  public init() {}

  /// What came between two moments.
  public static func - (later: IngestTotals, earlier: IngestTotals) -> IngestTotals {
    var difference = later
    for total in counts { difference[keyPath: total] -= earlier[keyPath: total] }
    for total in amounts { difference[keyPath: total] -= earlier[keyPath: total] }
    for index in AttemptEnd.allCases.indices { difference.attemptNs[index] -= earlier.attemptNs[index] }
    for index in AttemptEnd.allCases.indices { difference.attemptsEnded[index] -= earlier.attemptsEnded[index] }
    for index in TitleFailure.allCases.indices { difference.failed[index] -= earlier.failed[index] }
    return difference
  }

  private static let counts: [any WritableKeyPath<IngestTotals, Int64> & Sendable] = [
    \.arrived, \.accepted, \.published, \.refused, \.impatient, \.unanswered, \.returned, \.parts, \.resentParts,
    \.chunks, \.overlongChunks, \.forcedCuts, \.tasksReleased, \.tasksDone, \.tasksDropped, \.attempts,
    \.copies, \.copiesFirst, \.writes,
  ]
  private static let amounts: [any WritableKeyPath<IngestTotals, Int128> & Sendable] = [
    \.busyNs, \.idleNs, \.awayNs, \.titleNs, \.sourceBytes, \.writtenBytes,
  ]
}

/// How an attempt at a task ends.
public enum AttemptEnd: Int, CaseIterable, Sendable {
  /// The task is done by it.
  case useful = 0
  /// It failed by itself.
  case failed = 1
  /// Its machine was taken away or failed.
  case lost = 2
  /// Another attempt at the task was first.
  case overtaken = 3
  /// Its title failed or was given up.
  case dropped = 4

  /// Name in tables.
  public var name: String { "\(self)" }
}

/// How much of everything there is at one moment.
public struct IngestLevels: Sendable, Equatable {
  /// Uploaders that wait for a connection.
  public var waitingUploads = 0
  /// Connections that are held.
  public var heldSlots = 0
  /// Titles that wait for their inspection.
  public var waitingInspections = 0
  /// Titles that came and have neither been published nor failed.
  public var titlesInProgress = 0
  /// Titles whose tasks wait or run.
  public var titlesEncoding = 0
  /// Tasks that could begin if there were a worker.
  public var readyTasks = 0
  /// Expected worker time of these, in nanoseconds.
  public var readyNs: Int128 = 0
  /// Workers that work.
  public var busyWorkers = 0
  /// Workers that are away.
  public var awayWorkers = 0
}
