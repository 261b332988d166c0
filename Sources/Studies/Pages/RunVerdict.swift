// The first thing on a report: what happened, in five sentences with figures, and the figures once more, large.

import Reporting
import SimEngine

/// What a run came to, in words.
struct RunVerdict {
  private let folder: ResultFolder
  private let runs: [Int]
  private let axis: ChartAxis

  /// The verdict on some runs of a folder; `axis` tells how times are called.
  init(folder: ResultFolder, runs: [Int], axis: ChartAxis) {
    self.folder = folder
    self.runs = runs
    self.axis = axis
  }

  /// Five sentences: who came, how it began, how it went on, where it came from, and what limits the platform.
  var sentences: [String] {
    [audience, start, playback, delivery, PlatformLimit(folder: folder, runs: runs).sentence].compactMap { $0 }
  }

  // MARK: - Sentences

  private var audience: String? {
    guard let sessions = mean("viewers", "sessions"), let peak = mean("viewers", "concurrency_peak") else { return nil }
    var text = "\(whole(sessions)) viewers came and at most \(whole(peak)) watched at once"
    if let moment = peakMoment("viewers", "concurrency") { text += ", at \(moment)" }
    if let share = mean("engine", "kept_share"), share < 1 {
      text += " (\(whole(Double(DisplayNumber.significant(peak / share, digits: 3)) ?? peak)) on the whole platform)"
    }
    return text + "."
  }

  private var start: String? {
    guard let median = figure("player", "startup_p50_s"), let late = figure("player", "startup_p95_s") else {
      return nil
    }
    let lost = mean("viewers", "left_at_startup") ?? 0
    return "Half of them saw the first frame within \(median), 95 % within \(late); "
      + (lost > 0 ? "\(whole(lost)) gave up before it." : "nobody gave up before it.")
  }

  private var playback: String? {
    guard let ratio = figure("player", "rebuffer_ratio"), let rate = figure("player", "mean_bitrate_kbps") else {
      return nil
    }
    let lost = mean("viewers", "left_in_stall") ?? 0
    let stalls =
      mean("player", "rebuffer_ratio") == 0
      ? "Playback never stalled" : "Playback stalled for \(ratio) of the viewing time"
    let jumped = mean("viewers", "left_after_jump") ?? 0
    return "\(stalls), at \(rate) on average; " + (lost > 0 ? "\(whole(lost)) viewers" : "nobody")
      + " left in a stall" + (jumped > 0 ? ", \(whole(jumped)) waiting after a jump." : ".")
  }

  private var delivery: String? {
    guard let bytes = figure("cdn", "byte_hit_ratio"), let requests = figure("cdn", "hit_ratio") else { return nil }
    var text = "The edge answered \(requests) of the requests and \(bytes) of the bytes itself"
    if let peak = figure("origin", "origin_peak_gbps") {
      text += "; the origin sent at most \(peak)"
      if let moment = peakMoment("origin", "origin_gbps") { text += ", at \(moment)" }
    }
    return text + "."
  }

  // MARK: - Large figures

  /// What a reader compares between reports.
  var keyFigures: [(value: String, meaning: String)] {
    Self.keyFigures.compactMap { component, metric, meaning in
      parts(component, metric).map { value, halfWidth, unit in
        (value + unit, meaning + (halfWidth.map { ", ± \($0)\(unit)" } ?? ""))
      }
    }
  }

  private static let keyFigures = [
    ("viewers", "concurrency_peak", "viewers at once, at most"), ("player", "startup_p50_s", "start-up, median"),
    ("player", "startup_p95_s", "start-up, 95 %"), ("player", "rebuffer_ratio", "of viewing time stalled"),
    ("player", "mean_bitrate_kbps", "played on average"), ("cdn", "byte_hit_ratio", "of bytes from the edge"),
    ("origin", "origin_peak_gbps", "from the origin, at most"),
    ("network", "edge_utilisation_peak", "of the edge links, busiest window"),
    ("cluster", "cluster_lost_writes", "acknowledged writes lost"),
    ("ingest", "time_to_publish_p95_s", "to publish, 95 %"),
    ("cost", "cost_total", "cost in all"), ("cost", "cost_per_viewer_hour", "cost of an hour watched"),
  ]

  // MARK: - Figures

  private func values(_ component: String, _ metric: String) -> [Double] {
    guard let row = folder.figure(component, metric) else { return [] }
    return runs.map { row.values[$0] }.filter(\.isFinite)
  }

  private func mean(_ component: String, _ metric: String) -> Double? {
    let values = values(component, metric)
    return values.isEmpty ? nil : Estimate(replications: values).mean
  }

  /// A figure with unit and, over replications, half its 95 % interval: `0.376 ± 0.012 s`.
  private func figure(_ component: String, _ metric: String) -> String? {
    guard let (value, halfWidth, unit) = parts(component, metric) else { return nil }
    return value + (halfWidth.map { " ± \($0)" } ?? "") + unit
  }

  /// A figure to three digits, half its 95 % interval over replications, and its unit with a space in front.
  private func parts(_ component: String, _ metric: String) -> (value: String, halfWidth: String?, unit: String)? {
    let values = values(component, metric)
    guard !values.isEmpty, let row = folder.figure(component, metric) else { return nil }
    let text = MetricText(metric, unit: row.unit)
    let estimate = Estimate(replications: values)
    let shown = estimate.mean * text.factor
    if text.unit == "bytes" { return (text.text(estimate.mean, digits: 3), nil, "") }
    let unit = text.unit.isEmpty ? "" : " \(text.unit)"
    if shown > 0, shown < 0.0001 { return ("less than 0.0001", nil, unit) }
    let value = abs(shown) >= 1000 ? whole(shown) : DisplayNumber.significant(shown, digits: 3)
    // The same value in every replication has no interval worth telling.
    let halfWidth = estimate.halfWidth.flatMap { $0 > 1e-5 * abs(estimate.mean) ? $0 * text.factor : nil }
    return (value, halfWidth.map { DisplayNumber.significant($0, digits: 2) }, unit)
  }

  private func whole(_ number: Double) -> String { DisplayNumber.grouped(number) }

  /// When a series was highest in the first run.
  private func peakMoment(_ component: String, _ metric: String) -> String? {
    guard let first = runs.first, let points = folder.timeSeries(component, metric)?.points[first] else { return nil }
    let highest = points.filter { $0.y.isFinite }.max { $0.y < $1.y }
    return highest.map { axis.text($0.x) }
  }
}
