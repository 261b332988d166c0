import CDNModel
import NetModel
import SimEngine

/// One value of a run, as a line of summary.csv or timeseries.csv has it.
public struct MetricRow: Sendable, Equatable {
  /// Part of the platform: `viewers`, `player`, `cdn`, `origin`, `network`, `engine`.
  public var component: String
  /// Which one: `all`, or for example `edge-3`.
  public var entity: String
  /// Name of the metric.
  public var metric: String
  /// Unit of the value; empty for ratios and counts.
  public var unit: String
  /// The value; NaN where nothing was observed.
  public var value: Double
  /// End of the window in seconds of simulated time, for time series.
  public var timeS: Double?

  /// A row.
  public init(
    component: String, entity: String = "all", metric: String, unit: String = "", value: Double, timeS: Double? = nil
  ) {
    self.component = component
    self.entity = entity
    self.metric = metric
    self.unit = unit
    self.value = value
    self.timeS = timeS
  }
}

extension PlatformResults {
  /// Every summary value, the platform first, then the sites.
  public var summary: [MetricRow] {
    var rows: [MetricRow] = []
    func add(_ component: String, _ entity: String, _ metric: String, _ unit: String, _ value: Double) {
      rows.append(MetricRow(component: component, entity: entity, metric: metric, unit: unit, value: value))
    }
    guard !sites.isEmpty else {
      add("engine", "all", "events", "", Double(events))
      add("engine", "all", "kept_share", "", scale.keptShare)
      return rows + components.flatMap(\.summary)
    }
    let total = observed.total
    let hoursPlayed = Double(total.playNs) / 3.6e12
    add("viewers", "all", "sessions", "", Double(total.arrivals))
    add("viewers", "all", "sessions_started", "", Double(total.starts))
    add("viewers", "all", "sessions_watched", "", Double(total.completions))
    add("viewers", "all", "sessions_before_release", "", Double(total.arrivedEarly))
    add("viewers", "all", "left_at_startup", "", Double(total.lostAtStartup))
    add("viewers", "all", "left_in_stall", "", Double(total.lostInStall))
    if total.seeks > 0 { add("viewers", "all", "left_after_jump", "", Double(total.lostAfterJump)) }
    add("viewers", "all", "concurrency_mean", "", total.sessionNs / 1e9 / observed.seconds)
    add("viewers", "all", "concurrency_peak", "", Double(concurrencyPeak))
    if hasServices { rows += serviceUse }
    add("player", "all", "startup_mean_s", "s", startupDelays.mean)
    add("player", "all", "startup_p50_s", "s", startupDelays.quantile(0.5))
    add("player", "all", "startup_p95_s", "s", startupDelays.quantile(0.95))
    add("player", "all", "startup_p99_s", "s", startupDelays.quantile(0.99))
    add("player", "all", "rebuffer_ratio", "", total.rebufferRatio)
    add("player", "all", "stalls_per_hour", "1/h", Double(total.stalls) / hoursPlayed)
    add("player", "all", "mean_bitrate_kbps", "kbit/s", total.meanBitrateKbps)
    add("player", "all", "switches_per_hour", "1/h", Double(total.switches) / hoursPlayed)
    add("player", "all", "hours_played", "h", hoursPlayed)
    add("player", "all", "download_p50_s", "s", downloadTimes.quantile(0.5))
    add("player", "all", "download_p95_s", "s", downloadTimes.quantile(0.95))
    add("player", "all", "download_p99_s", "s", downloadTimes.quantile(0.99))
    add("player", "all", "abandoned_downloads", "", Double(total.abandonedDownloads))
    add("player", "all", "abandoned_bytes", "bytes", Double(total.abandonedBytes))
    add("player", "hits", "download_forecast_ratio", "", total.hitForecastRatio)
    add("player", "misses", "download_forecast_ratio", "", total.missForecastRatio)
    // How much more players hope for from a miss than from a hit: what their estimates owe to the cache.
    add("player", "all", "hit_pollution", "", total.hitForecastRatio / total.missForecastRatio)
    if total.seeks > 0 {
      add("player", "all", "seeks_per_hour", "1/h", Double(total.seeks) / hoursPlayed)
      add("player", "all", "seek_wait_mean_s", "s", Double(total.seekNs) / 1e9 / Double(total.awaitedSeeks))
    }
    rows += deviceRows + frameRows
    add("cdn", "all", "requests", "", Double(total.requests))
    add("cdn", "all", "hit_ratio", "", total.hitRatio)
    add("cdn", "all", "byte_hit_ratio", "", total.byteHitRatio)
    add("cdn", "all", "coalesced", "", Double(total.coalesced))
    add("cdn", "all", "first_byte_p50_s", "s", firstByteTimes.quantile(0.5))
    add("cdn", "all", "first_byte_p95_s", "s", firstByteTimes.quantile(0.95))
    add("cdn", "all", "first_byte_p99_s", "s", firstByteTimes.quantile(0.99))
    if serverImbalance > 1 { add("cdn", "all", "server_imbalance", "", serverImbalance) }
    if total.memoryHits > 0 {
      add("cdn", "all", "memory_hit_ratio", "", Double(total.memoryHits) / Double(total.requests))
    }
    if total.fillBytes > 0 {
      add("cdn", "all", "fill_bytes", "bytes", Double(total.fillBytes))
      add("cdn", "all", "fill_missed_bytes", "bytes", Double(total.fillMissedBytes))
    }
    if total.prefetchedBytes > 0 {
      add("cdn", "all", "prefetched_bytes", "bytes", Double(total.prefetchedBytes))
      add("cdn", "all", "prefetch_used_bytes", "bytes", Double(total.prefetchUsedBytes))
      add("cdn", "all", "prefetch_wasted_bytes", "bytes", Double(total.prefetchWastedBytes))
    }
    if total.confirmations > 0 { add("cdn", "all", "confirmations", "", Double(total.confirmations)) }
    if hasOutages {
      add("cdn", "all", "steered_sessions", "", Double(total.steeredAway))
      add("cdn", "all", "unanswered_requests", "", Double(total.unanswered))
      add("cdn", "all", "bypassed_fetches", "", Double(total.bypasses))
      add("origin", "all", "origin_failures", "", Double(observed.core.failures))
    }
    if total.brokenDownloads > 0 { add("cdn", "all", "broken_downloads", "", Double(total.brokenDownloads)) }
    add("cdn", "all", "edge_bytes", "bytes", Double(total.carriedBytes))
    add("cdn", "all", "evictions", "", Double(total.evictions))
    add("origin", "all", "origin_requests", "", Double(observed.core.sent))
    add("origin", "all", "origin_bytes", "bytes", Double(observed.core.sentBytes))
    add("origin", "all", "origin_gbps", "Gbit/s", Double(observed.core.carriedBytes) * 8e-9 / observed.seconds)
    add("origin", "all", "origin_peak_gbps", "Gbit/s", originPeakGbps)
    add("network", "all", "edge_gbps", "Gbit/s", Double(total.carriedBytes) * 8e-9 / observed.seconds)
    add("network", "all", "edge_utilisation", "", edgeUtilisation(observed))
    add("network", "all", "edge_utilisation_peak", "", observedWindows.map(edgeUtilisation).max() ?? .nan)
    add("network", "all", "origin_utilisation", "", originUtilisation(observed))
    add("network", "all", "origin_utilisation_peak", "", observedWindows.map(originUtilisation).max() ?? .nan)
    if total.offsetReads > 0 {
      add("viewers", "all", "offset_read_mean_ms", "ms", Double(total.offsetReadNs) / 1e6 / Double(total.offsetReads))
      add("viewers", "all", "offset_reads_failed", "", Double(total.failedOffsetReads))
      add("viewers", "all", "offset_writes_failed", "", Double(total.failedOffsetWrites))
    }
    add("engine", "all", "events", "", Double(events))
    add("engine", "all", "simulated_sites", "", Double(scale.keptSites))
    add("engine", "all", "kept_share", "", scale.keptShare)
    for (site, counters) in observed.sites.enumerated() {
      let entity = "edge-\(site)"
      add("viewers", entity, "concurrency_mean", "", counters.sessionNs / 1e9 / observed.seconds)
      add("viewers", entity, "concurrency_peak", "", Double(observed.sitePeaks[site]))
      add("player", entity, "rebuffer_ratio", "", counters.rebufferRatio)
      add("player", entity, "mean_bitrate_kbps", "kbit/s", counters.meanBitrateKbps)
      add("cdn", entity, "hit_ratio", "", counters.hitRatio)
      add("cdn", entity, "byte_hit_ratio", "", counters.byteHitRatio)
      add("network", entity, "edge_utilisation", "", edgeUtilisation(observed, site: site))
    }
    return rows + costRows + core.objectStore + components.flatMap(\.summary)
  }

  /// The time series: one value a window and metric, warm-up included, by time.
  public var timeseries: [MetricRow] {
    var rows: [MetricRow] = []
    for window in windows where window.seconds > 0 && !sites.isEmpty {
      func add(_ component: String, _ entity: String, _ metric: String, _ unit: String, _ value: Double) {
        rows.append(
          MetricRow(
            component: component, entity: entity, metric: metric, unit: unit, value: value, timeS: window.to.seconds))
      }
      let total = window.total
      add("viewers", "all", "concurrency", "", total.sessionNs / 1e9 / window.seconds)
      add("viewers", "all", "arrivals_per_s", "1/s", Double(total.arrivals) / window.seconds)
      let left = total.lostAtStartup + total.lostInStall + total.lostAfterJump
      add("viewers", "all", "left_per_s", "1/s", Double(left) / window.seconds)
      add("player", "all", "startup_mean_s", "s", Double(total.startupNs) / 1e9 / Double(total.starts))
      add("player", "all", "rebuffer_ratio", "", total.rebufferRatio)
      add("player", "all", "mean_bitrate_kbps", "kbit/s", total.meanBitrateKbps)
      add("cdn", "all", "requests_per_s", "1/s", Double(total.requests) / window.seconds)
      add("cdn", "all", "hit_ratio", "", total.hitRatio)
      add("cdn", "all", "byte_hit_ratio", "", total.byteHitRatio)
      add("origin", "all", "origin_gbps", "Gbit/s", Double(window.core.carriedBytes) * 8e-9 / window.seconds)
      add("network", "all", "edge_gbps", "Gbit/s", Double(total.carriedBytes) * 8e-9 / window.seconds)
      add("network", "all", "edge_utilisation", "", edgeUtilisation(window))
      add("network", "all", "origin_utilisation", "", originUtilisation(window))
      if hasServices { rows += serviceUse(in: window) }
      if total.offsetReads > 0 {
        add(
          "viewers", "all", "offset_read_mean_ms", "ms", Double(total.offsetReadNs) / 1e6 / Double(total.offsetReads))
        add("viewers", "all", "offset_reads_failed", "", Double(total.failedOffsetReads))
      }
      for (site, counters) in window.sites.enumerated() {
        add("viewers", "edge-\(site)", "concurrency", "", counters.sessionNs / 1e9 / window.seconds)
        add("cdn", "edge-\(site)", "byte_hit_ratio", "", counters.byteHitRatio)
        add("network", "edge-\(site)", "edge_utilisation", "", edgeUtilisation(window, site: site))
      }
    }
    rows += components.flatMap(\.timeseries)
    let order = rows.indices.sorted { (rows[$0].timeS ?? 0, $0) < (rows[$1].timeS ?? 0, $1) }
    return order.map { rows[$0] }
  }

  /// Tables of single components, in the order of the partitions.
  public var componentTables: [ComponentTable] { frameTables + components.flatMap(\.tables) }

  // MARK: - Figures

  /// Windows after the warm-up.
  private var observedWindows: [ObservedWindow] { windows.filter { $0.from >= observed.from && $0.seconds > 0 } }

  /// The most sessions at the end of any window after the warm-up.
  private var concurrencyPeak: Int { observedWindows.map(\.active).max() ?? 0 }

  private var originPeakGbps: Double {
    observedWindows.map { Double($0.core.carriedBytes) * 8e-9 / $0.seconds }.max() ?? .nan
  }

  private func edgeUtilisation(_ window: ObservedWindow) -> Double {
    let capacity = sites.reduce(0) { $0 + $1.edgeCapacity.bitsPerSecond }
    return Double(window.total.carriedBytes) * 8 / (capacity * window.seconds)
  }

  private func edgeUtilisation(_ window: ObservedWindow, site: Int) -> Double {
    Double(window.sites[site].carriedBytes) * 8 / (sites[site].edgeCapacity.bitsPerSecond * window.seconds)
  }

  private func originUtilisation(_ window: ObservedWindow) -> Double {
    Double(window.core.carriedBytes) * 8 / (core.egressCapacity.bitsPerSecond * window.seconds)
  }
}

extension SiteCounters {
  /// Stalled time over stalled and played time.
  var rebufferRatio: Double { Double(stallNs) / Double(stallNs + playNs) }
  /// Nominal bit rate of what was played, averaged over media time.
  var meanBitrateKbps: Double { playedKbit / (Double(playNs) / 1e9) }
  /// Time that players expected of downloads that the edge had, over what they took.
  var hitForecastRatio: Double { Double(hitForecastNs) / Double(hitDownloadNs) }
  /// The same of downloads that the edge had to fetch.
  var missForecastRatio: Double { Double(missForecastNs) / Double(missDownloadNs) }
  /// Share of the requests that the edge answered itself.
  var hitRatio: Double { Double(hits) / Double(requests) }
  /// Share of the requested bytes that the edge answered itself.
  var byteHitRatio: Double { Double(hitBytes) / Double(requestedBytes) }
}
