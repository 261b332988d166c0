import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite struct ExplanationTests {
  /// The same all day, without a premiere or failures, and long after its start.
  private static let steady = [
    "duration=90min", "warmup=50min", "output.interval=10min", "viewers.premiere=null", "catalog.complexity_cv=0",
    #"viewers.access=[{"share": 1, "rate": "50Mbit/s"}]"#, "cdn.edge.disk=10GB", "cdn.edge.prefill=popular",
    "network.edge_link=5Gbit/s", "network.origin_link=5Gbit/s",
    #"services={"gateway": {"servers": 4}, "search": {"threads": 64}, "history": {"threads": 4}}"#,
    #"viewers.services={"payment_share": 0}"#,
  ]

  @Test("in a steady platform without failures the envelope and the simulation agree within 10 %")
  func steady() throws {
    let scenario = try TestPlatform.scenario(Self.steady)
    let results = try TestPlatform.run(scenario, jobs: 2)
    let rows = Explanation(scenario: scenario, pattern: TestPlatform.pattern).rows
    var compared = 0
    for row in rows {
      guard let source = row.source else { continue }
      let simulated = source.simulated(
        keptShare: 1, observedSeconds: (scenario.duration - scenario.warmup).seconds
      ) { component, entity, metric in
        results.summary.first { $0.component == component && $0.entity == entity && $0.metric == metric }?.value
      }
      let ratio = try #require(simulated, "\(row.quantity) is not in the summary") / row.value
      #expect(ratio > 0.9 && ratio < 1.1, "\(row.quantity): estimate \(row.value), ratio \(ratio)")
      compared += 1
    }
    #expect(compared >= 14)
  }

  @Test("behind the edge, too: the regional cache of a slice, and what is left for the origin")
  func tiers() throws {
    let scenario = try TestPlatform.scenario([
      "duration=90min", "warmup=40min", "output.interval=10min", "viewers.premiere=null", "catalog.complexity_cv=0",
      #"viewers.access=[{"share": 1, "rate": "50Mbit/s"}]"#, "viewers.memberships=4000", "cdn.edge.sites=4",
      "scale.fraction=0.5", "cdn.edge.disk=12GB",
      #"cdn.regional={ "count": 1, "disk": "12GB", "link": "40Gbit/s", "origin_latency": "20ms" }"#,
      "network.edge_link=20Gbit/s", "network.origin_link=40Gbit/s", "network.fetch_rate=1Gbit/s",
    ])
    let results = try TestPlatform.run(scenario, jobs: 2)
    let rows = Explanation(scenario: scenario, pattern: TestPlatform.pattern).rows
    for quantity in ["hit_ratio", "regional_hit_ratio", "origin_traffic", "run_events"] {
      let row = try #require(rows.first { $0.quantity == quantity })
      let simulated = row.source?.simulated(
        keptShare: 0.5, observedSeconds: 50 * 60
      ) { component, entity, metric in
        results.summary.first { $0.component == component && $0.entity == entity && $0.metric == metric }?.value
      }
      let ratio = try #require(simulated) / row.value
      #expect(ratio > 0.9 && ratio < 1.1 && row.value > 0.05, "\(quantity): estimate \(row.value), ratio \(ratio)")
    }
    let whole = try #require(rows.first { $0.quantity == "regional_hit_ratio_whole" })
    let slice = try #require(rows.first { $0.quantity == "regional_hit_ratio" })
    // In the platform three other sites may have brought what a site misses, in the slice one.
    #expect(whole.value > slice.value)
  }

  @Test("every row says how it was worked out, and no value is missing")
  func complete() throws {
    let scenario = try TestPlatform.scenario("services={}")
    let rows = Explanation(scenario: scenario, pattern: TestPlatform.pattern).rows
    #expect(rows.allSatisfy { $0.value.isFinite && $0.value >= 0 && !$0.formula.isEmpty })
    #expect(Set(rows.map(\.quantity)).count == rows.count)
    let without = Explanation(scenario: try TestPlatform.scenario(), pattern: TestPlatform.pattern).rows
    #expect(without.count < rows.count)
  }

  @Test("twice the members are twice the load, and wear a site's prefilled disk down faster")
  func scales() throws {
    let once = Explanation(
      scenario: try TestPlatform.scenario("services={}", "viewers.premiere=null"), pattern: TestPlatform.pattern)
    let twice = Explanation(
      scenario: try TestPlatform.scenario("services={}", "viewers.premiere=null", "viewers.memberships=4000"),
      pattern: TestPlatform.pattern)
    for (one, two) in zip(once.rows, twice.rows) where one.unit == "1/s" || one.quantity == "egress" {
      #expect((two.value / one.value - 2).magnitude < 1e-9, "\(one.quantity)")
    }
    func value(_ explanation: Explanation, _ quantity: String) throws -> Double {
      try #require(explanation.rows.first { $0.quantity == quantity }).value
    }
    let (hitOnce, hitTwice) = (try value(once, "hit_ratio"), try value(twice, "hit_ratio"))
    #expect(hitOnce != hitTwice && (hitOnce - hitTwice).magnitude < 0.1)
    for explanation in [once, twice] {
      let missed = try value(explanation, "egress") * (1 - value(explanation, "hit_ratio"))
      #expect((try value(explanation, "origin_traffic") / missed - 1).magnitude < 1e-9)
    }
  }
}
