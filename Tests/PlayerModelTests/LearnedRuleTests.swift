import PlayerModel
import SimEngine
import Testing
import TextFormats

/// A model that scores the quality best whose predicted download time is nearest below a segment.
private final class CarefulModel: BitrateModel {
  func choose(_ features: UnsafeBufferPointer<Float>, among count: Int) -> Int {
    (0..<count).last { features[10 + $0] < 0.8 } ?? 0
  }
}

@Suite("Learned rules")
struct LearnedRuleTests {
  private static let ladder = QualityLadder(bitratesKbps: [300, 750, 1200, 2400], segmentDuration: .seconds(4))

  private func context(level: Double) -> DecisionContext {
    DecisionContext(
      segment: 3, segmentCount: 19, levelMs: level, throughputKbps: 500, latencyMs: 50, ladder: Self.ladder.view())
  }

  private func outcome(quality: Int, kbps: Double) -> DownloadOutcome {
    let bits = Self.ladder.bitratesKbps[quality] * 4000
    return DownloadOutcome(
      segment: 2, quality: quality, sizeBits: bits, receivedBits: bits, totalMs: bits / kbps, firstByteMs: 50,
      levelMs: 8000, ladder: Self.ladder.view())
  }

  @Test("features tell transfers, sizes, ladder, buffer, last quality and what is left, without units")
  func features() {
    var state = LearnedRuleState()
    state.downloaded(outcome(quality: 1, kbps: 1200))
    var features = [Float](repeating: .nan, count: LearnedRule.featureCount)
    features.withUnsafeMutableBufferPointer { state.write(context(level: 16_000), to: $0) }
    #expect(abs(features[0] + 1) < 1e-6 && features[1] == -6, "1200 is half of 2400")
    #expect(abs(features[5] - 0.625) < 1e-6 && features[6] == 0)
    #expect(abs(features[10] - 0.25) < 1e-6 && abs(features[13] - 2) < 1e-6 && features[14] == 8)
    #expect(features[19] == 1 && features[20] == 0)
    #expect(features[22] == 0.5 && features[23] == Float(750.0 / 2400) && features[24] == 0.5)
    #expect(features.allSatisfy { $0.isFinite })
  }

  @Test("the rule takes what the model scores highest, and the sustainable quality before the first transfer")
  func choice() {
    var rule = LearnedRule(SharedBitrateModel(CarefulModel()))
    #expect(rule.choose(context(level: 0)).quality == 0)
    rule.downloaded(outcome(quality: 0, kbps: 1000))
    #expect(rule.choose(context(level: 4000)).quality == 1)
    for _ in 0..<5 { rule.downloaded(outcome(quality: 3, kbps: 9000)) }
    #expect(rule.choose(context(level: 4000)).quality == 3)
    #expect(MemoryLayout<SessionRule>.size <= 60)
  }

  @Test("a rule is named with its network; what is missing or misspelt is an error")
  func specification() throws {
    _ = BitrateModels.share(CarefulModel(), as: "careful", precision: "w8a8")
    let specification = try AbrSpecification(parsing: "neural:model=careful")
    #expect(specification.name == .neural && specification.learned != nil)
    for text in ["neural", "neural:precision=w8a8", "neural:modle=careful", "neural:model=nowhere"] {
      #expect(throws: InputError.self, "\(text)") { try AbrSpecification(parsing: text) }
    }
    #expect(!AbrName.allCases.contains(.neural))
    #expect(AbrName.allCases.count == 15)
  }
}
