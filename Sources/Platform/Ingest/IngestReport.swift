import IngestModel
import SimEngine

/// Turns what the ingest partition saw into rows of the tables.
struct IngestReport {
  let snapshots: [IngestSnapshot]
  let titles: [TitleRecord]
  /// Cores of a worker.
  let cores: Int
  let workers: Int
  /// Names of the planned titles.
  let names: [String]
  /// Position of the planned title that viewers wait for.
  let premiere: Int?
  let warmupEnd: SimTime
  let end: SimTime

  func results(violations: [String]) -> ComponentResults {
    ComponentResults(summary: summary, timeseries: timeseries, tables: [table], violations: violations)
  }

  // MARK: - Summary

  private var summary: [MetricRow] {
    var rows: [MetricRow] = []
    func add(_ metric: String, _ unit: String, _ value: Double, entity: String = "all") {
      rows.append(MetricRow(component: "ingest", entity: entity, metric: metric, unit: unit, value: value))
    }
    // A run that was stopped during its warm-up has nothing to leave out yet.
    let cut = snapshots.lastIndex { $0.at <= warmupEnd && $0.at < end }
    let before = cut.map { snapshots[$0].totals } ?? IngestTotals()
    let since = cut.map { snapshots[$0].at } ?? .zero
    guard let last = snapshots.last else { return [] }
    let observed = last.totals - before
    let seconds = (last.at - since).seconds
    let levels = snapshots.filter { $0.at > since }.map(\.levels)
    // Unlike the sites, ingest is never a slice; who scales results up by the kept share must leave these alone.
    add("simulated_share", "", 1)
    add("uploads", "", Double(observed.arrived))
    add("titles_published", "", Double(observed.published))
    add("titles_failed", "", Double(observed.failed.reduce(0, +)))
    add("titles_in_progress_end", "", Double(last.levels.titlesInProgress))
    add("titles_in_progress_mean", "", Double(observed.titleNs) * 1e-9 / seconds)
    add("uploads_turned_away", "", Double(observed.refused + observed.impatient))
    add("uploads_refused", "", Double(observed.refused))
    add("uploads_timed_out", "", Double(observed.impatient))
    add("uploads_unanswered", "", Double(observed.unanswered))
    add("uploads_returned", "", Double(observed.returned))
    add("resent_parts", "", Double(observed.resentParts))
    add("source_bytes", "bytes", Double(observed.sourceBytes))
    for failure in TitleFailure.allCases {
      add("failed_\(failure.name)", "", Double(observed.failed[Int(failure.rawValue)]))
    }
    for priority in [nil] + TitlePriority.allCases.map(Optional.some) {
      let entity = priority?.rawValue ?? "all"
      let list = titles.filter { priority == nil || $0.priority == priority }
      if priority != nil, list.isEmpty { continue }
      let published = list.filter { ($0.published ?? .zero) > since }.compactMap(\.timeToPublish).map(\.seconds)
      let shown = list.filter { ($0.firstHighlight ?? .zero) > since }.compactMap(\.timeToHighlight).map(\.seconds)
      let decided = list.filter { decision($0).map { $0.at > since } ?? false }
      let missed = decided.count { decision($0)?.isMissed ?? false }
      add("time_to_publish_mean_s", "s", mean(published), entity: entity)
      for (name, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        add("time_to_publish_\(name)_s", "s", quantile(share, published), entity: entity)
      }
      add("time_to_highlight_p50_s", "s", quantile(0.5, shown), entity: entity)
      add("time_to_highlight_p95_s", "s", quantile(0.95, shown), entity: entity)
      add("deadlines_decided", "", Double(decided.count), entity: entity)
      add("deadlines_missed", "", Double(missed), entity: entity)
      add("deadline_miss_share", "", Double(missed) / Double(decided.count), entity: entity)
    }
    if let premiere {
      // A title that is not there yet is at least as late as the run is long.
      let title = titles.first { $0.planned == premiere }
      let deadline = title?.deadline ?? end
      let lateS = ((title?.published ?? max(end, deadline)) - deadline).seconds
      add("premiere_late_s", "s", max(0, lateS))
    }
    func level(_ of: (IngestLevels) -> Int) -> Double { mean(levels.map { Double(of($0)) }) }
    add("upload_queue_mean", "", level(\.waitingUploads))
    add("upload_queue_peak", "", Double(levels.map(\.waitingUploads).max() ?? 0))
    add("upload_slots_mean", "", level(\.heldSlots))
    add("inspection_queue_mean", "", level(\.waitingInspections))
    add("backlog_tasks_mean", "", level(\.readyTasks))
    add("backlog_tasks_peak", "", Double(levels.map(\.readyTasks).max() ?? 0))
    add("backlog_core_h_mean", "h", mean(levels.map { coreHours($0.readyNs) }))
    add("backlog_core_h_peak", "h", coreHours(levels.map(\.readyNs).max() ?? 0))
    add("tasks_done", "", Double(observed.tasksDone))
    add("attempts", "", Double(observed.attempts))
    add("copies", "", Double(observed.copies))
    add("copies_first", "", Double(observed.copiesFirst))
    add("chunks", "", Double(observed.chunks))
    add("forced_cuts", "", Double(observed.forcedCuts))
    add("written_bytes", "bytes", Double(observed.writtenBytes))
    add("busy_cores_mean", "", Double(observed.busyNs) * 1e-9 * Double(cores) / seconds)
    add("core_hours", "h", coreHours(observed.busyNs))
    for ending in AttemptEnd.allCases {
      add("core_hours_\(ending.name)", "h", coreHours(observed.attemptNs[ending.rawValue]))
    }
    let wasted = observed.attemptNs.reduce(0, +) - observed.attemptNs[AttemptEnd.useful.rawValue]
    add("core_hours_wasted", "h", coreHours(wasted))
    let whole = Double(observed.busyNs) + Double(observed.idleNs) + Double(observed.awayNs)
    add("worker_utilisation", "", Double(observed.busyNs) / (whole - Double(observed.awayNs)))
    add("workers_away_share", "", Double(observed.awayNs) / whole)
    return rows
  }

  /// When it was known whether a title meets its deadline, and whether it does.
  private func decision(_ title: TitleRecord) -> (at: SimTime, isMissed: Bool)? {
    guard let isMissed = title.missed(at: end) else { return nil }
    return (isMissed ? min(title.deadline, title.ended ?? title.deadline) : title.published ?? end, isMissed)
  }

  private func coreHours(_ workerNs: Int128) -> Double { Double(workerNs) * Double(cores) / 3.6e12 }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// The value of rank ceil(share n); NaN of nothing.
  private func quantile(_ share: Double, _ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let rank = Int((share * Double(values.count)).rounded(.up))
    return values.sorted()[min(max(rank, 1), values.count) - 1]
  }

  // MARK: - Time series

  private var timeseries: [MetricRow] {
    var rows: [MetricRow] = []
    var before = IngestTotals()
    var since = SimTime.zero
    for snapshot in snapshots where snapshot.at > since {
      let window = snapshot.totals - before
      let seconds = (snapshot.at - since).seconds
      func add(_ metric: String, _ unit: String, _ value: Double) {
        rows.append(
          MetricRow(
            component: "ingest", entity: "all", metric: metric, unit: unit, value: value, timeS: snapshot.at.seconds))
      }
      add("uploads_per_h", "1/h", Double(window.arrived) * 3_600 / seconds)
      add("titles_published", "", Double(window.published))
      add("uploads_turned_away", "", Double(window.refused + window.impatient))
      add("upload_queue", "", Double(snapshot.levels.waitingUploads))
      add("upload_slots", "", Double(snapshot.levels.heldSlots))
      add("titles_in_progress", "", Double(snapshot.levels.titlesInProgress))
      add("backlog_tasks", "", Double(snapshot.levels.readyTasks))
      add("backlog_core_h", "h", coreHours(snapshot.levels.readyNs))
      add("busy_workers", "", Double(window.busyNs) * 1e-9 / seconds)
      add("away_workers", "", Double(window.awayNs) * 1e-9 / seconds)
      before = snapshot.totals
      since = snapshot.at
    }
    return rows
  }

  // MARK: - Titles

  /// ingest.csv: a row a title, in order of arrival, warm-up included.
  private var table: ComponentTable {
    var table = ComponentTable(
      name: "ingest",
      columns: [
        "title", "name", "priority", "stage", "failure", "length_s", "source_bytes", "visits", "arrived_s",
        "uploaded_s", "inspected_s", "cut_s", "chunks", "tasks", "first_chunk_s", "first_highlight_s", "highlights_s",
        "published_s", "deadline_s", "missed", "core_s",
      ])
    for title in titles {
      func time(_ time: SimTime?) -> ComponentTable.Field { .number(time?.seconds) }
      table.rows.append([
        .integer(Int64(title.number)), .text(title.planned.map { names[$0] } ?? ""), .text(title.priority.rawValue),
        .text("\(title.stage)"), .text(title.failure?.name ?? ""), .number(title.length.seconds),
        .integer(title.sourceBytes), .integer(Int64(title.visits)), time(title.arrived), time(title.uploaded),
        time(title.inspected), time(title.cut), .integer(Int64(title.chunks)), .integer(Int64(title.tasks)),
        time(title.firstChunk), time(title.firstHighlight), time(title.highlights), time(title.published),
        time(title.deadline), .text(title.missed(at: end).map { $0 ? "yes" : "no" } ?? ""),
        .number(Double(title.workerNs) * 1e-9 * Double(cores)),
      ])
    }
    return table
  }
}
