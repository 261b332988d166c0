import CGSL
import Glibc
import SimEngine
import Testing

/// Distance from a reference of 64 bits, in units of the last place of the Double.
private func ulps(_ value: Double, from reference: Float80) -> Double {
  if value == Double(reference) { return Double((Float80(value) - reference).magnitude / Float80(value.ulp)) }
  return Double((Float80(value) - reference).magnitude / Float80(Double(reference).ulp))
}

@Suite struct DeterministicMathTests {
  @Test("log stays below one unit in the last place, subnormals included")
  func logIsPrecise() {
    var stream = RandomStream(StreamKey(seed: 3, replication: 0, entity: "math", purpose: "inputs"))
    var worst = 0.0
    for _ in 0..<200_000 {
      let wide = Double(bitPattern: stream.below(0x7ff0_0000_0000_0000 - 1) + 1)
      let near = 0.5 + 1.5 * stream.uniform()
      let subnormal = Double(bitPattern: stream.below(0x0010_0000_0000_0000 - 1) + 1)
      for x in [wide, near, subnormal] where x != 1 {
        worst = max(worst, ulps(DeterministicMath.log(x), from: Glibc.log(Float80(x))))
      }
    }
    #expect(worst < 1, "\(worst)")
  }

  @Test("exp stays below one unit in the last place, subnormal results included")
  func expIsPrecise() {
    var stream = RandomStream(StreamKey(seed: 3, replication: 0, entity: "math", purpose: "inputs"))
    var worst = 0.0
    for _ in 0..<200_000 {
      for x in [stream.uniform(from: -745, to: 709.7), stream.uniform(from: -2, to: 2)] {
        worst = max(worst, ulps(DeterministicMath.exp(x), from: Glibc.exp(Float80(x))))
      }
    }
    #expect(worst < 1, "\(worst)")
  }

  @Test("log1p and expm1 stay below two units in the last place")
  func smallArgumentsArePrecise() {
    var stream = RandomStream(StreamKey(seed: 3, replication: 0, entity: "math", purpose: "inputs"))
    var worstLog = 0.0
    var worstExp = 0.0
    for _ in 0..<200_000 {
      let tiny = stream.uniform(from: -1, to: 1) * DeterministicMath.exp(-40 * stream.uniform())
      for x in [tiny, stream.uniform(from: -0.999, to: 3)] where x != 0 {
        worstLog = max(worstLog, ulps(DeterministicMath.log1p(x), from: Glibc.log1p(Float80(x))))
        worstExp = max(worstExp, ulps(DeterministicMath.expm1(x), from: Glibc.expm1(Float80(x))))
      }
    }
    #expect(worstLog < 2, "\(worstLog)")
    #expect(worstExp < 2, "\(worstExp)")
  }

  @Test("pow stays below one unit in the last place over its whole range")
  func powIsPrecise() {
    var stream = RandomStream(StreamKey(seed: 3, replication: 0, entity: "math", purpose: "inputs"))
    var worst = 0.0
    for _ in 0..<200_000 {
      let wide = DeterministicMath.exp(stream.uniform(from: -700, to: 700))
      let near = stream.uniform(from: 0.9, to: 1.1)
      let rank = Double(1 + stream.below(1_000_000))
      let cases = [
        (wide, stream.uniform(from: -1.05, to: 1.05)), (near, stream.uniform(from: -7000, to: 7000)),
        (rank, stream.uniform(from: -2, to: 2)), (rank, Double(Int(stream.below(40)) - 20)),
      ]
      for (x, y) in cases {
        let reference = Glibc.pow(Float80(x), Float80(y))
        guard reference < Float80(Double.greatestFiniteMagnitude), reference > 0x1p-1074 else { continue }
        worst = max(worst, ulps(DeterministicMath.pow(x, y), from: reference))
      }
    }
    #expect(worst < 1, "\(worst)")
  }

  @Test("special values follow IEEE 754")
  func specialValues() {
    let log = DeterministicMath.log
    let exp: (Double) -> Double = { DeterministicMath.exp($0) }
    #expect(log(0) == -.infinity && log(-0.0) == -.infinity && log(.infinity) == .infinity && log(1) == 0)
    #expect(log(-1).isNaN && log(.nan).isNaN && log(-.infinity).isNaN)
    #expect(exp(0) == 1 && exp(-0.0) == 1 && exp(.infinity) == .infinity && exp(-.infinity) == 0 && exp(.nan).isNaN)
    #expect(exp(710) == .infinity && exp(1e308) == .infinity && exp(-746) == 0 && exp(-1e308) == 0)
    #expect(exp(-745.13) == 0x1p-1074 && exp(709.78).isFinite && exp(0x1p-1060) == 1)
    #expect(DeterministicMath.log1p(-1) == -.infinity && DeterministicMath.log1p(-2).isNaN)
    #expect(DeterministicMath.log1p(.infinity) == .infinity && DeterministicMath.log1p(1e-300) == 1e-300)
    #expect(DeterministicMath.expm1(-.infinity) == -1 && DeterministicMath.expm1(1e-300) == 1e-300)
    #expect(DeterministicMath.expm1(0) == 0 && DeterministicMath.log1p(0) == 0)
  }

  @Test("pow agrees with the C library on every pair of special values")
  func specialPowers() {
    let values: [Double] = [
      0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 1.5, -1.5, 1e300, -1e300, 1e-300, .infinity, -.infinity, .nan,
      0x1p-1074, 9_007_199_254_740_992, -9_007_199_254_740_991, 2047, -2047, 1e19,
    ]
    for x in values {
      for y in values {
        let ours = DeterministicMath.pow(x, y)
        let expected = Glibc.pow(x, y)
        let same = ours == expected && ours.sign == expected.sign || ours.isNaN && expected.isNaN
        let close = (ours - expected).magnitude <= expected.ulp
        #expect(same || close, "pow(\(x), \(y)) = \(ours), not \(expected)")
      }
    }
  }

  @Test("the normal quantile agrees with GSL to 15 digits, far tails included")
  func normalQuantileIsPrecise() {
    var stream = RandomStream(StreamKey(seed: 3, replication: 0, entity: "math", purpose: "inputs"))
    var worst = 0.0
    for _ in 0..<50_000 {
      for p in [stream.uniformOpen(), DeterministicMath.exp(-700 * stream.uniformOpen())] {
        let expected = gsl_cdf_ugaussian_Pinv(p)
        guard expected.magnitude > 1e-6 else { continue }
        worst = max(worst, ((DeterministicMath.normalQuantile(p) - expected) / expected).magnitude)
      }
    }
    #expect(worst < 4e-15, "\(worst)")
    #expect(DeterministicMath.normalQuantile(0.5) == 0)
    #expect(DeterministicMath.normalQuantile(0) == -.infinity && DeterministicMath.normalQuantile(1) == .infinity)
    #expect(DeterministicMath.normalQuantile(-0.1).isNaN && DeterministicMath.normalQuantile(.nan).isNaN)
    #expect(DeterministicMath.normalQuantile(0.99609375) == -DeterministicMath.normalQuantile(0.00390625))
  }

  @Test("ln k! agrees with GSL")
  func logFactorialIsPrecise() {
    for k in 0..<2000 {
      let expected = gsl_sf_lnfact(UInt32(k))
      #expect((DeterministicMath.logFactorial(Double(k)) - expected).magnitude <= 4e-15 * max(1, expected))
    }
  }

  @Test("a million results hash to the recorded value: not one bit has moved")
  func goldenBits() {
    #expect(ArithmeticHash.deterministic(count: 100_000) == 14_771_193_353_388_271_482)
  }
}

/// Hashes of many results, to compare builds, processes and CPUs.
enum ArithmeticHash {
  static func deterministic(count: Int) -> UInt64 {
    var stream = RandomStream(StreamKey(seed: 11, replication: 0, entity: "math", purpose: "golden"))
    var hash: UInt64 = 0
    func fold(_ value: Double) { hash = (hash ^ value.bitPattern) &* 0x0000_0100_0000_01b3 }
    for _ in 0..<count {
      let u = stream.uniformOpen()
      let x = stream.uniform(from: -30, to: 30)
      fold(DeterministicMath.log(u))
      fold(DeterministicMath.exp(x))
      fold(DeterministicMath.pow(1000 * u, x / 10))
      fold(DeterministicMath.log1p(u))
      fold(DeterministicMath.expm1(u - 0.5))
      fold(DeterministicMath.normalQuantile(u))
    }
    return hash
  }

  /// The same with the C library, whose last bits depend on the CPU.
  static func library(count: Int) -> UInt64 {
    var stream = RandomStream(StreamKey(seed: 11, replication: 0, entity: "math", purpose: "golden"))
    var hash: UInt64 = 0
    for _ in 0..<count {
      hash = (hash ^ Glibc.exp(stream.uniform(from: -30, to: 30)).bitPattern) &* 0x0000_0100_0000_01b3
    }
    return hash
  }
}
