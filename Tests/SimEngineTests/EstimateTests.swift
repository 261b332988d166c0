import SimEngine
import Testing

@Suite struct EstimateTests {
  @Test("intervals use Student's t: the textbook sample of ten")
  func studentInterval() throws {
    let sample = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09]
    let estimate = Estimate(replications: sample, confidence: 0.90)
    #expect((estimate.mean - 1.343).magnitude < 1e-9)
    // s^2 = 0.16751, t(9, 0.95) = 1.8331.
    #expect((try #require(estimate.halfWidth) - 0.23725).magnitude < 1e-4)
    #expect(estimate.interval?.contains(1.5) == true)
  }

  @Test("one replication gives no interval, and says so")
  func oneReplication() {
    let estimate = Estimate(replications: [3])
    #expect(estimate.mean == 3 && estimate.halfWidth == nil && estimate.interval == nil)
    #expect(estimate.description.contains("no interval"))
    #expect(Estimate(replications: []).mean.isNaN)
  }

  @Test("replications are added until the interval is narrow enough, at least ten and at most the limit")
  func stopping() {
    let rule = StoppingRule(precision: 0.05, minimum: 10, maximum: 30)
    func decision(_ count: Int, _ halfWidth: Double?) -> StoppingRule.Decision {
      rule.decision(after: Estimate(count: count, mean: -100, halfWidth: halfWidth))
    }
    #expect(decision(9, 0.1) == .proceed)
    #expect(decision(10, 0.1) == .precise)
    #expect(decision(10, 4.7) == .precise)
    // 5 % of the truth is 5/1.05 % of the estimate.
    #expect(decision(10, 4.8) == .proceed)
    #expect(decision(30, 4.8) == .exhausted)
    #expect(rule.decision(after: Estimate(count: 10, mean: 0, halfWidth: 0)) == .precise)
    #expect(rule.decision(after: Estimate(count: 30, mean: 0, halfWidth: 1)) == .exhausted)
  }

  @Test("MSER-5 cuts a decaying start and nothing from a stationary series")
  func mser5() {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "mser", purpose: "noise"))
    var decaying: [Double] = []
    var stationary: [Double] = []
    for index in 0..<2000 {
      let noise = stream.normal()
      stationary.append(10 + noise)
      decaying.append(10 + noise + 50 * DeterministicMath.exp(-Double(index) / 40))
    }
    let cut = WarmUpCut.mser5(decaying)
    #expect(cut.isReliable && (120...400).contains(cut.observations))
    #expect(WarmUpCut.mser5(stationary).observations < 400)
    // A drift that never ends must be reported.
    #expect(!WarmUpCut.mser5((0..<2000).map(Double.init)).isReliable)
    #expect(!WarmUpCut.mser5([1, 2, 3]).isReliable)
  }

  @Test("MSER-5 finds the minimum that a direct evaluation finds")
  func mser5AgreesWithDefinition() {
    var stream = RandomStream(StreamKey(seed: 2, replication: 0, entity: "mser", purpose: "noise"))
    for _ in 0..<50 {
      let series = (0..<(100 + stream.below(200))).map { index in
        stream.exponential(mean: 1) + 20 / Double(1 + index)
      }
      let batches = (0..<(series.count / 5)).map { batch in series[(batch * 5)..<(batch * 5 + 5)].reduce(0, +) / 5 }
      var best = (score: Double.infinity, drop: 0)
      for drop in 0...(batches.count / 2) {
        let rest = batches[drop...]
        let mean = rest.reduce(0, +) / Double(rest.count)
        let score = rest.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(rest.count * rest.count)
        if score < best.score { best = (score, drop) }
      }
      #expect(WarmUpCut.mser5(series).observations == best.drop * 5)
    }
  }

  @Test("Welch's plot averages over replications, then over neighbours")
  func welchPlot() {
    let plot = WelchPlot(replications: [[1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 100]], window: 1)
    #expect(plot.averages == [2, 3, 4, 5, 6])
    #expect(plot.smoothed == [2, 3, 4, 5])
  }

  @Test("overlapping batch means cover the mean of a correlated series about as often as promised")
  func batchMeansCover() {
    var covered = 0
    var reliable = 0
    for seed in 0..<300 as Range<UInt64> {
      var stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "ar1", purpose: "noise"))
      var value = 0.0
      let series = (0..<4000).map { _ in
        value = 0.8 * value + stream.normal()
        return value
      }
      guard let result = BatchMeans(series) else { continue }
      if result.estimate.interval?.contains(0) == true { covered += 1 }
      if result.isReliable { reliable += 1 }
    }
    // 300 x 0.95 = 285; the naive interval of independent observations would cover about 150 times.
    #expect((272...298).contains(covered), "\(covered)")
    #expect(reliable > 280)
    #expect(BatchMeans([1, 2, 3]) == nil)
  }

  @Test("batch means report a series that is too short for its correlation")
  func batchMeansGuard() {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "walk", purpose: "noise"))
    var value = 0.0
    let walk = (0..<2000).map { _ in
      value += stream.normal()
      return value
    }
    #expect(BatchMeans(walk)?.isReliable == false)
  }

  @Test("quantile intervals cover the true quantile at least as often as promised", arguments: [0.5, 0.95])
  func quantilesCover(q: Double) {
    var covered = 0
    for seed in 0..<400 as Range<UInt64> {
      var stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "quantile", purpose: "values"))
      let result = QuantileInterval((0..<200).map { _ in stream.exponential(mean: 1) }, q: q)
      #expect(result.coverage >= 0.95)
      if result.interval?.contains(-DeterministicMath.log(1 - q)) == true { covered += 1 }
    }
    #expect((370...396).contains(covered), "\(covered)")
  }

  @Test("too few observations give no quantile interval, a histogram gives nearly the same one")
  func quantileEdges() throws {
    #expect(QuantileInterval([1, 2, 3, 4, 5], q: 0.95).interval == nil)
    #expect(QuantileInterval([], q: 0.5).value.isNaN)
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "quantile", purpose: "values"))
    var histogram = LogLinearHistogram()
    let values = (0..<1000).map { _ in stream.lognormal(mu: 0, sigma: 1) }
    for value in values { histogram.add(value) }
    let exact = try #require(QuantileInterval(values, q: 0.9).interval)
    let rough = try #require(QuantileInterval(histogram, q: 0.9).interval)
    #expect((rough.lowerBound / exact.lowerBound - 1).magnitude < 0.004)
    #expect((rough.upperBound / exact.upperBound - 1).magnitude < 0.004)
  }
}
