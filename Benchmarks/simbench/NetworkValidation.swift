// `simbench network --validate`: the fluid TCP model against packet-level runs, as tables of errors.

import Foundation
import NetModel
import SimEngine

/// One packet-level run: the starts of its clients and how long each object took on average.
struct PacketRun {
  var columns: [String: String]
  var starts: [Double] = []
  /// Sum of the completion times of all clients, by object.
  var sums: [Double] = []

  func name(_ key: [String]) -> String { key.map { columns[$0] ?? "" }.joined(separator: ",") }

  func number(_ column: String) -> Double { columns[column].flatMap { Double($0) } ?? 0 }
}

/// Relative errors of some runs.
struct ErrorSample {
  var errors: [Double] = []

  /// The order statistic nearest to a quantile of the absolute errors.
  func quantile(_ q: Double) -> Double {
    let sorted = errors.map { $0.magnitude }.sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted[min(sorted.count - 1, Int((Double(sorted.count - 1) * q).rounded()))]
  }

  var bias: Double { errors.reduce(0, +) / Double(max(errors.count, 1)) }
}

struct NetworkValidation {
  var referenceFolder: String
  var profile = TCPProfile()

  /// Runs of a reference table in the order of the file.
  func packetRuns(_ file: String, key: [String]) throws -> [PacketRun] {
    let text = try String(contentsOfFile: referenceFolder + "/" + file, encoding: .utf8)
    let lines = text.split(separator: "\n")
    let header = (lines.first ?? "").split(separator: ",").map(String.init)
    var runs: [PacketRun] = []
    var indices: [String: Int] = [:]
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let row = Dictionary(uniqueKeysWithValues: zip(header, fields))
      let name = key.map { row[$0] ?? "" }.joined(separator: ",")
      let index = indices[name] ?? runs.count
      if index == runs.count {
        indices[name] = index
        runs.append(PacketRun(columns: row))
      }
      let object = Int(row["object_index"] ?? "0") ?? 0
      if object == 0 { runs[index].starts.append(Double(row["t_connect_s"] ?? "") ?? 0) }
      while runs[index].sums.count <= object { runs[index].sums.append(0) }
      runs[index].sums[object] += Double(row["completion_s"] ?? "") ?? .nan
    }
    return runs
  }

  /// Mean duration of each object over the clients, by the fluid model.
  func fluidMeans(_ run: PacketRun) -> [Double] {
    var experiment = DownloadExperiment(
      capacity: BitRate(mbps: run.number("rate_mbps")),
      roundTrip: .seconds(run.number("rtt_ms") / 1000),
      starts: run.starts.map { .seconds($0) },
      objectBytes: Int64(run.number("object_bytes")))
    experiment.objects = run.sums.count
    experiment.gap = .seconds(run.number("gap_s"))
    experiment.profile = profile
    experiment.profile.congestionControl = run.columns["cc"] == "TcpNewReno" ? .newReno : .cubic
    if run.columns["queue"] == "bdp" {
      experiment.bottleneckQueue = DropTailQueue(
        bandwidthDelayProduct: experiment.capacity, roundTrip: experiment.roundTrip)
    }
    var means = [Double](repeating: 0, count: run.sums.count)
    for row in experiment.run() {
      means[row.object] += ((row.completion ?? .distantFuture) - row.start).seconds / Double(run.starts.count)
    }
    return means
  }

  func print(_ title: String, _ classes: [(name: String, sample: ErrorSample)]) {
    Swift.print("\n" + title)
    Swift.print("class,runs,median_percent,p90_percent,bias_percent")
    for (name, sample) in classes where !sample.errors.isEmpty {
      let figures = [sample.quantile(0.5), sample.quantile(0.9), sample.bias]
        .map { String(format: "%.1f", $0 * 100) }
      Swift.print(([name, "\(sample.errors.count)"] + figures).joined(separator: ","))
    }
  }

  /// What simpler models and SimGrid make of the runs that all of them were given.
  private func compareModels(_ condition: [String]) throws {
    let models: [(name: String, column: String, roundTrips: Double)] = [
      ("max-min without latency", "mean_maxmin_nolat_s", 0), ("max-min and 2 RTT", "mean_maxmin_2rtt_s", 0),
      ("SimGrid CM02 as is", "mean_simgrid_CM02_s", 0), ("SimGrid CM02 and 1.5 RTT", "mean_simgrid_CM02_s", 1.5),
      ("SimGrid LV08 as is", "mean_simgrid_LV08_s", 0),
    ]
    var ours: [String: Double] = [:]
    for run in try packetRuns("ns3_tcp_download.csv", key: condition) {
      ours[run.name(condition)] = fluidMeans(run)[0]
    }
    var tables = models.map { _ in ErrorTable() }
    var fluid = ErrorTable()
    for run in try packetRuns("fluid_vs_ns3.csv", key: condition) where run.columns["mean_simgrid_CM02_s"] != "" {
      let expected = run.number("mean_completion_ns3_s")
      guard let mean = ours[run.name(condition)] else { continue }
      let classes = ["n_flows", "object_bytes"]
      fluid.add(mean / expected - 1, of: run.columns, by: classes)
      for (index, model) in models.enumerated() {
        let wait = model.roundTrips * run.number("rtt_ms") / 1000
        tables[index].add((run.number(model.column) + wait) / expected - 1, of: run.columns, by: classes)
      }
    }
    print("on the runs that SimGrid was given: this model", fluid.classes)
    for (model, table) in zip(models, tables) { print("on the same runs: \(model.name)", table.classes) }
  }

  func run() throws {
    let condition = ["cc", "queue", "rate_mbps", "rtt_ms", "n_flows", "object_bytes", "run"]
    var downloads = ErrorTable()
    for run in try packetRuns("ns3_tcp_download.csv", key: condition) {
      let expected = run.sums[0] / Double(run.starts.count)
      downloads.add(fluidMeans(run)[0] / expected - 1, of: run.columns, by: Array(condition.dropLast()))
    }
    print("cold downloads, mean of a run against ns-3", downloads.classes)
    try compareModels(condition)

    var warm = ErrorTable()
    var wholeRuns = ErrorTable()
    let classes = ["cc", "cc+n_flows", "cc+queue+n_flows", "object_bytes", "gap_s"]
    for run in try packetRuns("ns3_tcp_sequence.csv", key: condition + ["gap_s"]) {
      let means = fluidMeans(run)
      let clients = Double(run.starts.count)
      if run.sums.count > 1 {
        let expected = run.sums.dropFirst().reduce(0, +) / clients
        wholeRuns.add(means.dropFirst().reduce(0, +) / expected - 1, of: run.columns, by: classes)
      }
      for object in 1..<max(run.sums.count, 2) where object < run.sums.count {
        let expected = run.sums[object] / clients
        warm.add(means[object] / expected - 1, of: run.columns, by: classes)
      }
    }
    print("warm connections, each object from the second on, mean over the clients against ns-3", warm.classes)
    print("warm connections, mean over all objects from the second on and all clients of a run", wholeRuns.classes)
  }
}

/// Errors grouped by the values of some columns (several joined by `+`).
struct ErrorTable {
  private(set) var classes: [(name: String, sample: ErrorSample)] = [("all", ErrorSample())]

  mutating func add(_ error: Double, of columns: [String: String], by names: [String]) {
    classes[0].sample.errors.append(error)
    for column in names {
      let values = column.split(separator: "+").map { columns[String($0)] ?? "" }
      let name = column + "=" + values.joined(separator: "/")
      if let index = classes.firstIndex(where: { $0.name == name }) {
        classes[index].sample.errors.append(error)
      } else {
        classes.append((name, ErrorSample(errors: [error])))
      }
    }
    classes[1...].sort { $0.name.split(separator: "=")[0] < $1.name.split(separator: "=")[0] }
  }
}
