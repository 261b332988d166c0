import CDNModel
import Platform
import PlayerModel
import SimEngine
import Testing
import TextFormats

@testable import Studies

/// Takes the sum of the last 24 hours for the next hour.
private struct DayModel: PopularityModel {
  func forecast(_ features: [Float]) -> Float { features[5] }
}

@Suite("Training rows and trials of learned models")
struct TrainingTests {
  static let smoke: ScenarioFile? = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return try? ScenarioFile(path: parts.joined(separator: "/") + "/scenarios/smoke.json")
  }()

  private func sessions() throws -> BitrateSessions { BitrateSessions(try #require(Self.smoke), segments: 12, seed: 4) }

  @Test("an oracle that sees the future is beaten by no constant quality on any network")
  func oracle() throws {
    let sessions = try sessions()
    var (oracle, best) = (0.0, 0.0)
    for number in 0..<6 {
      let found = sessions.play(session: number) { decision, _ in BitrateOracle.choice(decision) }
      oracle += found.quality
      best +=
        (0..<sessions.ladder.count).map { quality in
          sessions.play(session: number) { _, _ in quality }.quality
        }.max() ?? 0
    }
    #expect(oracle > best, "\(oracle) \(best)")
  }

  @Test("the cut search of the oracle finds what trying every plan finds")
  func search() throws {
    let sessions = try sessions()
    var asked = 0
    _ = sessions.play(session: 1) { decision, _ in
      asked += 1
      let found = BitrateOracle.choice(decision)
      if asked <= 3 { #expect(found == exhaustive(decision)) }
      return found
    }
    #expect(asked == 11)
  }

  /// Every plan in order, each on its own copy of the network.
  private func exhaustive(_ decision: BitrateSessions.Decision) -> Int {
    let (ladder, horizon) = (decision.context.ladder, 5)
    var best = (value: -Double.infinity, first: 0)
    var plans = 1
    for _ in 0..<horizon { plans *= ladder.count }
    for plan in 0..<plans {
      var (network, level, last, value) = (decision.network, decision.context.levelMs, decision.lastQuality, 0.0)
      var (rest, divisor, first) = (plan, plans / ladder.count, 0)
      for step in 0..<horizon {
        let quality = rest / divisor
        rest %= divisor
        divisor = max(1, divisor / ladder.count)
        if step == 0 { first = quality }
        let outcome = BitrateOracle.download(
          decision.context, quality: quality, segment: decision.context.segment + step, &network, bufferMs: &level)
        let (now, before) = (ladder.bitrateKbps(quality) / 1000, ladder.bitrateKbps(last) / 1000)
        value += now - 4.3 * outcome.stallMs / 1000 - abs(now - before)
        last = quality
      }
      if value > best.value { best = (value, first) }
    }
    return best.first
  }

  @Test("rows hold a decision each, and the same session gives the same rows")
  func rows() throws {
    let sessions = try sessions()
    let one = sessions.play(session: 2, keepsRows: true) { _, features in features[10] < 0.5 ? 1 : 0 }
    let two = sessions.play(session: 2, keepsRows: true) { _, features in features[10] < 0.5 ? 1 : 0 }
    #expect(one.labels.count == 11 && one.features.count == 11 * LearnedRule.featureCount)
    #expect(one.features == two.features && one.labels == two.labels && one.quality == two.quality)
  }

  @Test("a table of demand has the sessions that the scenario expects, most of them for the most popular titles")
  func demand() throws {
    let file = try #require(Self.smoke)
    let table = DemandTable(
      scenario: file.scenario, pattern: file.pattern, identity: RunIdentity(seed: 1), hours: 12)
    let counts = table.fileBytes.indices.map { title in table.requests.reduce(0) { $0 + Int($1[title]) } }
    // 10 000 viewers, 12 sessions a day, half of them here: 30 000 in 12 hours, and 500 for the premiere.
    #expect(abs(Double(counts.reduce(0, +)) - 30_500) < 1_000, "\(counts.reduce(0, +))")
    #expect(counts[0] > counts[100] && counts[0] > counts[199])
    #expect(table.fileBytes.allSatisfy { $0 > 0 })
  }

  @Test("placement by an oracle serves most, by a learned forecaster as much as by what it computes")
  func placement() throws {
    let file = try #require(Self.smoke)
    let table = DemandTable(
      scenario: file.scenario, pattern: file.pattern, identity: RunIdentity(seed: 2), hours: 20)
    let loop = PlacementLoop(table, capacityBytes: file.scenario.cdn.edge.diskBytes, warmUp: 10)
    let oracle = loop.outcome(OracleForecaster(periods: loop.periods))
    let last = loop.outcome(LastWindowForecaster())
    let learned = loop.outcome(LearnedForecaster(DayModel(), fileBytes: table.fileBytes))
    #expect(oracle.byteHitRatio > last.byteHitRatio && oracle.byteHitRatio > learned.byteHitRatio)
    #expect(learned.byteHitRatio > last.byteHitRatio, "a day tells more than an hour where popularity does not move")
    #expect(learned.originBytes < last.originBytes)
    let full = PlacementLoop(table, capacityBytes: 1 << 60, warmUp: 10).outcome(LastWindowForecaster())
    #expect(full.byteHitRatio > 0.8 && full.byteHitRatio < 1)
  }

  @Test("rows of popularity hold sixteen finite features and the logarithm of the next hour")
  func popularityRows() {
    let requests: [[Int32]] = (0..<10).map { hour in [Int32(hour), 0, 3] }
    let rows = PopularityRows([(requests, [1_000_000_000, 2_000_000_000, 500_000_000])], warmUp: 2)
    #expect(rows.features.count == rows.targets.count * RequestHistory.featureCount)
    #expect(rows.features.allSatisfy { $0.isFinite })
    // Hour 2, title 0: the last hour had 2 requests, the next has 3.
    #expect(abs(rows.features[0] - Float(DeterministicMath.log(3))) < 1e-6)
    #expect(abs(rows.targets[0] - Float(DeterministicMath.log(4))) < 1e-6)
  }

  /// Takes the highest quality that would arrive in four fifths of a segment's time.
  private final class CarefulModel: BitrateModel {
    func choose(_ features: UnsafeBufferPointer<Float>, among count: Int) -> Int {
      (0..<count).last { features[10 + $0] < 0.8 } ?? 0
    }
  }

  @Test("a learned rule plays every session of a platform run, the same for any number of threads")
  func platform() throws {
    _ = BitrateModels.share(CarefulModel(), as: "careful model of a test", precision: "w8a8")
    let file = try #require(Self.smoke)
    let short = try #require(file.ending(after: .seconds(360)))
    let learned = try short.with([
      ScenarioOverride(path: "player.abr", value: "neural:model=careful model of a test", origin: "test")
    ])
    func run(_ file: ScenarioFile, jobs: Int) throws -> PlatformResults {
      try World(scenario: file.scenario, pattern: file.pattern, identity: RunIdentity(seed: 1)).run(jobs: jobs)
    }
    let alone = try run(learned, jobs: 1)
    #expect(try run(learned, jobs: 2).digest == alone.digest)
    #expect(try run(short, jobs: 1).digest != alone.digest)
    #expect(throws: InputError.self) {
      try short.with([ScenarioOverride(path: "player.abr", value: "neural", origin: "test")])
    }
  }
}
