// The suites of simbench: one line here and one file each.
import Glibc

struct Suite: Sendable {
  /// The first argument of simbench.
  var name: String
  /// What it measures.
  var summary: String
  /// Runs it with the arguments that follow the name.
  var run: @Sendable ([String]) throws -> Void

  static let all = [
    Suite(name: "engine", summary: "event queue and dispatch beside C++", run: EngineSuite.run),
    Suite(name: "network", summary: "shared links: speed, memory, conservation, accuracy", run: runNetworkBenchmarks),
    Suite(name: "cluster", summary: "nodes that gossip: simulated seconds per CPU second", run: ClusterSuite.run),
    Suite(
      name: "quant", summary: "thresholds, float and int8 inference", run: { try runQuantBenchmarks(arguments: $0) }),
    Suite(name: "player", summary: "sessions of bitrate rules", run: { try runPlayerBenchmarks(arguments: $0) }),
    Suite(name: "cache", summary: "cache policies beside libcachesim", run: runCacheBenchmarks(arguments:)),
    Suite(name: "media", summary: "boxes and samples beside ffprobe", run: runMediaBenchmarks(arguments:)),
    Suite(name: "statistics", summary: "closed forms and coverage of intervals", run: StatisticsSuite.run),
  ]

  static var usage: String {
    let rows = all.map { "  simbench \($0.name)  \($0.summary)" }
    return (["usage: simbench SUITE [options]"] + rows).joined(separator: "\n") + "\n"
  }
}

/// Writes to standard error.
func writeError(_ text: String) {
  var text = text
  text.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
}
