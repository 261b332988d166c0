public import Platform
public import Reporting
public import SimEngine

/// What one replication of one configuration left: all that tables, pages and comparisons are made of.
///
/// It is the same whether it has just been simulated or was read back from the results of an earlier run.
public struct Replication: Sendable {
  /// Number of the replication, from 0.
  public var number: UInt64
  /// Digest of every event.
  public var digest: UInt64
  /// Events.
  public var events: UInt64
  /// Whether it reached the scenario's end.
  public var isComplete: Bool
  /// Simulated time that was reached.
  public var reached: SimTime
  /// Rows of summary.csv.
  public var summary: [MetricRow]
  /// Rows of timeseries.csv.
  public var timeseries: [MetricRow]
  /// The other tables, in the order in which they are written.
  public var tables: [NamedRows]

  /// A table by its name.
  public struct NamedRows: Sendable {
    /// Name of the file without `.csv`.
    public var name: String
    /// Its rows, without the columns that say which run they belong to.
    public var rows: CSVRows
  }

  /// The value of a platform-wide metric; `nil` where the run has none.
  public func value(_ metric: String) -> Double? {
    summary.first { $0.entity == "all" && $0.metric == metric }?.value
  }
}

extension Replication {
  /// What a run found.
  init(_ results: PlatformResults) {
    number = results.identity.replication
    digest = results.digest.value
    events = results.events
    isComplete = results.isComplete
    reached = results.reached
    summary = results.summary
    timeseries = results.timeseries
    tables = [
      NamedRows(name: "cdn", rows: Self.rows(results.cdn)),
      NamedRows(name: "sessions", rows: Self.rows(results.sessions)),
    ]
    if let requests = results.requests { tables.append(NamedRows(name: "cmcd", rows: Self.rows(requests))) }
    for table in results.componentTables { tables.append(NamedRows(name: table.name, rows: Self.rows(table))) }
  }

  private static func rows(_ table: ComponentTable) -> CSVRows {
    var csv = CSVRows(columns: table.columns)
    for row in table.rows {
      for field in row {
        switch field {
        case .text(let text): csv.append(text)
        case .integer(let number): csv.append(number)
        case .number(let number): csv.append(known: number)
        }
      }
      csv.endRow()
    }
    return csv
  }

  private static func rows(_ cdn: [CDNRow]) -> CSVRows {
    var csv = CSVRows(
      columns: ["tier", "entity", "requests", "requested_bytes", "hits", "hit_bytes", "hit_ratio", "byte_hit_ratio"]
        + ["memory_hits", "memory_hit_bytes", "coalesced", "confirmations", "fetches", "fetched_bytes", "offload"]
        + ["sent_bytes", "evictions", "resident_bytes", "disk_read_bytes", "disk_written_bytes"]
        + ["first_byte_p50_ms", "first_byte_p95_ms", "first_byte_p99_ms", "server_imbalance", "cost_usd"]
        + ["refused", "broken_downloads", "steered_away", "steered_here"]
        + ["prefetched_bytes", "prefetch_used_bytes", "prefetch_wasted_bytes", "fill_bytes"]
        + CDNRow.missCauses.map { "miss_\($0)" })
    for row in cdn {
      csv.append(row.tier)
      csv.append(row.entity)
      csv.append(row.requests)
      csv.append(row.requestedBytes)
      csv.append(row.hits)
      csv.append(row.hitBytes)
      csv.append(known: Double(row.hits) / Double(row.requests))
      csv.append(known: Double(row.hitBytes) / Double(row.requestedBytes))
      csv.append(row.memoryHits)
      csv.append(row.memoryHitBytes)
      csv.append(row.coalesced)
      csv.append(row.confirmations)
      csv.append(row.fetches)
      csv.append(row.fetchedBytes)
      csv.append(known: row.offload)
      csv.append(row.sentBytes)
      csv.append(row.evictions)
      csv.append(row.residentBytes)
      csv.append(row.diskReadBytes)
      csv.append(row.diskWrittenBytes)
      for share in [0.5, 0.95, 0.99] { csv.append(known: row.firstByteTimes.map { $0.quantile(share) * 1_000 }) }
      csv.append(known: row.serverImbalance)
      csv.append(known: row.cost)
      csv.append(row.refused)
      csv.append(row.brokenDownloads)
      csv.append(row.steeredAway)
      csv.append(row.steeredHere)
      csv.append(row.prefetchedBytes)
      csv.append(row.prefetchUsedBytes)
      csv.append(row.prefetchWastedBytes)
      csv.append(row.fillBytes)
      for misses in row.missesByCause { csv.append(misses) }
      csv.endRow()
    }
    return csv
  }

  private static func rows(_ sessions: [SessionRecord]) -> CSVRows {
    var csv = CSVRows(columns: [
      "site", "process", "session", "arrived_s", "title", "access_class", "rtt_ms", "offset_s", "startup_s",
      "played_s", "stalls", "stalled_s", "mean_bitrate_kbps", "switches", "received_bytes", "ending",
      "device", "codec", "seeks",
    ])
    for session in sessions {
      csv.append("edge-\(session.site)")
      csv.append(session.process)
      csv.append(session.number)
      csv.append(known: session.arrivedAt.seconds)
      csv.append(session.title)
      csv.append(session.accessClass)
      csv.append(known: session.roundTrip.milliseconds)
      csv.append(known: session.offset.seconds)
      csv.append(known: session.startupDelay?.seconds)
      csv.append(known: session.played.seconds)
      csv.append(session.stalls)
      csv.append(known: session.stalled.seconds)
      csv.append(known: session.meanBitrateKbps)
      csv.append(session.switches)
      csv.append(session.receivedBytes)
      csv.append(session.ending.rawValue)
      csv.append(session.device)
      csv.append(session.codec)
      csv.append(session.seeks)
      csv.endRow()
    }
    return csv
  }
}
