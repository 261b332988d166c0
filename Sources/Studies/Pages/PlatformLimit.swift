// What held a run back: resources that were full, queues that grew, requests that failed, and the viewers lost to them.

import Reporting
import SimEngine

/// Finds what limits the platform in the figures of a run.
struct PlatformLimit {
  private let folder: ResultFolder
  private let runs: [Int]

  /// From this use on a resource counts as full.
  private static let full = 0.95
  /// From this share on, failures and losses are worth telling.
  private static let notable = 0.001
  /// Stations whose answers take longer than this on average hold viewers up.
  private static let slowSeconds = 1.0

  /// The limits of some runs of a folder.
  init(folder: ResultFolder, runs: [Int]) {
    self.folder = folder
    self.runs = runs
  }

  /// What limits the platform.
  ///
  /// Where nothing does, what was nearest to its limit; `nil` where nothing is measured.
  var sentence: String? {
    let fullest = fullest
    var found: [String] = []
    if let fullest, fullest.use >= Self.full { found.append("\(fullest.name) were used to \(percent(fullest.use))") }
    found += [queue, failures, starts, commands, deadlines, lostAtStart, lostInStall].compactMap { $0 }
    if !found.isEmpty { return "What limits the platform: \(found.joined(separator: "; "))." }
    return fullest.map {
      "Nothing was at its limit: the most used were \($0.name), to \(percent($0.use)) in the busiest window."
    }
  }

  // MARK: - Resources

  /// The resource that was nearest to full in its busiest window.
  private var fullest: (name: String, use: Double)? {
    var fullest: (name: String, use: Double)?
    func consider(_ subject: String, _ use: Double) {
      guard use.isFinite, use > (fullest?.use ?? -1) else { return }
      fullest = (Self.names[subject] ?? "the resources of \(subject.replacing("_", with: " "))", use)
    }
    for row in folder.summary where row.key.entity == "all" && row.key.metric.hasSuffix("utilisation_peak") {
      let subject = row.key.metric.dropLast("utilisation_peak".count).filter { $0 != "_" }
      consider(subject.isEmpty ? row.key.component : String(subject), mean(row) ?? .nan)
    }
    for series in folder.series where series.key.entity == "all" && series.key.metric == "utilisation" {
      let peaks = runs.compactMap { series.points[$0].lazy.map(\.y).filter(\.isFinite).max() }
      if !peaks.isEmpty { consider(series.key.component, Estimate(replications: peaks).mean) }
    }
    return fullest
  }

  private static let names = [
    "edge": "the edge links", "origin": "the links of the origin", "regional": "the links of the regional caches",
    "relational": "the connections of the relational store", "history": "the threads of the viewing-history store",
    "search": "the threads of the search service", "gateway": "the servers of the gateway",
    "ingest": "the encoders", "cluster": "the nodes of the session-state cluster",
  ]

  // MARK: - What goes wrong

  /// The station that kept its callers waiting longest.
  private var queue: String? {
    let slowest = stations("latency_mean_s").filter { $0.value >= Self.slowSeconds }.max { $0.value < $1.value }
    return slowest.map { slowest in
      let waiting = mean(slowest.component, "waiting_mean").map { ", with \(number($0)) waiting on average" } ?? ""
      return "\(slowest.component.replacing("_", with: " ")) took \(number(slowest.value)) s to answer\(waiting)"
    }
  }

  private var failures: String? {
    let worst = stations("failed_share").filter { $0.value >= Self.notable }.max { $0.value < $1.value }
    return worst.map { "\(percent($0.value)) of the requests to \($0.component.replacing("_", with: " ")) failed" }
  }

  private var starts: String? {
    guard let failed = mean("gateway", "starts_failed"), let served = mean("gateway", "starts_served") else {
      return nil
    }
    return notable(failed / (failed + served)).map { "\($0) of the attempts to start a session failed at the gateway" }
  }

  private var commands: String? {
    guard let failed = mean("cluster", "cluster_failed_commands"), let all = mean("cluster", "cluster_commands") else {
      return nil
    }
    return notable(failed / all).map { "\($0) of the commands to the session-state cluster failed" }
  }

  private var deadlines: String? {
    mean("ingest", "deadline_miss_share").flatMap(notable).map { share in
      let backlog = mean("ingest", "backlog_core_h_peak").map {
        ", with up to \(number($0)) core-hours of work waiting"
      }
      return "\(share) of the titles were published after their deadline\(backlog ?? "")"
    }
  }

  /// The part of a start-up during which most viewers gave up.
  private var lostAtStart: String? {
    var worst: (part: String, share: Double)?
    for row in folder.summary where row.key.component == "viewers" && row.key.metric == "lost_share" {
      if row.key.entity != "all", let share = mean(row), share > (worst?.share ?? 0) { worst = (row.key.entity, share) }
    }
    guard let worst, let share = notable(worst.share) else { return nil }
    let part = Self.parts[worst.part] ?? worst.part.replacing("_", with: " ")
    return "\(share) of the viewers gave up while they waited for \(part)"
  }

  private static let parts = [
    "gateway": "the gateway", "account": "their account", "resume": "their position", "manifest": "the manifest",
    "first_segments": "the first segments",
  ]

  private var lostInStall: String? {
    guard let lost = mean("viewers", "left_in_stall"), let all = mean("viewers", "sessions") else { return nil }
    let jumped = mean("viewers", "left_after_jump") ?? 0
    return notable((lost + jumped) / all).map {
      "\($0) of the viewers left in a stall" + (jumped > 0 ? " or waiting after a jump" : "")
    }
  }

  // MARK: - Figures

  /// A figure of every component that has it as a whole.
  private func stations(_ metric: String) -> [(component: String, value: Double)] {
    folder.summary.filter { $0.key.entity == "all" && $0.key.metric == metric }
      .compactMap { row in mean(row).map { (row.key.component, $0) } }
  }

  private func mean(_ component: String, _ metric: String) -> Double? {
    folder.figure(component, metric).flatMap(mean)
  }

  private func mean(_ row: ResultFolder.Figure) -> Double? {
    let known = runs.map { row.values[$0] }.filter(\.isFinite)
    return known.isEmpty ? nil : Estimate(replications: known).mean
  }

  private func notable(_ share: Double) -> String? { share >= Self.notable ? percent(share) : nil }

  private func percent(_ share: Double) -> String { "\(number(share * 100)) %" }

  private func number(_ value: Double) -> String { DisplayNumber.significant(value, digits: 3) }
}
