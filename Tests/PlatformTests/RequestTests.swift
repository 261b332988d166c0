import CDNModel
import PlayerModel
import SimEngine
import Testing

@testable import Platform

/// Requests with what the player told (CTA-5004), as cmcd.csv lists them.
@Suite("Requests and their CMCD keys")
struct RequestTests {
  /// Two thirds of the viewers have less than the lowest rungs need, so that there are stalls.
  private static let stalling = [
    "warmup=0s", #"viewers.access=[{ "share": 2, "rate": "550kbit/s" }, { "share": 1, "rate": "20Mbit/s" }]"#,
  ]
  private static let lostSite =
    #"failures=[{ "at": "20:03", "what": "edge-site", "which": [1], "duration": "3min" }]"#
  private static let jumping = #"viewers.seeks={ "per_hour": 60, "forward_share": 0.7, "distance": "90s" }"#

  private static func run(_ overrides: [String], share: Double = 1, jobs: Int = 1) throws -> PlatformResults {
    try TestPlatform.run(
      try TestPlatform.scenario(overrides + (share > 0 ? ["player.cmcd_sample=\(share)"] : [])), jobs: jobs)
  }

  /// The requests of each session in the order in which it sent them.
  private static func sessions(_ run: PlatformResults) throws -> [[RequestRecord]] {
    let requests = try #require(run.requests)
    return Dictionary(grouping: requests, by: \.session.identifier).values
      .map { $0.sorted { ($0.at, $0.firstByteAt ?? .distantFuture) < ($1.at, $1.firstByteAt ?? .distantFuture) } }
  }

  @Test(
    "a sample of everybody holds every request that the sites counted, with its outcome",
    arguments: [
      [], stalling, [jumping, "warmup=0s"], [lostSite, "cdn.steering={}", "warmup=0s"], [lostSite, "warmup=0s"],
      [
        #"cdn.edge={ "sites": 2, "disk": "1GB", "servers": 3, "memory": "100MB", "disk_latency": "4ms", "ttl": "1min" }"#,
        "warmup=0s",
      ],
    ])
  func complete(overrides: [String]) throws {
    let run = try Self.run(["warmup=0s"] + overrides)
    let requests = try #require(run.requests)
    #expect(requests.count > 1_000)
    for site in 0..<2 {
      let row = try #require(run.cdn.first { $0.entity == "edge-\(site)" })
      let here = requests.filter { Int($0.site) == site }
      func count(_ outcome: RequestRecord.Outcome) -> Int64 { Int64(here.filter { $0.outcome == outcome }.count) }
      func isAnswered(_ request: RequestRecord) -> Bool {
        if case .cache = request.outcome { true } else { false }
      }
      #expect(Int64(here.filter(isAnswered).count) == row.requests)
      #expect(here.filter(isAnswered).reduce(0) { $0 + $1.bytes } == row.requestedBytes)
      #expect(count(.cache(.pinnedHit)) + count(.cache(.reactiveHit)) == row.hits)
      let misses = EdgeOutcome.allCases.filter { !$0.isHit }
      #expect(misses.map { count(.cache($0)) } == row.missesByCause)
      #expect(count(.steered) == row.steeredAway)
      // What is in memory and past its time is confirmed first.
      let fromMemory = Int64(here.filter { $0.source == .memory }.count)
      #expect(fromMemory <= row.memoryHits && (fromMemory > 0) == (row.memoryHits > 0))
    }
    #expect(requests.filter { $0.outcome == .unanswered }.count == Int(run.observed.total.unanswered))
    #expect(Int64(requests.filter { $0.ending == .completed }.count) == run.observed.total.segments)
    let sent = requests.filter { $0.ending == .completed }.reduce(0) { $0 + $1.bytes }
    #expect(sent == run.observed.total.segmentBytes)
    for request in requests where request.ending == .completed {
      #expect(request.sentBytes == request.bytes && request.source != .none)
      let first = try #require(request.firstByteAt)
      #expect(request.at <= first && first < request.endedAt ?? first)
    }
  }

  @Test("bitrate, top bitrate and duration are the catalog's, and the next object is the next segment")
  func catalog() throws {
    let scenario = try TestPlatform.scenario("player.cmcd_sample=1")
    let world = try World(scenario: scenario, pattern: TestPlatform.pattern, identity: RunIdentity(seed: 1))
    let catalog = world.catalog
    let requests = try #require(try world.run(jobs: 1).requests)
    for request in requests {
      let title = request.key.title
      let keys = request.cmcd
      func kbps(_ rung: Int) -> Double { catalog.rungBitsPerSecond[rung] / 1_000 * catalog.complexities[title] }
      #expect(abs((keys.bitrateKbps ?? 0) / kbps(request.key.representation) - 1) < 1e-12)
      #expect(abs((keys.topBitrateKbps ?? 0) / kbps(2) - 1) < 1e-12)
      #expect(keys.durationMs == 4_000)
      #expect(request.bytes == catalog.bytes(of: request.key))
      let isLast = request.key.segment + 1 == Int(catalog.segmentCounts[title])
      #expect(keys.nextObject == (isLast ? nil : "\(request.key.segment + 1).m4s"))
    }
    let first = try #require(requests.first?.cmcd)
    #expect(first.text.contains(",cid=\"title-"))
    #expect(first.text.contains(",sf=d,sid=\"0000000"))
    #expect(first.text.hasPrefix("bl=0,br="))
    #expect(first.text.contains(",su,tb="))
  }

  /// A player worked out from the log alone: when segments came, buffer, stalls and start follow.
  private struct SlowPlayer {
    var playhead = SimDuration.zero
    var downloaded = SimDuration.zero
    var isPlaying = false
    var hasStarted = false
    var holdsEnd = false
    var stalls = 0
    var at: SimTime

    mutating func advance(to time: SimTime) {
      guard isPlaying else {
        at = time
        return
      }
      let left = downloaded - playhead
      if time - at > left, !holdsEnd {
        stalls += 1
        isPlaying = false
      }
      playhead += min(left, time - at)
      at = time
    }

    mutating func receive(_ duration: SimDuration, isLast: Bool) {
      downloaded += duration
      holdsEnd = isLast
      if downloaded - playhead >= .seconds(4) || isLast { isPlaying = true }
    }
  }

  @Test(
    "buffer, start-up and stalls are told as they follow from the log itself", arguments: [stalling, ["warmup=0s"]])
  func state(overrides: [String]) throws {
    let run = try Self.run(overrides)
    var starved = 0
    var compared = 0
    for requests in try Self.sessions(run) {
      let first = try #require(requests.first)
      var player = SlowPlayer(at: .zero)
      var told = 0
      var before: RequestRecord?
      for request in requests {
        let half = SimDuration(nanoseconds: request.roundTrip.nanoseconds / 2)
        if let before, before.ending == .completed, let end = before.endedAt {
          player.advance(to: end + half)
          player.receive(before.duration, isLast: !before.hasNext)
        }
        // Who gives a download up decides at the edge's clock; all others half a round trip before.
        let isSecondTry = before?.ending == .givenUp
        player.advance(to: isSecondTry ? request.at : request.at - half)
        #expect(request.state.level == player.downloaded - player.playhead)
        #expect(request.state.isStartup == !player.isPlaying)
        #expect(request.state.hasStarved == (player.stalls > told))
        #expect((request.state.throughputKbps == nil) == (player.downloaded == .zero))
        if request.state.hasStarved { starved += 1 }
        told = player.stalls
        before = request
        compared += 1
      }
      #expect(first.state.isStartup && !first.state.hasStarved && first.state.level == .zero)
    }
    // A stall in which the viewer leaves is followed by no request.
    let untold = run.sessions.filter { $0.stalls > 0 && ($0.ending == .leftInStall || $0.ending == .active) }.count
    let stalls = run.observed.total.stalls
    #expect(starved <= Int(stalls) && starved >= Int(stalls) - untold)
    #expect(compared == Int(run.value("requests")))
    if overrides == Self.stalling { #expect(starved > 100) }
  }

  @Test("who jumps out of the buffer asks urgently, and the stream goes on from there")
  func jumps() throws {
    var jumps = 0
    for requests in try Self.sessions(try Self.run([Self.jumping])) {
      for (before, request) in zip(requests, requests.dropFirst()) {
        let step = request.key.segment - before.key.segment
        guard step != 1, !(step == 0 && before.ending == .givenUp) else { continue }
        jumps += 1
        #expect(request.state.isStartup && request.state.level == .zero && !request.state.hasStarved)
      }
    }
    #expect(jumps > 100)
  }

  @Test("a session keeps its identifier and its stalls at the site that takes it over")
  func steering() throws {
    var moved = 0
    for requests in try Self.sessions(try Self.run([Self.lostSite, "cdn.steering={}"])) {
      for (before, request) in zip(requests, requests.dropFirst()) where before.outcome == .steered {
        moved += 1
        #expect(request.site != before.site && request.key == before.key && request.at > before.at)
        #expect(before.ending == .turnedAway && before.sentBytes == 0 && before.source == .none)
        #expect(request.state.level <= before.state.level)
      }
    }
    #expect(moved > 20)
  }

  @Test("a sample changes nothing: digest, viewers and figures stay, and its rows are those of the full table")
  func silent() throws {
    let without = try Self.run(Self.stalling, share: 0)
    let part = try Self.run(Self.stalling, share: 0.2)
    let all = try Self.run(Self.stalling)
    #expect(without.requests == nil)
    for run in [part, all] {
      #expect(run.digest == without.digest)
      #expect(run.summary.map { "\($0)" } == without.summary.map { "\($0)" })
    }
    let chosen = Set(try #require(part.requests).map(\.session.identifier))
    let share = Double(chosen.count) / Double(try Self.sessions(all).count)
    #expect(share > 0.15 && share < 0.25)
    let rows = try #require(all.requests).filter { chosen.contains($0.session.identifier) }
    #expect(rows.map { "\($0)" } == part.requests?.map { "\($0)" })
  }

  @Test("the table is the same for any number of threads")
  func jobs() throws {
    let one = try Self.run([Self.lostSite, "cdn.steering={}"])
    let two = try Self.run([Self.lostSite, "cdn.steering={}"], jobs: 2)
    #expect(one.requests?.map { "\($0)" } == two.requests?.map { "\($0)" })
  }

  @Test("a session at segment level keeps its player in 256 bytes, whether its requests are listed or not")
  func memory() {
    let player =
      MemoryLayout<SessionRule>.size + MemoryLayout<ThroughputEstimator>.size + MemoryLayout<PlaybackBuffer>.size
      + MemoryLayout<PlaybackStatistics>.size + MemoryLayout<DownloadForecast>.size
    #expect(player <= 256, "\(player)")
    #expect(MemoryLayout<PlayerTelemetry>.stride == 40)
    #expect(MemoryLayout<ViewerSession>.stride <= 640, "\(MemoryLayout<ViewerSession>.stride)")
  }

  @Test("the identifier is a UUID that tells site, process, replication and number")
  func identifier() {
    let session = RequestRecord.Session(home: 0x1F, process: 1, replication: 0x1002, number: 0xABC)
    #expect(session.identifier == "0000001f-0001-8002-8000-000000000abc")
  }
}
