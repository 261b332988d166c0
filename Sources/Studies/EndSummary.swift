import Platform
import Reporting
import SimEngine

/// The lines that end a run: the figures that a reader looks for first, with their intervals over the replications.
public struct EndSummary: Sendable {
  /// The text, a dozen lines.
  public let text: String

  init(
    scenario: Scenario, outcome: ReplicationStudy.Outcome, isComplete: Bool, machine: ProcessMeasure,
    directory: String
  ) {
    let replications = outcome.replications
    guard let first = replications.first else {
      text = "nothing was run\n"
      return
    }
    let figures = SummaryFigures(replications: replications)
    let scale = PlatformScale(scenario: scenario)
    var lines: [(String, String)] = []
    lines.append(
      (
        "simulated",
        (scenario.kind == .platform ? "\(scale.keptSites) of \(scale.allSites) edge sites, " : "")
          + "\(DisplayNumber.significant(first.reached.seconds / 3_600, digits: 4)) h"
          + (replications.count > 1 ? ", \(replications.count) replications (means +- 95 % half-widths)" : "")
      ))
    if scenario.kind == .platform { lines += Self.platform(figures, scale) }
    if scenario.cluster != nil { lines += Self.cluster(figures) }
    if let precision = outcome.precision { lines.append(("precision", precision.text)) }
    if outcome.reused > 0 {
      lines.append(("taken over", "\(outcome.reused) of \(replications.count) replications from the results there"))
    }
    let events = replications.reduce(UInt64(0)) { $0 + $1.events }
    let rate = DisplayNumber.scaled(Double(events) / max(machine.wallSeconds, 1e-9))
    lines.append(
      (
        "run",
        "\(DisplayNumber.scaled(Double(events))) events in \(DisplayNumber.significant(machine.wallSeconds, digits: 3)) s"
          + (outcome.reused == 0 ? ", \(rate) events/s" : "") + ", \(machine.peakMemoryBytes / 1_000_000) MB"
      ))
    lines.append(("digest", replications.map { RunManifest.text(digest: $0.digest) }.joined(separator: " ")))
    lines.append(("results", directory))
    let width = lines.map(\.0.count).max() ?? 0
    var text = scenario.name
    if !isComplete { text += " (INCOMPLETE: interrupted)" }
    text += "\n"
    for (label, line) in lines {
      text += "  " + label + String(repeating: " ", count: width - label.count + 2) + line + "\n"
    }
    self.text = text
  }

  private static func platform(_ figures: SummaryFigures, _ scale: PlatformScale) -> [(String, String)] {
    var lines: [(String, String)] = []
    let whole =
      scale.keptShare < 1
      ? " (whole platform: \(DisplayNumber.scaled(figures.mean("concurrency_peak") / scale.keptShare)))" : ""
    lines.append(
      ("viewers", "\(figures.count("sessions")) sessions, at most \(figures.count("concurrency_peak")) at once\(whole)")
    )
    lines.append(("startup", "p50 \(figures.number("startup_p50_s")) s, p95 \(figures.number("startup_p95_s")) s"))
    lines.append(
      (
        "rebuffering",
        "\(figures.percent("rebuffer_ratio")) of the time, \(figures.number("stalls_per_hour")) stalls per hour"
      ))
    lines.append(
      (
        "bitrate",
        "\(figures.number("mean_bitrate_kbps", times: 1e-3)) Mbit/s on average, "
          + "\(figures.number("switches_per_hour")) switches per hour"
      ))
    lines.append(
      (
        "lost viewers",
        "\(figures.count("left_at_startup")) before the first frame, \(figures.count("left_in_stall")) in a stall"
          + (figures.mean("left_after_jump") > 0 ? ", \(figures.count("left_after_jump")) after a jump" : "")
      ))
    lines.append(
      ("edge hits", "\(figures.percent("hit_ratio")) of requests, \(figures.percent("byte_hit_ratio")) of bytes"))
    lines.append(
      (
        "edge links",
        "\(figures.percent("edge_utilisation")) used on average, "
          + "\(figures.percent("edge_utilisation_peak")) in the busiest minute"
      ))
    lines.append(
      (
        "origin",
        "\(figures.number("origin_gbps")) Gbit/s on average, \(figures.number("origin_peak_gbps")) at its peak"
          + " (\(figures.percent("origin_utilisation_peak")) of its link)"
      ))
    if figures.replications.first?.value("titles_published") != nil {
      lines.append(
        (
          "ingest",
          "\(figures.count("titles_published")) titles published (p95 "
            + "\(figures.number("time_to_publish_p95_s", times: 1 / 3_600.0)) h), "
            + "\(figures.count("titles_failed")) failed, \(figures.count("deadlines_missed")) deadlines missed, "
            + "\(figures.count("core_hours")) core-hours"
        ))
    }
    return lines
  }

  private static func cluster(_ figures: SummaryFigures) -> [(String, String)] {
    [
      (
        "cluster",
        "\(figures.count("cluster_commands")) commands, \(figures.percent("cluster_write_share")) of them writes, "
          + "\(figures.count("cluster_failed_commands")) given up; "
          + "\(figures.number("cluster_unavailable_s")) s not wholly available"
      ),
      (
        "redirections",
        "\(figures.number("cluster_moved_per_s")) MOVED/s, \(figures.number("cluster_ask_per_s")) ASK/s; "
          + "\(figures.count("cluster_lost_writes")) of \(figures.count("cluster_acknowledged_writes")) writes lost"
      ),
      (
        "gossip",
        "\(figures.number("cluster_gossip_bytes_per_s_per_node", times: 1e-3)) kB/s a node, "
          + "\(figures.count("cluster_nodes")) nodes, \(figures.count("cluster_elections")) elections, "
          + "\(figures.count("cluster_moved_slots")) slots moved"
      ),
    ]
  }
}

/// Platform-wide figures over replications, as people read them: a mean, and its half-width where there is one.
struct SummaryFigures {
  let replications: [Replication]

  func estimate(_ metric: String) -> Estimate {
    Estimate(known: replications.map { $0.value(metric) ?? .nan })
  }

  func mean(_ metric: String) -> Double { estimate(metric).mean }

  /// A number with three significant digits, `-` where nothing is known.
  func number(_ metric: String, times factor: Double = 1, digits: Int = 3) -> String {
    text(estimate(metric), factor, "") { DisplayNumber.significant($0, digits: digits) }
  }

  func percent(_ metric: String) -> String {
    text(estimate(metric), 100, " %") { DisplayNumber.significant($0, digits: 3) }
  }

  /// A count with all its digits.
  func count(_ metric: String) -> String {
    text(estimate(metric), 1, "") { DisplayNumber.significant($0.rounded(), digits: 9) }
  }

  private func text(
    _ estimate: Estimate, _ factor: Double, _ unit: String, _ format: (Double) -> String
  ) -> String {
    guard estimate.mean.isFinite else { return "-" }
    let value = format(estimate.mean * factor)
    guard let halfWidth = estimate.halfWidth, halfWidth.isFinite else { return value + unit }
    return "\(value) +- \(DisplayNumber.significant(halfWidth * factor, digits: 2))\(unit)"
  }
}
