import CGSL
import SimEngine
import Testing

@Suite struct ComparisonTests {
  @Test("common random numbers show a difference that independent runs hide")
  func pairing() throws {
    var stream = RandomStream(StreamKey(seed: 4, replication: 0, entity: "paired", purpose: "noise"))
    let shared = (0..<20).map { _ in stream.normal(mean: 100, standardDeviation: 10) }
    let baseline = shared.map { $0 + stream.normal(standardDeviation: 0.5) }
    let alternative = shared.map { $0 + 1 + stream.normal(standardDeviation: 0.5) }
    let paired = PairedComparison(baseline: baseline, alternative: alternative)
    let interval = try #require(paired.difference.interval)
    #expect(interval.contains(1) && !interval.contains(0))
    #expect(try #require(paired.varianceReduction) > 0.98)
    #expect(try #require(paired.correlation) > 0.98)
    #expect(try #require(paired.pValue) < 1e-4)
    #expect((try #require(paired.relativeDifference) - 0.01).magnitude < 0.005)
    let separate = try #require(WelchComparison(baseline: baseline, alternative: alternative))
    #expect(separate.pValue > 0.3)
    #expect(try #require(separate.difference.interval).contains(0))
  }

  @Test("a paired comparison of equal runs finds nothing, one of a constant shift finds it for certain")
  func degenerateDifferences() {
    let same = PairedComparison(baseline: [1, 2, 3], alternative: [1, 2, 3])
    #expect(same.difference.mean == 0 && same.difference.halfWidth == 0 && same.pValue == 1)
    let shifted = PairedComparison(baseline: [1, 2, 3], alternative: [2, 3, 4])
    #expect(shifted.difference.mean == 1 && shifted.pValue == 0 && shifted.varianceReduction == 1)
    let single = PairedComparison(baseline: [1], alternative: [2])
    #expect(single.pValue == nil && single.difference.halfWidth == nil)
    #expect(PairedComparison(baseline: [0, 0], alternative: [1, 1]).relativeDifference == nil)
  }

  @Test("Welch's test agrees with the worked example of its degrees of freedom")
  func welch() throws {
    let a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4]
    let b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.3, 26.0]
    let result = try #require(WelchComparison(baseline: a, alternative: b))
    // t = 2.5, 27.5 degrees of freedom, p = 0.018 from the formulas by hand.
    let meanA = a.reduce(0, +) / 15
    let meanB = b.reduce(0, +) / 15
    let errorA = a.map { ($0 - meanA) * ($0 - meanA) }.reduce(0, +) / 14 / 15
    let errorB = b.map { ($0 - meanB) * ($0 - meanB) }.reduce(0, +) / 14 / 15
    let freedom = (errorA + errorB) * (errorA + errorB) / ((errorA * errorA + errorB * errorB) / 14)
    #expect((result.degreesOfFreedom - freedom).magnitude < 1e-9)
    let t = (meanB - meanA) / (errorA + errorB).squareRoot()
    #expect((result.pValue - 2 * gsl_cdf_tdist_Q(t, freedom)).magnitude < 1e-12)
    #expect(WelchComparison(baseline: [1], alternative: [2, 3]) == nil)
  }

  @Test("Holm's correction multiplies the smallest p-value most and never reverses an order")
  func holm() {
    #expect(MultipleComparisons.holm([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02])
    #expect(MultipleComparisons.holm([0.6, 0.9]) == [1, 1])
    #expect(MultipleComparisons.holm([]) == [])
  }

  @Test("Kim-Nelson selects the best of five as often as promised, and drops bad ones early")
  func kimNelson() {
    let means = [0.0, 0.5, 1.0, 1.0, 2.0]
    var correct = 0
    var replications = [0, 0, 0, 0, 0]
    let procedure = KimNelson(indifference: 1, confidence: 0.95)
    for seed in 0..<300 as Range<UInt64> {
      let selection = procedure.select(among: 5, maximum: 2000) { configuration, replication in
        // Common random numbers: half of the noise belongs to the replication.
        var shared = RandomStream(
          StreamKey(seed: seed, replication: UInt64(replication), entity: "shared", purpose: "noise"))
        var own = RandomStream(
          StreamKey(seed: seed, replication: UInt64(replication), entity: "own\(configuration)", purpose: "noise"))
        return means[configuration] + 2 * shared.normal() + 2 * own.normal()
      }
      if selection.best == 4 { correct += 1 }
      #expect(selection.survivors == [selection.best])
      for (index, count) in selection.replications.enumerated() { replications[index] += count }
    }
    // At least 95 %; the procedure is conservative.
    #expect(correct >= 285, "\(correct) of 300")
    #expect(replications[0] < replications[2] && replications[2] < replications[4])
  }

  @Test("with one configuration there is nothing to select, with too few replications several survive")
  func kimNelsonEdges() {
    let alone = KimNelson(indifference: 1).select(among: 1, maximum: 10) { _, _ in 5 }
    #expect(alone.best == 0 && alone.replications == [1])
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "kn", purpose: "noise"))
    let open = KimNelson(indifference: 0.001).select(among: 3, maximum: 12) { _, _ in stream.normal() }
    #expect(open.survivors.count > 1 && open.replications.contains(12))
  }
}
