public import SimEngine

/// The rows of all members: live ones, which each cost a read a little, and rolled-up chunks of many.
///
/// A member with r rows and a limit of L holds r mod L live rows and r div L chunks. Reading it takes
///
///     base + (r mod L) x row_read + (r div L) x chunk_read      instead of      base + r x row_read,
///
/// and it occupies
///
///     (r mod L) x row + (r div L) x (L x row / compression + chunk)      instead of      r x row
///
/// bytes a copy. Every L-th write pays for it: it triggers the compression of a chunk on every replica.
public struct HistoryGrowth: Sendable {
  /// The settings.
  public let settings: HistoryGrowthSettings
  private var live: [UInt32]
  private var chunks: [UInt32]
  /// Live rows of all members.
  public private(set) var liveRows: Int64 = 0
  /// Chunks of all members.
  public private(set) var chunkCount: Int64 = 0
  /// Chunks written since the start of the run.
  public private(set) var rollUps: Int64 = 0
  /// Rows written since the start of the run.
  public private(set) var rowsWritten: Int64 = 0
  /// Rows that members had at the start.
  public let rowsAtStart: Int64

  /// The histories of so many members; each has a geometric number of rows from the past.
  ///
  /// - Complexity: O(members), 8 bytes a member.
  public init(_ settings: HistoryGrowthSettings, members: Int, _ stream: RandomStream) {
    self.settings = settings
    var stream = stream
    live = Array(repeating: 0, count: max(1, members))
    chunks = live
    var rows: Int64 = 0
    if settings.rowsPerMember > 0 {
      for member in 0..<members {
        let count = stream.geometric(mean: settings.rowsPerMember)
        rows += Int64(count)
        if settings.rollsUp {
          live[member] = UInt32(count % settings.liveRows)
          chunks[member] = UInt32(count / settings.liveRows)
        } else {
          live[member] = UInt32(count)
        }
        liveRows += Int64(live[member])
        chunkCount += Int64(chunks[member])
      }
    }
    rowsAtStart = rows
  }

  /// Time that a replica needs for the rows of a member, besides the base of a read.
  public func readTime(of member: Int) -> SimDuration {
    settings.rowRead * Int64(live[member]) + settings.chunkRead * Int64(chunks[member])
  }

  /// Time that it would need if nothing had ever been rolled up.
  public func readTimeWithoutRollUp(of member: Int) -> SimDuration {
    settings.rowRead * (Int64(live[member]) + Int64(chunks[member]) * Int64(settings.liveRows))
  }

  /// Adds a row to a member; returns the work of a replica to roll its rows up, if that is due.
  public mutating func append(to member: Int) -> SimDuration? {
    rowsWritten += 1
    live[member] += 1
    liveRows += 1
    guard settings.rollsUp, Int(live[member]) >= settings.liveRows else { return nil }
    liveRows -= Int64(live[member])
    let work = settings.rowRead * Int64(live[member]) + settings.chunkWrite
    live[member] = 0
    chunks[member] += 1
    chunkCount += 1
    rollUps += 1
    return work
  }

  /// Rows of all members, rolled up or not.
  public var rows: Int64 { liveRows + chunkCount * Int64(settings.liveRows) }

  /// Bytes of one copy of everything.
  public var bytes: Double {
    let chunk = Double(settings.liveRows) * Double(settings.rowBytes) / settings.compression
    return Double(liveRows) * Double(settings.rowBytes) + Double(chunkCount) * (chunk + Double(settings.chunkBytes))
  }

  /// Bytes of one copy if nothing had ever been rolled up.
  public var bytesWithoutRollUp: Double { Double(rows) * Double(settings.rowBytes) }

  /// What does not hold, or `nil`.
  public var invariantViolation: String? {
    rows == rowsAtStart + rowsWritten
      ? nil : "history: \(rows) rows are there, \(rowsAtStart) were and \(rowsWritten) were written"
  }
}
