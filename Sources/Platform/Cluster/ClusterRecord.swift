import ClusterModel
import SimEngine

/// The cluster's totals at every moment of observation, and the tables made of them.
struct ClusterRecord {
  private var totals: [StoreTotals]
  /// Slots by node at the same moments.
  private var served: [[Int]] = [[]]
  /// Position of the totals from which the summary counts.
  private var cut = 0

  /// Clusters larger than this have no time series of single nodes.
  private static let mostNodesListed = 64

  /// A record that begins with the totals of a store that has done nothing.
  init(start: StoreTotals) { totals = [start] }

  var lastMoment: SimTime { totals[totals.count - 1].at }

  mutating func add(_ moment: StoreTotals, served: [Int]) {
    totals.append(moment)
    self.served.append(served)
  }

  /// The summary counts from here on.
  mutating func endWarmup() { cut = totals.count - 1 }

  func results(
    readLatency: LogLinearHistogram, writeLatency: LogLinearHistogram, events: [ClusterEventRecord], nodes: Int
  ) -> ComponentResults {
    var results = ComponentResults()
    results.summary = summary(readLatency, writeLatency, nodes: nodes)
    results.timeseries = timeseries(nodes: nodes)
    results.tables = [Self.table(events)]
    return results
  }

  // MARK: Tables

  private func summary(
    _ readLatency: LogLinearHistogram, _ writeLatency: LogLinearHistogram, nodes: Int
  ) -> [MetricRow] {
    var rows: [MetricRow] = []
    func add(_ metric: String, _ unit: String, _ value: Double) {
      rows.append(MetricRow(component: "cluster", entity: "all", metric: metric, unit: unit, value: value))
    }
    let window = StoreWindow(from: totals[cut], to: totals[totals.count - 1])
    add("cluster_commands", "", Double(window.commands))
    add("cluster_writes", "", Double(window.writeCommands))
    add("cluster_write_share", "", Double(window.writeCommands) / Double(window.commands))
    add("cluster_failed_commands", "", Double(window.failedCommands))
    for rate in window.rates { add(rate.metric, rate.unit, rate.value) }
    add("cluster_read_p50_ms", "ms", readLatency.quantile(0.5) * 1e3)
    add("cluster_read_p99_ms", "ms", readLatency.quantile(0.99) * 1e3)
    add("cluster_write_p50_ms", "ms", writeLatency.quantile(0.5) * 1e3)
    add("cluster_write_p99_ms", "ms", writeLatency.quantile(0.99) * 1e3)
    add("cluster_write_max_ms", "ms", writeLatency.quantile(1) * 1e3)
    add("cluster_unavailable_s", "s", window.unavailableS)
    add("cluster_unavailable_slot_s", "s", window.unavailableSlotS)
    add("cluster_acknowledged_writes", "", Double(window.acknowledgedWrites))
    add("cluster_unconfirmed_writes", "", Double(window.unconfirmedWrites))
    add("cluster_lost_writes", "", Double(window.lostWrites))
    add("cluster_elections", "", Double(window.elections))
    add("cluster_moved_slots", "", Double(window.movedSlots))
    add("cluster_gossip_bytes_per_s", "bytes/s", window.busBytesPerSecond)
    add("cluster_gossip_bytes_per_s_per_node", "bytes/s", window.busBytesPerSecond / Double(nodes))
    add("cluster_nodes", "", Double(nodes))
    return rows
  }

  private func timeseries(nodes: Int) -> [MetricRow] {
    var rows: [MetricRow] = []
    for position in totals.indices.dropFirst() {
      let window = StoreWindow(from: totals[position - 1], to: totals[position])
      guard window.seconds > 0 else { continue }
      func add(_ entity: String, _ metric: String, _ unit: String, _ value: Double) {
        rows.append(
          MetricRow(
            component: "cluster", entity: entity, metric: metric, unit: unit, value: value,
            timeS: totals[position].at.seconds))
      }
      add("all", "cluster_commands_per_s", "1/s", Double(window.commands) / window.seconds)
      add("all", "cluster_failed_per_s", "1/s", Double(window.failedCommands) / window.seconds)
      for rate in window.rates { add("all", rate.metric, rate.unit, rate.value) }
      add("all", "cluster_unavailable_s", "s", window.unavailableS)
      add("all", "cluster_lost_writes", "", Double(window.lostWrites))
      add("all", "cluster_moved_slots", "", Double(window.movedSlots))
      add("all", "cluster_gossip_bytes_per_s", "bytes/s", window.busBytesPerSecond)
      guard nodes <= Self.mostNodesListed else { continue }
      for (node, slots) in served[position].enumerated() where everServed(node) {
        add("node-\(node)", "cluster_slots", "", Double(slots))
      }
    }
    return rows
  }

  /// Whether a node served slots at any moment: replicas that never did are left out.
  private func everServed(_ node: Int) -> Bool { served.contains { node < $0.count && $0[node] > 0 } }

  private static func table(_ events: [ClusterEventRecord]) -> ComponentTable {
    ComponentTable(
      name: "cluster_events", columns: ["time_s", "node", "event", "about", "value", "detail"],
      rows: events.map { event in
        [
          .number(event.time.seconds), .text("node-\(event.node)"), .text(event.kind.rawValue),
          .text(event.subject.map { "node-\($0)" } ?? ""), .integer(event.value), .text(event.reason),
        ]
      })
  }
}

/// What a store did between two moments.
private struct StoreWindow {
  let seconds: Double
  let commands: Int64
  let writeCommands: Int64
  let failedCommands: Int64
  let acknowledgedWrites: Int64
  let unconfirmedWrites: Int64
  let lostWrites: Int64
  let unavailableS: Double
  let unavailableSlotS: Double
  let elections: Int64
  let movedSlots: Int64
  let busBytesPerSecond: Double
  /// What clients met, a second.
  let rates: [(metric: String, unit: String, value: Double)]

  init(from: StoreTotals, to: StoreTotals) {
    let seconds = (to.at - from.at).seconds
    self.seconds = seconds
    commands = to.commands - from.commands
    writeCommands = to.writeCommands - from.writeCommands
    failedCommands = to.failedCommands - from.failedCommands
    unconfirmedWrites = to.unconfirmedWrites - from.unconfirmedWrites
    acknowledgedWrites = to.writes.acknowledged - from.writes.acknowledged
    lostWrites = to.writes.lost - from.writes.lost
    unavailableS = (to.unavailable - from.unavailable).seconds
    unavailableSlotS = (to.unavailableSlots - from.unavailableSlots).seconds
    elections = to.elections - from.elections
    movedSlots = to.movedSlots - from.movedSlots
    busBytesPerSecond = Double(to.busBytes - from.busBytes) / seconds
    func rate(_ metric: String, _ count: KeyPath<ClientCounts, Int64>) -> (metric: String, unit: String, value: Double)
    {
      (metric, "1/s", Double(to.clients[keyPath: count] - from.clients[keyPath: count]) / seconds)
    }
    rates = [
      rate("cluster_moved_per_s", \.moved), rate("cluster_ask_per_s", \.asked),
      rate("cluster_tryagain_per_s", \.triedAgain), rate("cluster_down_per_s", \.clusterDown),
      rate("cluster_unanswered_per_s", \.unanswered), rate("cluster_map_refreshes_per_s", \.refreshes),
    ]
  }
}
