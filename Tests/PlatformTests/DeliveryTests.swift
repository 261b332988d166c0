import NetModel
import SimEngine
import Testing
import TextFormats

@testable import Platform

@Suite("Courses of failures")
struct FaultCourseTests {
  private func course(remaining: Double, at start: Double = 100, duration: Int64, ramp: Int64) -> FaultCourse {
    var failure = FailureSettings()
    failure.remaining = remaining
    failure.duration = .milliseconds(duration)
    failure.ramp = .milliseconds(ramp)
    return FaultCourse(failure, start: .zero + .seconds(start))
  }

  @Test("a failure without a ramp takes away at once and gives back at once")
  func step() {
    let course = course(remaining: 0.25, duration: 10_000, ramp: 0)
    let levels = [99.999, 100, 105, 109.999, 110].map { course.factor(at: .zero + .seconds($0)) }
    #expect(levels == [1, 0.25, 0.25, 0.25, 1])
    #expect(course.nextChange(after: .zero) == .zero + .seconds(100))
    #expect(course.nextChange(after: .zero + .seconds(100)) == .zero + .seconds(110))
    #expect(course.nextChange(after: .zero + .seconds(110)) == nil)
  }

  @Test("between the moments that it tells, a failure changes nothing", arguments: [0, 1, 7, 3_000, 10_000])
  func changes(rampMs: Int64) {
    let course = course(remaining: 0.1, duration: 10_000, ramp: rampMs)
    var time = SimTime.zero
    var least = 1.0
    var steps = 0
    while let change = course.nextChange(after: time) {
      #expect(change > time)
      #expect(course.factor(at: change - .nanoseconds(1)) == course.factor(at: time))
      time = change
      least = min(least, course.factor(at: time))
      steps += 1
    }
    #expect(abs(least - 0.1) < 1e-12)
    #expect(course.factor(at: time) == 1)
    #expect(steps <= 21)
  }

  @Test("failures of one link that overlap multiply, and it is whole again after the last is repaired")
  func overlap() {
    let whole = 8e9
    var link = LinkCourse(
      .constant(BitRate(bitsPerSecond: whole)),
      faults: [
        course(remaining: 0.5, duration: 10_000, ramp: 0), course(remaining: 0.25, at: 104, duration: 10_000, ramp: 0),
        course(remaining: 0.8, at: 106, duration: 2_000, ramp: 0),
      ])
    var seen: [String] = []
    var time = SimTime.zero
    while let change = link.nextChange(after: time) {
      time = change
      seen.append("\(time.seconds) \(link.capacity(at: time).bitsPerSecond / whole)")
    }
    #expect(seen == ["100.0 0.5", "104.0 0.125", "106.0 0.1", "108.0 0.125", "110.0 0.25", "114.0 1.0"])
    #expect(link.capacity(at: time + .seconds(1_000)).bitsPerSecond == whole)
  }

  @Test("a dead link stays dead until every failure that killed it is over, ramps included")
  func overlappingDeaths() {
    var link = LinkCourse(
      .constant(BitRate(bitsPerSecond: 1e9)),
      faults: [
        course(remaining: 0, duration: 10_000, ramp: 0), course(remaining: 0, at: 105, duration: 10_000, ramp: 1_000),
      ])
    var time = SimTime.zero
    var alive: [Double] = []
    while let change = link.nextChange(after: time) {
      time = change
      let capacity = link.capacity(at: time)
      if capacity > .zero { alive.append(time.seconds) }
      #expect(capacity == .zero || time.seconds >= 115)
    }
    #expect(alive.first == 115 && alive.last == 116)
    #expect(link.capacity(at: time).bitsPerSecond == 1e9)
  }
}

@Suite("Links and tiers of the platform")
struct DeliveryTests {
  private func run(_ overrides: [String]) throws -> PlatformResults {
    try TestPlatform.run(try TestPlatform.scenario(overrides))
  }

  @Test("a smaller initial window delays the first frame and changes no viewer")
  func slowStart() throws {
    let narrow = try run(["network.tcp.initial_window=1"])
    let wide = try run(["network.tcp.initial_window=1000"])
    #expect(narrow.value("startup_mean_s") > 1.05 * wide.value("startup_mean_s"))
    #expect(narrow.value("sessions") == wide.value("sessions"))
  }

  @Test("a dead edge link carries nothing while it lasts, and its viewers leave")
  func deadLink() throws {
    let failure = #"failures=[{ "at": "20:04", "what": "edge-link", "which": [1], "duration": "2min" }]"#
    let results = try run([failure, "output.interval=20s"])
    func utilisation(_ site: Int, at second: Double) -> Double? {
      results.timeseries.first {
        $0.entity == "edge-\(site)" && $0.metric == "edge_utilisation" && $0.timeS == second
      }?.value
    }
    #expect(utilisation(1, at: 300) == 0)
    #expect(try #require(utilisation(0, at: 300)) > 0.01)
    #expect(try #require(utilisation(1, at: 400)) > 0.01)
    let sound = try run([])
    #expect(results.value("left_in_stall") > sound.value("left_in_stall"))
  }

  @Test("cross traffic takes from the link what it says")
  func crossTraffic() throws {
    let crossed = try run([#"network.cross_traffic={ "share": 0.9, "mean_on": "20s", "mean_off": "20s" }"#])
    #expect(crossed.value("mean_bitrate_kbps") < (try run([])).value("mean_bitrate_kbps"))
  }

  @Test("a regional cache answers what edges miss, joins what is in flight, and spares the origin")
  func regionalCache() throws {
    let small = ["cdn.edge.disk=200MB", "cdn.edge.prefill=empty", "warmup=0s"]
    let flat = try run(small)
    let regional = #"{ "count": 1, "disk": "50GB", "link": "1Gbit/s", "origin_latency": "20ms", "prefill": "empty" }"#
    let tiered = try run(small + ["cdn.regional=\(regional)"])
    #expect(tiered.value("origin_bytes") < 0.8 * flat.value("origin_bytes"))
    #expect(tiered.value("sessions") == flat.value("sessions"))
    let rows = tiered.cdn
    let edge = try #require(rows.first { $0.tier == "edge" && $0.entity == "all" })
    let middle = try #require(rows.first { $0.tier == "regional" && $0.entity == "all" })
    let origin = try #require(rows.first { $0.tier == "origin" })
    // What one tier asks for, the next one hears of, up to what is on its way at the end.
    #expect(edge.fetches - middle.requests >= 0 && edge.fetches - middle.requests < 100)
    #expect(middle.fetches - origin.requests >= 0 && middle.fetches - origin.requests < 100)
    #expect(middle.hits + middle.coalesced + middle.fetches == middle.requests)
    #expect(middle.hits > 0 && middle.coalesced > 0)
  }

  @Test("cache servers that fail make misses by health, at their site only")
  func failedServers() throws {
    let failure =
      #"failures=[{ "at": "20:04", "what": "edge-cache", "which": [0], "remaining": 0.5, "duration": "3min" }]"#
    let results = try run([failure])
    let health = try #require(CDNRow.missCauses.firstIndex(of: "health"))
    let misses = results.cdn.filter { $0.tier == "edge" }.map { ($0.entity, $0.missesByCause[health]) }
    #expect(misses.contains { $0 == ("edge-0", 0) } == false)
    #expect(misses.contains { $0 == ("edge-1", 0) })
    let sound = try run([])
    #expect(results.value("hit_ratio", entity: "edge-0") < sound.value("hit_ratio", entity: "edge-0"))
  }

  @Test("the bill is bytes times prices")
  func cost() throws {
    let results = try run([#"cdn.prices={ "egress_per_gb": 0.5, "midgress_per_gb": 0, "storage_per_gb_month": 0 }"#])
    let egress = results.value("edge_bytes") / 1e9 * 0.5
    #expect(abs(results.value("cost_egress") / egress - 1) < 1e-12)
    let sum = egress + results.value("cost_disk_writes")
    #expect(abs(results.value("cost_total") / sum - 1) < 1e-12)
    #expect(abs(results.value("cost_per_viewer_hour") / (sum / results.value("hours_played")) - 1) < 1e-9)
  }

  @Test(
    "impossible links and tiers are refused with their place",
    arguments: [
      (#"failures=[{ "at": "20:01", "what": "edge-cache", "which": [2], "duration": "1min" }]"#, "no edge site 2"),
      (#"network={ "edge_trace": "x", "cross_traffic": {} }"#, "not both"),
      ("cdn.regional={ \"policy\": \"lur\" }", "cdn.regional"), ("cdn.regional.count=0", "cdn.regional.count"),
      ("network.tcp.initial_window=0", "network.tcp.initial_window"),
    ])
  func refused(override: String, words: String) {
    do {
      _ = try TestPlatform.scenario(override)
      Issue.record("accepted: \(override)")
    } catch { #expect("\(error)".contains(words), "\(error)") }
  }
}
