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

/// One line of cdn.csv: a tier or site over the observed time.
public struct CDNRow: Sendable, Equatable {
  /// `edge` or `origin`.
  public var tier: String
  /// `all`, or for example `edge-3`.
  public var entity: String
  /// Requests and bytes asked for; for the origin, what it sent.
  public var requests: Int64
  /// Bytes asked for.
  public var requestedBytes: Int64
  /// Requests answered without another tier.
  public var hits: Int64
  /// Bytes of these.
  public var hitBytes: Int64
  /// Requests that joined a fetch in flight.
  public var coalesced: Int64
  /// Fetches from the next tier.
  public var fetches: Int64
  /// Bytes that arrived from the next tier.
  public var fetchedBytes: Int64
  /// Misses by cause, in the order of `missCauses`.
  public var missesByCause: [Int64]
  /// Objects evicted.
  public var evictions: Int64
  /// Bytes resident at the end.
  public var residentBytes: Int64

  /// Names of the causes of `missesByCause`.
  public static let missCauses = EdgeOutcome.allCases.filter { !$0.isHit }.map(\.name)
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
    add("viewers", "all", "concurrency_mean", "", total.sessionNs / 1e9 / observed.seconds)
    add("viewers", "all", "concurrency_peak", "", Double(concurrencyPeak))
    if hasServices { rows += serviceUse }
    add("player", "all", "startup_mean_s", "s", startupDelays.mean)
    add("player", "all", "startup_p50_s", "s", startupDelays.quantile(0.5))
    add("player", "all", "startup_p95_s", "s", startupDelays.quantile(0.95))
    add("player", "all", "rebuffer_ratio", "", total.rebufferRatio)
    add("player", "all", "stalls_per_hour", "1/h", Double(total.stalls) / hoursPlayed)
    add("player", "all", "mean_bitrate_kbps", "kbit/s", total.meanBitrateKbps)
    add("player", "all", "switches_per_hour", "1/h", Double(total.switches) / hoursPlayed)
    add("player", "all", "hours_played", "h", hoursPlayed)
    add("player", "all", "download_p50_s", "s", downloadTimes.quantile(0.5))
    add("player", "all", "download_p95_s", "s", downloadTimes.quantile(0.95))
    add("player", "all", "abandoned_downloads", "", Double(total.abandonedDownloads))
    add("player", "all", "abandoned_bytes", "bytes", Double(total.abandonedBytes))
    add("player", "hits", "download_forecast_ratio", "", Double(total.hitForecastNs) / Double(total.hitDownloadNs))
    add("player", "misses", "download_forecast_ratio", "", Double(total.missForecastNs) / Double(total.missDownloadNs))
    if total.seeks > 0 {
      add("player", "all", "seeks_per_hour", "1/h", Double(total.seeks) / hoursPlayed)
      add("player", "all", "seek_wait_mean_s", "s", Double(total.seekNs) / 1e9 / Double(total.awaitedSeeks))
    }
    rows += deviceRows + frameRows
    add("cdn", "all", "requests", "", Double(total.requests))
    add("cdn", "all", "hit_ratio", "", total.hitRatio)
    add("cdn", "all", "byte_hit_ratio", "", total.byteHitRatio)
    add("cdn", "all", "coalesced", "", Double(total.coalesced))
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
      add("viewers", "all", "left_per_s", "1/s", Double(total.lostAtStartup + total.lostInStall) / window.seconds)
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

  /// The tiers of the CDN over the observed time.
  public var cdn: [CDNRow] {
    func row(_ entity: String, _ counters: SiteCounters, residentBytes: Int64) -> CDNRow {
      CDNRow(
        tier: "edge", entity: entity, requests: counters.requests, requestedBytes: counters.requestedBytes,
        hits: counters.hits, hitBytes: counters.hitBytes, coalesced: counters.coalesced, fetches: counters.fetches,
        fetchedBytes: counters.fetchedBytes,
        missesByCause: EdgeOutcome.allCases.filter { !$0.isHit }.map { counters.outcomeRequests[Int($0.rawValue)] },
        evictions: counters.evictions, residentBytes: residentBytes)
    }
    if sites.isEmpty { return [] }
    var rows = [row("all", observed.total, residentBytes: observed.residentBytes.reduce(0, +))]
    for (site, counters) in observed.sites.enumerated() {
      rows.append(row("edge-\(site)", counters, residentBytes: observed.residentBytes[site]))
    }
    rows += regional?.cdn ?? []
    // The origin holds every segment.
    rows.append(
      CDNRow(
        tier: "origin", entity: "all", requests: observed.core.sent, requestedBytes: observed.core.sentBytes,
        hits: observed.core.sent, hitBytes: observed.core.sentBytes, coalesced: 0, fetches: 0, fetchedBytes: 0,
        missesByCause: CDNRow.missCauses.map { _ in 0 }, evictions: 0, residentBytes: 0))
    return rows
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
  /// Share of the requests that the edge answered itself.
  var hitRatio: Double { Double(hits) / Double(requests) }
  /// Share of the requested bytes that the edge answered itself.
  var byteHitRatio: Double { Double(hitBytes) / Double(requestedBytes) }
}
