import SimEngine
import TextFormats

@testable import Platform

/// A small platform for tests: two sites, a short catalog, ten minutes.
enum TestPlatform {
  /// Sizes like those of the ladder in scenarios/media, without reading files.
  static let pattern = SegmentPattern(
    segmentDuration: .milliseconds(4_000),
    videoBytes: [
      [37_710, 40_334, 41_716, 30_212, 25_161], [129_405, 149_764, 171_414, 102_721, 77_158],
      [624_442, 609_454, 655_589, 274_027, 161_111],
    ],
    audioBytes: [32_081, 33_003, 32_929, 32_951, 32_975])

  static let text = """
    {
      "name": "test", "start": "20:00", "duration": "10min", "warmup": "2min",
      "catalog": {
        "titles": 50, "lengths": [{ "share": 1, "mean": "20min", "cv": 0.3 }],
        "rungs": ["500kbit/s", "1500kbit/s", "4Mbit/s"]
      },
      "viewers": {
        "memberships": 2000, "sessions_per_day": 40,
        "access": [{ "share": 1, "rate": "2Mbit/s" }, { "share": 2, "rate": "20Mbit/s" }],
        "premiere": { "at": "20:04", "sessions": 200, "rise": "30s", "fall": "2min", "length": "10min" }
      },
      "network": { "edge_link": "1Gbit/s", "origin_link": "500Mbit/s", "fetch_rate": "200Mbit/s" },
      "cdn": { "edge": { "sites": 2, "disk": "5GB" } }
    }
    """

  /// The scenario with overrides such as `"player.abr=throughput"`.
  static func scenario(_ overrides: String...) throws -> Scenario { try scenario(overrides) }

  /// The scenario with overrides such as `"player.abr=throughput"`.
  static func scenario(_ overrides: [String]) throws -> Scenario {
    var json = try JSONText(parsing: text, source: "test.json")
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1)
      try json.set(path: String(parts[0]), to: String(parts[1]), origin: "--set \(override)")
    }
    return try SettingsDecoder.decode(Scenario.self, from: json)
  }

  /// Runs a scenario.
  static func run(
    _ scenario: Scenario, jobs: Int = 1, identity: RunIdentity = RunIdentity(seed: 1)
  ) throws -> PlatformResults {
    try World(scenario: scenario, pattern: pattern, identity: identity).run(jobs: jobs)
  }
}

extension PlatformResults {
  /// A value of the summary.
  func value(_ metric: String, entity: String = "all") -> Double {
    summary.first { $0.metric == metric && $0.entity == entity }?.value ?? .nan
  }
}
