/// A small seeded generator for property tests (SplitMix64); tests must repeat exactly.
struct TestRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A number in 0..<bound.
  mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 11) % bound }

  /// A number in 0..<1.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Small numbers are much more likely than large ones: a crude popularity.
  mutating func skewed(_ bound: Int) -> Int {
    let u = unit()
    return min(bound - 1, Int(Double(bound) * u * u * u))
  }
}

/// Unoptimised builds run the long comparisons in part only: they are some fifty times slower there.
enum Build {
  #if DEBUG
    static let isOptimised = false
  #else
    static let isOptimised = true
  #endif
}
