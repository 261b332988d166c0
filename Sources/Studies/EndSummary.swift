import Platform
import Reporting
import SimEngine

/// The lines that end a run: the figures that a reader looks for first.
public struct EndSummary: Sendable {
  /// The text, a dozen lines.
  public let text: String

  /// Figures of the first replication; the others are in summary.csv.
  init(results: [PlatformResults], machine: ProcessMeasure, directory: String) {
    guard let first = results.first else {
      text = "nothing was run\n"
      return
    }
    let summary = first.summary.filter { $0.entity == "all" }
    func value(_ metric: String) -> Double { summary.first { $0.metric == metric }?.value ?? .nan }
    func figure(_ metric: String, digits: Int = 4) -> String {
      let number = value(metric)
      return number.isFinite ? DisplayNumber.significant(number, digits: digits) : "-"
    }
    func percent(_ metric: String, digits: Int = 4) -> String {
      let number = value(metric)
      return number.isFinite ? "\(DisplayNumber.significant(number * 100, digits: digits)) %" : "-"
    }
    func scaled(_ metric: String) -> String {
      DisplayNumber.scaled(value(metric) / first.scale.keptShare)
    }
    let sites = "\(first.scale.keptSites) of \(first.scale.allSites) edge sites"
    var lines: [(String, String)] = []
    lines.append(("simulated", "\(sites), \(DisplayNumber.significant(first.reached.seconds / 3_600, digits: 4)) h"))
    lines.append(
      (
        "viewers",
        "\(figure("sessions", digits: 9)) sessions, at most \(figure("concurrency_peak", digits: 9)) at once"
          + (first.scale.keptShare < 1 ? " (whole platform: \(scaled("concurrency_peak")))" : "")
      ))
    lines.append(
      ("startup", "p50 \(figure("startup_p50_s", digits: 3)) s, p95 \(figure("startup_p95_s", digits: 3)) s"))
    lines.append(
      (
        "rebuffering",
        "\(percent("rebuffer_ratio", digits: 3)) of the time, \(figure("stalls_per_hour", digits: 3)) stalls per hour"
      ))
    lines.append(
      (
        "bitrate",
        "\(DisplayNumber.significant(value("mean_bitrate_kbps") / 1_000, digits: 3)) Mbit/s on average, "
          + "\(figure("switches_per_hour", digits: 3)) switches per hour"
      ))
    lines.append(
      (
        "lost viewers",
        "\(figure("left_at_startup", digits: 9)) before the first frame, \(figure("left_in_stall", digits: 9)) in a stall"
      ))
    lines.append(
      ("edge hits", "\(percent("hit_ratio")) of requests, \(percent("byte_hit_ratio")) of bytes"))
    lines.append(
      (
        "edge links",
        "\(percent("edge_utilisation", digits: 3)) used on average, \(percent("edge_utilisation_peak", digits: 3)) in the busiest minute"
      ))
    lines.append(
      (
        "origin",
        "\(figure("origin_gbps")) Gbit/s on average, \(figure("origin_peak_gbps")) at its peak"
          + " (\(percent("origin_utilisation_peak", digits: 3)) of its link)"
      ))
    let events = results.reduce(UInt64(0)) { $0 + $1.events }
    let rate = DisplayNumber.scaled(Double(events) / max(machine.wallSeconds, 1e-9))
    lines.append(
      (
        "run",
        "\(DisplayNumber.scaled(Double(events))) events in \(DisplayNumber.significant(machine.wallSeconds, digits: 3)) s, "
          + "\(rate) events/s, \(machine.peakMemoryBytes / 1_000_000) MB"
      ))
    lines.append(("digest", results.map(\.digest.hex).joined(separator: " ")))
    lines.append(("results", directory))
    let width = lines.map(\.0.count).max() ?? 0
    let isComplete = results.allSatisfy(\.isComplete)
    var text = first.scenarioName
    if results.count > 1 { text += ", replication 1 of \(results.count)" }
    if !isComplete { text += " (INCOMPLETE: interrupted)" }
    text += "\n"
    for (label, line) in lines {
      text += "  " + label + String(repeating: " ", count: width - label.count + 2) + line + "\n"
    }
    self.text = text
  }
}
