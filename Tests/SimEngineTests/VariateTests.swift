import CGSL
import SimEngine
import Testing

/// Kolmogorov-Smirnov distance times sqrt(n): above 1.95 with probability 0.001 if the samples follow `cumulative`.
private func kolmogorov(_ samples: [Double], _ cumulative: (Double) -> Double) -> Double {
  let sorted = samples.sorted()
  let n = Double(sorted.count)
  var distance = 0.0
  for (index, value) in sorted.enumerated() {
    let expected = cumulative(value)
    distance = max(distance, expected - Double(index) / n, Double(index + 1) / n - expected)
  }
  return distance * n.squareRoot()
}

/// The p-value of counts of whole numbers against a probability function; rare values are pooled.
private func chiSquaredTail(_ samples: [Int], _ probability: (Int) -> Double) -> Double {
  var counts = [Double](repeating: 0, count: (samples.max() ?? 0) + 1)
  for sample in samples { counts[sample] += 1 }
  let n = Double(samples.count)
  var statistic = 0.0
  var cells = 0.0
  var pooledCount = 0.0
  var pooledProbability = 0.0
  var seen = 0.0
  for (value, count) in counts.enumerated() {
    pooledCount += count
    pooledProbability += probability(value)
    seen += probability(value)
    guard pooledProbability * n >= 10 && (1 - seen) * n >= 10 else { continue }
    let expected = pooledProbability * n
    statistic += (pooledCount - expected) * (pooledCount - expected) / expected
    cells += 1
    pooledCount = 0
    pooledProbability = 0
  }
  let expected = (pooledProbability + (1 - seen)) * n
  if expected > 0 { statistic += (pooledCount - expected) * (pooledCount - expected) / expected }
  return Quantiles.chiSquaredTail(statistic, degreesOfFreedom: cells)
}

@Suite struct VariateTests {
  private func stream(_ purpose: String) -> RandomStream {
    RandomStream(StreamKey(seed: 9, replication: 0, entity: "variates", purpose: purpose))
  }

  private func samples(_ purpose: String, _ draw: (inout RandomStream) -> Double) -> [Double] {
    var stream = stream(purpose)
    return (0..<20_000).map { _ in draw(&stream) }
  }

  @Test("exponential, normal, lognormal and Laplace variates follow GSL's distribution functions")
  func byInversion() {
    #expect(kolmogorov(samples("e") { $0.exponential(mean: 3) }) { gsl_cdf_exponential_P($0, 3) } < 1.95)
    #expect(
      kolmogorov(samples("n") { $0.normal(mean: 1, standardDeviation: 2) }) { gsl_cdf_gaussian_P($0 - 1, 2) } < 1.95)
    #expect(
      kolmogorov(samples("l") { $0.lognormal(mu: 0.5, sigma: 0.8) }) { gsl_cdf_lognormal_P($0, 0.5, 0.8) } < 1.95)
    #expect(kolmogorov(samples("p") { $0.laplace(scale: 60) }) { gsl_cdf_laplace_P($0, 60) } < 1.95)
    #expect(kolmogorov(samples("wrong") { $0.exponential(mean: 3.2) }) { gsl_cdf_exponential_P($0, 3) } > 1.95)
  }

  @Test(
    "gamma variates follow GSL's distribution function for shapes below and above one",
    arguments: [0.05, 0.5, 1, 2.5, 40])
  func gamma(shape: Double) {
    #expect(
      kolmogorov(samples("g\(shape)") { $0.gamma(shape: shape, scale: 2) }) { gsl_cdf_gamma_P($0, shape, 2) } < 1.95)
  }

  @Test("beta variates follow GSL's distribution function")
  func beta() {
    #expect(kolmogorov(samples("b") { $0.beta(0.8, 1.4) }) { gsl_cdf_beta_P($0, 0.8, 1.4) } < 1.95)
    var stream = stream("tiny")
    let ones = (0..<2000).filter { _ in stream.beta(1e-6, 3e-6) > 0.5 }.count
    #expect((420...580).contains(ones))
  }

  @Test("a lognormal given by mean and cv has that mean and that cv")
  func lognormalByMeanAndCV() {
    var tally = Tally()
    var stream = stream("cv")
    for _ in 0..<200_000 { tally.add(stream.lognormal(mean: 42, cv: 0.35)) }
    #expect((tally.mean - 42).magnitude < 0.15)
    #expect((tally.standardDeviation / tally.mean - 0.35).magnitude < 0.005)
    #expect(stream.lognormal(mean: 5, cv: 0) == 5)
  }

  @Test(
    "Poisson variates follow GSL's probabilities by inversion and by rejection", arguments: [0, 0.3, 2, 9.9, 10, 300])
  func poisson(mean: Double) {
    var stream = stream("poisson\(mean)")
    let samples = (0..<40_000).map { _ in stream.poisson(mean: mean) }
    guard mean > 0 else {
      #expect(samples.allSatisfy { $0 == 0 })
      return
    }
    let tail = chiSquaredTail(samples) { gsl_ran_poisson_pdf(UInt32($0), mean) }
    #expect(tail > 0.001 && tail < 0.9999)
  }

  @Test("geometric variates start at zero and have the mean that was asked for")
  func geometric() {
    var stream = stream("geometric")
    let samples = (0..<40_000).map { _ in stream.geometric(mean: 2) }
    // GSL counts trials from 1, this counts failures from 0.
    let tail = chiSquaredTail(samples) { gsl_ran_geometric_pdf(UInt32($0 + 1), 1.0 / 3) }
    #expect(tail > 0.001 && tail < 0.9999)
    #expect(stream.geometric(mean: 0) == 0)
    #expect(stream.draws == 40_001)
  }

  @Test("antithetic exponential pairs are negatively correlated")
  func antitheticPairs() {
    var plain = stream("pairs")
    var mirrored = plain.antithetic
    var single = Tally()
    var pairs = Tally()
    for _ in 0..<10_000 {
      let first = plain.exponential(mean: 1)
      single.add(first)
      pairs.add((first + mirrored.exponential(mean: 1)) / 2)
    }
    // The correlation of the pair is 1 - pi^2/6 = -0.645: the variance of the mean falls to 0.18 of one.
    #expect((pairs.variance - 0.1775).magnitude < 0.02)
    #expect((single.variance - 1).magnitude < 0.1)
  }

  @Test("quantile functions agree with the tables in every textbook")
  func quantiles() {
    #expect((Quantiles.studentT(0.975, degreesOfFreedom: 4) - 2.776445).magnitude < 1e-6)
    #expect((Quantiles.normal(0.975) - 1.959964).magnitude < 1e-6)
    #expect((Quantiles.chiSquared(0.95, degreesOfFreedom: 10) - 18.307038).magnitude < 1e-6)
    #expect((Quantiles.studentTTwoSided(2.776445, degreesOfFreedom: 4) - 0.05).magnitude < 1e-6)
    #expect((Quantiles.binomialProbability(2, trials: 4, success: 0.5) - 11.0 / 16).magnitude < 1e-12)
  }
}
