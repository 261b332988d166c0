// `simbench cluster`: simulated seconds per CPU second of clusters from 6 to 1000 nodes.
import ClusterModel
import SimEngine

/// Measures idle clusters and failovers.
enum ClusterSuite {
  /// One cluster, how long it is simulated, and how fast that should be.
  private struct Load {
    var name: String
    var masters: Int
    var nodeTimeoutMs: Int64
    var seconds: Double
    var target: Double
  }

  private static let loads = [
    Load(name: "6 nodes, 2 s", masters: 3, nodeTimeoutMs: 2000, seconds: 4000, target: 10_000),
    Load(name: "12 nodes, 2 s", masters: 6, nodeTimeoutMs: 2000, seconds: 2000, target: 10_000),
    Load(name: "12 nodes, 15 s", masters: 6, nodeTimeoutMs: 15_000, seconds: 4000, target: 10_000),
    Load(name: "100 nodes, 15 s", masters: 50, nodeTimeoutMs: 15_000, seconds: 200, target: 900),
    Load(name: "300 nodes, 15 s", masters: 150, nodeTimeoutMs: 15_000, seconds: 20, target: 0),
    Load(name: "1000 nodes, 15 s", masters: 500, nodeTimeoutMs: 15_000, seconds: 5, target: 0),
  ]

  static func run(_ arguments: [String]) throws {
    let rounds = arguments.first.flatMap { Int($0) } ?? 3
    print("simulated seconds per CPU second, median of \(rounds) rounds\n")
    print(pad("cluster", 28), pad("x real time", 14), pad("target", 10), pad("pings/s/node", 14))
    for load in loads {
      var speeds: [Double] = []
      var pings = 0.0
      for _ in 0..<rounds {
        var cluster = try cluster(load.masters, load.nodeTimeoutMs)
        let before = cluster.sent.messages(.ping)
        let from = cluster.now
        let start = processCPUNanoseconds()
        cluster.advance(through: from + .seconds(load.seconds))
        speeds.append(load.seconds * 1e9 / (processCPUNanoseconds() - start))
        pings = Double(cluster.sent.messages(.ping) - before) / load.seconds / Double(cluster.nodeCount)
      }
      print(
        pad("idle, " + load.name, 28), column(median(speeds), decimals: 0, width: 14),
        column(load.target, decimals: 0), column(pings, decimals: 2, width: 14))
    }
    try runAggregated(rounds)
    try runFailovers(rounds)
  }

  private static func cluster(_ masters: Int, _ nodeTimeoutMs: Int64) throws -> Cluster {
    var settings = ClusterSettings()
    settings.masters = masters
    settings.nodeTimeoutMs = nodeTimeoutMs
    var cluster = try Cluster(settings)
    cluster.recordsEvents = false
    cluster.advance(through: SimTime.zero + .milliseconds(2 * nodeTimeoutMs))
    return cluster
  }

  private static func runAggregated(_ rounds: Int) throws {
    var speeds: [Double] = []
    var cluster = try cluster(500, 15_000)
    for _ in 0..<rounds {
      let start = processCPUNanoseconds()
      cluster.rest(until: cluster.now + .seconds(100_000))
      speeds.append(100_000 * 1e9 / (processCPUNanoseconds() - start))
    }
    print(
      pad("idle, 1000 nodes, aggregated", 28), column(median(speeds), decimals: 0, width: 14),
      column(1000, decimals: 0))
  }

  private static func runFailovers(_ rounds: Int) throws {
    var rates: [Double] = []
    var settings = ClusterSettings()
    settings.nodeTimeoutMs = 2000
    let experiment = FailoverExperiment(settings: settings)
    for _ in 0..<rounds {
      let start = processCPUNanoseconds()
      for run in 0..<200 { _ = try experiment.timeline(run: run) }
      rates.append(200 * 1e9 / (processCPUNanoseconds() - start))
    }
    print("\nfailovers of 3 + 3 nodes a CPU second:", column(median(rates), decimals: 0))
  }
}
