import CDNModel
import SimEngine
import Testing
import TextFormats

@testable import Platform

/// Expects for every title what it was asked for last, as the last window does.
private struct EchoForecaster: PopularityForecaster {
  private var last = LastWindowForecaster()
  mutating func observe(_ served: [FileDemand]) { last.observe(served) }
  func expectedBytes(_ file: SegmentKey) -> Double { last.expectedBytes(file) }
}

@Suite("Placement by forecasters in a run")
struct FillingTests {
  private func run(_ overrides: [String], jobs: Int = 1) throws -> PlatformResults {
    let placed = [
      "cdn.edge.policy=hot-title-placement", "cdn.edge.disk=8GB", "catalog.titles=200", "cdn.edge.refill=2min",
      "viewers.memberships=4000", "warmup=0s",
    ]
    return try TestPlatform.run(try TestPlatform.scenario(placed + overrides), jobs: jobs)
  }

  @Test("a site is filled anew by what was asked for, at its rate, and every fill is paid")
  func refill() throws {
    let known = try run([])
    let average = try run(["cdn.edge.forecaster=average:weight=0.2"])
    #expect(known.value("fill_bytes").isNaN)
    #expect(average.value("fill_bytes") > 0)
    #expect(average.value("sessions") == known.value("sessions"))
    // Who knows the rates places better than who learns them, but not by far.
    #expect(average.value("byte_hit_ratio") < known.value("byte_hit_ratio") + 0.02)
    #expect(average.value("byte_hit_ratio") > 0.5 * known.value("byte_hit_ratio"))
    let edge = try #require(average.cdn.first { $0.tier == "edge" && $0.entity == "all" })
    #expect(edge.fillBytes == Int64(average.value("fill_bytes")) && edge.diskWrittenBytes == edge.fillBytes)
    #expect(abs(average.value("cost_fill") / (average.value("fill_bytes") / 1e9 * 0.005) - 1) < 1e-9)
    #expect(edge.residentBytes <= 16_000_000_000)
    // Two sites, four fills of two minutes at 10 Mbit/s.
    let slow = try run(["cdn.edge.forecaster=average:weight=0.2", "cdn.edge.fill_rate=10Mbit/s"])
    #expect(slow.value("fill_bytes") <= 2 * 4 * 150e6)
    #expect(slow.value("fill_missed_bytes") > average.value("fill_missed_bytes"))
    #expect(try run(["cdn.edge.forecaster=average:weight=0.2"], jobs: 3).digest == average.digest)
  }

  @Test("a learned forecaster gets the same observations as any other")
  func learned() throws {
    LearnedForecasters.install { path, precision in
      if path == "missing.onnx" { throw PolicyFailure("there is no file '\(path)'") }
      return { _ in EchoForecaster() }
    }
    let last = try run(["cdn.edge.forecaster=last-window"])
    let learned = try run(["cdn.edge.forecaster=learned:model=echo.onnx,precision=w8a8"])
    #expect(learned.digest == last.digest)
    #expect(learned.value("byte_hit_ratio") == last.value("byte_hit_ratio"))
    #expect(throws: (any Error).self) { try run(["cdn.edge.forecaster=learned:model=missing.onnx"]) }
  }

  @Test("what a server lost is placed again with the next fill")
  func refillAfterLoss() throws {
    let failure = #"failures=[{ "at": "20:03", "what": "edge-server", "duration": "30s" }]"#
    let once = try run([failure])
    let again = try run([failure, "cdn.edge.forecaster=last-window"])
    #expect(again.value("byte_hit_ratio") > 1.2 * once.value("byte_hit_ratio"))
    let servers = try run([failure, "cdn.edge.forecaster=last-window", "cdn.edge.servers=3"])
    #expect(servers.value("fill_bytes") > 0)
  }

  @Test(
    "impossible forecasters are refused with their place",
    arguments: [
      ("cdn.edge.forecaster=oracle", "there is no forecaster 'oracle'"),
      ("cdn.edge.forecaster=average:weight=2", "weight='2'"), ("cdn.edge.forecaster=learned", "wants its network"),
      (#"cdn.edge={ "forecaster": "last-window" }"#, "the policy is lru"),
    ])
  func refused(override: String, words: String) {
    do {
      _ = try TestPlatform.scenario("cdn.edge.policy=hot-title-placement", override)
      Issue.record("accepted: \(override)")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }
}
