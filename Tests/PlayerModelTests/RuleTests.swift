// Rules and estimators against slow, obvious forms of their definitions.

import PlayerModel
import SimEngine
import Testing

@Suite struct RuleTests {
  static let bitrates = [300.0, 750, 1200, 1850, 2850, 4300]
  static let ladder = QualityLadder(bitratesKbps: bitrates, segmentDuration: .seconds(4))

  /// All plans in lexicographic order, each evaluated from scratch.
  private func enumerate(
    sizes: [Double], last: Int, levelSeconds: Double, predicted: Double, lastWins: Bool
  ) -> Int {
    var best = -Double.infinity
    var answer = 0
    for plan in 0..<7776 {
      var digits = [0, 0, 0, 0, 0]
      var rest = plan
      for step in stride(from: 4, through: 0, by: -1) {
        digits[step] = rest % 6
        rest /= 6
      }
      var buffer = levelSeconds
      var rebuffer = 0.0
      var sum = 0.0
      var change = 0.0
      var previous = Self.bitrates[last]
      for (step, quality) in digits.enumerated() {
        let seconds = sizes[step * 6 + quality] / 8 / 1e6 / predicted
        if buffer < seconds {
          rebuffer += seconds - buffer
          buffer = 0
        } else {
          buffer -= seconds
        }
        buffer += 4
        sum += Self.bitrates[quality]
        change += abs(Self.bitrates[quality] - previous)
        previous = Self.bitrates[quality]
      }
      let value = sum / 1000 - 4.3 * rebuffer - change / 1000
      if value > best || lastWins && value >= best {
        best = value
        answer = digits[0]
      }
    }
    return answer
  }

  @Test("the pruned plan search finds the plan that enumeration finds, ties included", arguments: 0..<40)
  func planSearch(seed: Int) {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "mpc", purpose: "plan"))
    // Round sizes and throughputs make ties common.
    let sizes = (0..<30).map { Self.bitrates[$0 % 6] * 4000 * Double(1 + random.below(3)) }
    let last = random.below(6)
    let levelSeconds = Double(random.below(16))
    let megabytes = 0.125 * Double(1 + random.below(8))
    let view = Self.ladder.view()
    for lastWins in [false, true] {
      var rule = RobustMpcRule<Double>(ties: lastWins ? .last : .first)
      rule.downloaded(
        DownloadOutcome(
          segment: 0, quality: last, sizeBits: megabytes * 8e6, receivedBits: megabytes * 8e6, totalMs: 1000,
          firstByteMs: 0, levelMs: 0, ladder: view))
      let decision = sizes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return Decision(quality: -1) }
        return rule.choose(
          DecisionContext(
            segment: 0, segmentCount: 5, levelMs: levelSeconds * 1000, throughputKbps: 0, latencyMs: 0, ladder: view,
            sizes: SegmentSizes(bits: base, rows: 5, columns: 6)))
      }
      let expected = enumerate(
        sizes: sizes, last: last, levelSeconds: levelSeconds, predicted: megabytes, lastWins: lastWins)
      #expect(decision.quality == expected)
    }
  }

  @Test("the incremental averages equal sums over all samples with their weights")
  func dualEwma() throws {
    var random = RandomStream(StreamKey(seed: 1, replication: 0, entity: "ewma", purpose: "samples"))
    var estimator = EstimatorSettings.dualEwma(fastSeconds: 3, slowSeconds: 8).makeEstimator()
    #expect(estimator.throughputKbps == nil)
    var samples: [(kbps: Double, ms: Double)] = []
    for _ in 0..<50 {
      let sample = (kbps: random.uniform(from: 100, to: 9000), ms: random.uniform(from: 50, to: 6000))
      samples.append(sample)
      estimator.record(bits: sample.kbps * sample.ms, transferMs: sample.ms, latencyMs: 40)
      func average(_ halfLifeMs: Double) -> Double {
        var age = 0.0
        var sum = 0.0
        var weights = 0.0
        for sample in samples.reversed() {
          let ratio = -0.6931471805599453 / halfLifeMs
          let weight = DeterministicMath.exp(ratio * age) - DeterministicMath.exp(ratio * (age + sample.ms))
          sum += weight * sample.kbps
          weights += weight
          age += sample.ms
        }
        return sum / weights
      }
      let expected = min(average(3000), average(8000))
      let estimate = try #require(estimator.throughputKbps)
      #expect(abs(estimate - expected) < 1e-6 * expected)
    }
    #expect(abs(estimator.latencyMs - 40) < 1e-3)
  }

  @Test("means and medians over the last samples are those of a sorted list")
  func recentSamples() {
    var mean = EstimatorSettings.recent(.mean, window: 3).makeEstimator()
    var harmonic = EstimatorSettings.recent(.harmonicMean, window: 5).makeEstimator()
    var median = EstimatorSettings.recent(.weightedMedian, window: 5).makeEstimator()
    for kbps in [1000.0, 8000, 2000, 4000, 3000] {
      mean.record(bits: kbps * 1000, transferMs: 1000, latencyMs: 10)
      harmonic.record(bits: kbps * 1000, transferMs: 1000, latencyMs: 10)
      // Equal bytes, so equal weights: the plain median.
      median.record(bits: 800_000, transferMs: 800_000 / kbps, latencyMs: 10)
    }
    #expect(mean.throughputKbps == 3000)
    let reciprocals = 1 / 1000.0 + 1 / 8000.0 + 1 / 2000.0 + 1 / 4000.0 + 1 / 3000.0
    #expect(abs((harmonic.throughputKbps ?? 0) - 5 / reciprocals) < 1e-3)
    #expect(abs((median.throughputKbps ?? 0) - 3000) < 1e-3)
  }

  @Test("a title's bitrate scale changes bitrates and no utility")
  func scaledLadder() {
    let plain = Self.ladder.view()
    let scaled = Self.ladder.view(bitrateScale: 2.5)
    for quality in 0..<6 {
      #expect(scaled.bitrateKbps(quality) == 2.5 * plain.bitrateKbps(quality))
      #expect(scaled.utility(quality) == plain.utility(quality))
    }
  }

  @Test("BBA-2 climbs while the buffer grows fast, and obeys its map once that is over")
  func bba2() {
    let view = Self.ladder.view()
    var rule = Bba2Rule()
    func choose(_ levelSeconds: Double, afterMs: Double) -> Int {
      rule.downloaded(
        DownloadOutcome(
          segment: 0, quality: 0, sizeBits: 1, receivedBits: 1, totalMs: afterMs, firstByteMs: 0, levelMs: 0,
          ladder: view))
      return rule.choose(
        DecisionContext(
          segment: 0, segmentCount: 100, levelMs: levelSeconds * 1000, throughputKbps: 0, latencyMs: 0, ladder: view)
      ).quality
    }
    #expect(choose(0, afterMs: 100) == 0)
    #expect(choose(8, afterMs: 100) == 1)
    #expect(choose(12, afterMs: 100) == 2)
    // 1 s for 4 s of media is 0.75 of growth: not enough at a short buffer.
    #expect(choose(16, afterMs: 1000) == 2)
    // A shrinking buffer ends start-up; below the reservoir the map says the lowest.
    #expect(choose(14, afterMs: 5000) == 0)
    #expect(choose(60, afterMs: 100) == 0)
    #expect(choose(220, afterMs: 100) == 5)
    // Half of the cushion maps to 2300 kbit/s: between two rungs the quality falls only past the next lower one.
    #expect(choose(153, afterMs: 100) == 4)
  }

  @Test("headroom rules keep within their shares of the throughput, and Media3 waits for its buffer marks")
  func headroom() {
    let view = Self.ladder.view()
    func context(_ kbps: Double, level: Double) -> DecisionContext {
      DecisionContext(
        segment: 0, segmentCount: 100, levelMs: level * 1000, throughputKbps: kbps, latencyMs: 0, ladder: view)
    }
    var hls = HeadroomRule(.hlsJs)
    #expect(hls.choose(context(2000, level: 20)).quality == 2)
    // 1850 <= 0.95 * 2000 would be kept, but rising needs 1850 <= 0.7 * throughput.
    #expect(hls.choose(context(2600, level: 20)).quality == 2)
    #expect(hls.choose(context(2700, level: 20)).quality == 3)
    #expect(hls.choose(context(2000, level: 20)).quality == 3)
    #expect(hls.choose(context(1900, level: 20)).quality == 2)
    var media = HeadroomRule(.media3)
    #expect(media.choose(context(1000, level: 0)).quality == 0)
    #expect(media.choose(context(6000, level: 9)).quality == 0)
    #expect(media.choose(context(6000, level: 11)).quality == 4)
    #expect(media.choose(context(1000, level: 26)).quality == 4)
    #expect(media.choose(context(1000, level: 24)).quality == 0)
  }
}
