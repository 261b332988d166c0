import BackendModel
import SimEngine

// The services' rows in the tables of a run.

extension ServicesState {
  func results(end: SimTime) -> ComponentResults {
    var results = ComponentResults()
    results.violations = violations
    let cut = observation.warmup > .zero ? snapshots.last { $0.at <= .zero + observation.warmup && $0.at < end } : nil
    if let last = snapshots.last { results.summary = summary(from: cut, to: last) }
    var earlier: ServiceSnapshot?
    for snapshot in snapshots {
      results.timeseries += window(from: earlier, to: snapshot)
      earlier = snapshot
    }
    if !incidents.isEmpty {
      results.tables.append(
        ComponentTable(
          name: "service_events", columns: ["t_s", "component", "event"],
          rows: incidents.map { [.number($0.at.seconds), .text($0.component), .text($0.what)] }))
    }
    return results
  }

  // MARK: - Summary

  private func summary(from: ServiceSnapshot?, to: ServiceSnapshot) -> [MetricRow] {
    var rows: [MetricRow] = []
    let seconds = (to.at - (from?.at ?? .zero)).seconds
    func add(_ component: String, _ entity: String, _ metric: String, _ unit: String, _ value: Double) {
      rows.append(MetricRow(component: component, entity: entity, metric: metric, unit: unit, value: value))
    }
    func count(_ component: String, _ metric: String, _ value: (ServiceSnapshot) -> Int64) {
      add(component, "all", metric, "", Double(value(to) - (from.map(value) ?? 0)))
    }
    func totals(_ component: String, _ value: (ServiceSnapshot) -> CallTotals) {
      let window = from.map { value(to) - value($0) } ?? value(to)
      add(component, "all", "requests", "", Double(window.arrivals))
      add(component, "all", "requests_per_s", "1/s", Double(window.arrivals) / seconds)
      add(component, "all", "failed_share", "", Double(window.failed) / Double(window.finished))
      for outcome in CallOutcome.allCases where outcome != .served && window[outcome] > 0 {
        add(component, "all", outcome.name, "", Double(window[outcome]))
      }
      add(component, "all", "utilisation", "", window.utilisation)
      add(component, "all", "waiting_mean", "", window.waitingSeconds / seconds)
      add(component, "all", "latency_mean_s", "s", window.meanLatencySeconds)
    }
    func quantiles(_ component: String, _ entity: String, _ latencies: LogLinearHistogram) {
      guard latencies.count > 0 else { return }
      add(component, entity, "latency_p50_s", "s", latencies.quantile(0.5))
      add(component, entity, "latency_p95_s", "s", latencies.quantile(0.95))
      add(component, entity, "latency_p99_s", "s", latencies.quantile(0.99))
    }
    totals("gateway", \.gateway)
    quantiles("gateway", "all", gateway.latencies)
    count("gateway", "starts_served") { $0.counters[served: .startSession] }
    count("gateway", "starts_failed") { $0.counters[failed: .startSession] }
    count("gateway", "positions_written") { $0.counters[served: .savePosition] }
    count("gateway", "positions_lost") { $0.counters[failed: .savePosition] }
    count("gateway", "positions_missed") { $0.counters.positionsMissed }
    count("gateway", "late_answers", \.lateAnswers)
    count("gateway", "breaker_openings", \.breakerOpenings)
    for upstream in ServiceUpstream.allCases {
      quantiles("gateway", "\(upstream)", gateway.upstreamLatencies(Int(upstream.rawValue)))
    }
    totals("relational", \.relational)
    quantiles("relational", "reads", relational.readLatencies)
    quantiles("relational", "transactions", relational.writeLatencies)
    add(
      "relational", "all", "cache_hit_share", "", Double(relational.cacheHits) / Double(relational.readTotals.arrivals))
    add("relational", "all", "failovers", "", Double(relational.failovers))
    add("relational", "all", "lost_commits", "", Double(relational.lostCommits))
    totals("history", \.history)
    quantiles("history", "reads", history.readLatencies)
    quantiles("history", "writes", history.writeLatencies)
    count("history", "hints_replayed", \.hintsReplayed)
    add("history", "all", "hints_pending", "", Double(to.hintsPending))
    add("history", "all", "rows", "", Double(history.growth.rows))
    let copies = Double(history.settings.replication)
    add("history", "all", "storage_bytes", "bytes", history.growth.bytes * copies)
    add(
      "history", "all", "storage_saved_bytes", "bytes",
      (history.growth.bytesWithoutRollUp - history.growth.bytes) * copies)
    add("history", "all", "read_saved_s", "s", history.readSecondsSaved)
    add("history", "all", "roll_ups", "", Double(history.growth.rollUps))
    totals("search", \.search)
    quantiles("search", "all", search.latencies)
    count("search", "partial_answers", \.partialAnswers)
    count("search", "titles_found") { $0.counters.titlesFound }
    add("search", "all", "titles_not_found_yet", "", Double(to.counters.titlesPublished - to.counters.titlesFound))
    return rows
  }

  // MARK: - Time series

  private func window(from: ServiceSnapshot?, to: ServiceSnapshot) -> [MetricRow] {
    let seconds = (to.at - (from?.at ?? .zero)).seconds
    guard seconds > 0 else { return [] }
    var rows: [MetricRow] = []
    func add(_ component: String, _ metric: String, _ unit: String, _ value: Double) {
      rows.append(
        MetricRow(component: component, entity: "all", metric: metric, unit: unit, value: value, timeS: to.at.seconds))
    }
    func totals(_ component: String, waiting: Int, _ value: (ServiceSnapshot) -> CallTotals) {
      let window = from.map { value(to) - value($0) } ?? value(to)
      add(component, "requests_per_s", "1/s", Double(window.arrivals) / seconds)
      add(component, "failed_share", "", Double(window.failed) / Double(window.finished))
      add(component, "utilisation", "", window.utilisation)
      add(component, "waiting", "", Double(waiting))
      add(component, "latency_mean_s", "s", window.meanLatencySeconds)
    }
    totals("gateway", waiting: to.waiting.gateway, \.gateway)
    totals("relational", waiting: to.waiting.relational, \.relational)
    totals("history", waiting: to.waiting.history, \.history)
    totals("search", waiting: to.waiting.search, \.search)
    add("history", "hints_pending", "", Double(to.hintsPending))
    return rows
  }
}
