import CGSL
import SimEngine
import Testing

@Suite struct RandomStreamTests {
  private func stream(_ purpose: String) -> RandomStream {
    RandomStream(StreamKey(seed: 42, replication: 0, entity: "test", purpose: purpose))
  }

  @Test("xoshiro256++ gives the numbers of its authors' reference from a known state")
  func referenceNumbers() {
    // SplitMix64 from 0 starts with these four words; the stream of key bits 0 must hold them.
    var stream = RandomStream(StreamKey.zeroBits)
    var state: [UInt64] = [
      0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f, 0xf88b_b8a8_724c_81ec,
    ]
    func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    for _ in 0..<100 {
      let expected = rotated(state[0] &+ state[3], 23) &+ state[0]
      let t = state[1] << 17
      state[2] ^= state[0]
      state[3] ^= state[1]
      state[1] ^= state[2]
      state[0] ^= state[3]
      state[2] ^= t
      state[3] = rotated(state[3], 45)
      #expect(stream.next() == expected)
    }
    #expect(stream.draws == 100)
  }

  @Test("every part of a key matters, and so does where one part ends")
  func keysDiffer() {
    let keys = [
      StreamKey(seed: 1, replication: 0, entity: "site/1", purpose: "arrivals"),
      StreamKey(seed: 2, replication: 0, entity: "site/1", purpose: "arrivals"),
      StreamKey(seed: 1, replication: 1, entity: "site/1", purpose: "arrivals"),
      StreamKey(seed: 1, replication: 0, entity: "site/2", purpose: "arrivals"),
      StreamKey(seed: 1, replication: 0, entity: "site/1", purpose: "titles"),
      StreamKey(seed: 1, replication: 0, entity: "site/1a", purpose: "rrivals"),
      StreamKey(seed: 1, replication: 0, entity: "arrivals", purpose: "site/1"),
      StreamKey(seed: 0, replication: 1, entity: "site/1", purpose: "arrivals"),
      StreamKey(seed: 1, replication: 0, entity: "", purpose: ""),
    ]
    let children = (0..<1000).map { keys[0].child($0) }
    #expect(Set((keys + children).map(\.bits)).count == keys.count + children.count)
  }

  @Test("the first numbers of a named stream are the recorded ones, for ever")
  func goldenStream() {
    var stream = RandomStream(StreamKey(seed: 1, replication: 2, entity: "site/7", purpose: "arrivals").child(3))
    let expected: [UInt64] = [12_416_629_261_733_422_707, 1_567_492_027_531_261_554, 14_151_764_523_538_057_502]
    #expect((0..<3).map { _ in stream.next() } == expected)
  }

  @Test("the antithetic stream mirrors every uniform number")
  func antithetic() {
    var plain = stream("mirror")
    var mirrored = plain.antithetic
    for _ in 0..<1000 { #expect(plain.uniformOpen() + mirrored.uniformOpen() == 1) }
    var again = plain.antithetic.antithetic
    #expect(again.next() == plain.next())
  }

  @Test("integers below a bound are uniform: chi squared over 7 and 1000 cells", arguments: [7, 1000])
  func integersAreUniform(bound: Int) {
    var stream = stream("below")
    var counts = [Double](repeating: 0, count: bound)
    let draws = 200 * bound
    for _ in 0..<draws { counts[stream.below(bound)] += 1 }
    let statistic = counts.map { ($0 - 200) * ($0 - 200) / 200 }.reduce(0, +)
    let tail = Quantiles.chiSquaredTail(statistic, degreesOfFreedom: Double(bound - 1))
    #expect(tail > 0.001 && tail < 0.999)
    // Nearly 2^64: rejection happens and the result stays below the bound.
    for _ in 0..<1000 { #expect(stream.below(UInt64(1) << 63 + 1) <= 1 << 63) }
  }

  @Test("shuffling gives all 24 orders of four elements equally often")
  func shuffleIsUniform() {
    var stream = stream("shuffle")
    var counts: [[Int]: Double] = [:]
    for _ in 0..<24_000 {
      var elements = [0, 1, 2, 3]
      stream.shuffle(&elements)
      counts[elements, default: 0] += 1
    }
    #expect(counts.count == 24)
    let statistic = counts.values.sorted().map { ($0 - 1000) * ($0 - 1000) / 1000 }.reduce(0, +)
    #expect(Quantiles.chiSquaredTail(statistic, degreesOfFreedom: 23) > 0.001)
  }

  @Test("GSL draws from our stream: the same numbers, counted")
  func gslBridge() {
    var bridged = stream("gsl")
    var plain = bridged
    let uniforms = bridged.withGSL { generator in (0..<10).map { _ in gsl_rng_uniform(generator) } }
    #expect(uniforms == (0..<10).map { _ in plain.uniform() })
    #expect(bridged.draws == 10)
    let integer = bridged.withGSL { gsl_rng_get($0) }
    #expect(UInt64(integer) == plain.next())
    var tally = Tally()
    for _ in 0..<20_000 { tally.add(bridged.withGSL { gsl_ran_gamma($0, 2.5, 2) }) }
    #expect((tally.mean - 5).magnitude < 4 * (12.5 / 20_000).squareRoot())
  }

  @Test("an alias table draws every index with its weight, and never one of weight zero")
  func aliasTable() {
    let weights: [Double] = [5, 0, 1, 1e-3, 20, 0, 3, 3]
    let table = AliasTable(weights: weights)
    var stream = stream("alias")
    var counts = [Double](repeating: 0, count: weights.count)
    let draws = 200_000
    for _ in 0..<draws { counts[table.sample(&stream)] += 1 }
    #expect(counts[1] == 0 && counts[5] == 0)
    let total = weights.reduce(0, +)
    var statistic = 0.0
    for (count, weight) in zip(counts, weights) where weight > 0 {
      let expected = Double(draws) * weight / total
      statistic += (count - expected) * (count - expected) / expected
    }
    #expect(Quantiles.chiSquaredTail(statistic, degreesOfFreedom: 5) > 0.001)
    #expect(stream.draws == UInt64(draws))
    #expect(AliasTable(weights: [3]).sample(&stream) == 0)
  }

  @Test("Zipf-Mandelbrot weights follow (rank + shift)^-exponent and draws follow the weights")
  func zipfMandelbrot() {
    let titles = ZipfMandelbrot(count: 1000, exponent: 0.9, shift: 10)
    #expect((titles.probabilities.reduce(0, +) - 1).magnitude < 1e-12)
    let ratio = titles.probabilities[0] / titles.probabilities[99]
    #expect((ratio - DeterministicMath.pow(110.0 / 11, 0.9)).magnitude < 1e-12)
    var stream = stream("titles")
    var counts = [Double](repeating: 0, count: 1000)
    for _ in 0..<500_000 { counts[titles.sample(&stream)] += 1 }
    let statistic = zip(counts, titles.probabilities).map { count, probability in
      (count - 500_000 * probability) * (count - 500_000 * probability) / (500_000 * probability)
    }.reduce(0, +)
    let tail = Quantiles.chiSquaredTail(statistic, degreesOfFreedom: 999)
    #expect(tail > 0.001 && tail < 0.999)
  }
}

extension StreamKey {
  /// A key whose bits are zero.
  fileprivate static var zeroBits: StreamKey {
    unsafeBitCast(UInt64(0), to: StreamKey.self)
  }
}
