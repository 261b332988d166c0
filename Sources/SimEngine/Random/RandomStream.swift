/// One stream of random numbers: xoshiro256++ as a 48-byte value, seeded from a ``StreamKey``.
///
/// Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021). The same key gives the
/// same numbers on every machine. Copies of a stream repeat each other: keep it in one place and pass it `inout`.
@frozen
public struct RandomStream: BitwiseCopyable, Sendable, RandomNumberGenerator {
  @usableFromInline var s0: UInt64
  @usableFromInline var s1: UInt64
  @usableFromInline var s2: UInt64
  @usableFromInline var s3: UInt64
  /// All ones in an antithetic stream, zero otherwise.
  @usableFromInline var complement: UInt64
  @usableFromInline var drawn: UInt64

  /// The stream of a key; with `antithetic`, the one whose uniforms are one minus those of the plain stream.
  public init(_ key: StreamKey, antithetic: Bool = false) {
    // The outputs of SplitMix64; four in a row are never all zero.
    s0 = StreamKey.mixed(key.bits &+ 0x9e37_79b9_7f4a_7c15)
    s1 = StreamKey.mixed(key.bits &+ 0x3c6e_f372_fe94_f82a)
    s2 = StreamKey.mixed(key.bits &+ 0xdaa6_6d2c_7ddf_743f)
    s3 = StreamKey.mixed(key.bits &+ 0x78dd_e6e5_fd29_f054)
    complement = antithetic ? .max : 0
    drawn = 0
  }

  /// How many 64-bit numbers were drawn; the run digest folds it in, so that a lost draw is noticed at once.
  @inlinable
  public var draws: UInt64 { drawn }

  /// The same stream mirrored: every uniform u becomes 1 - u.
  ///
  /// Pairs of runs on a stream and its mirror give negatively correlated results and so a smaller variance of their
  /// mean.
  public var antithetic: RandomStream {
    var mirrored = self
    mirrored.complement = ~complement
    return mirrored
  }

  /// The next 64 random bits.
  @inlinable
  public mutating func next() -> UInt64 {
    let sum = s0 &+ s3
    let result = ((sum &<< 23) | (sum &>> 41)) &+ s0
    let t = s1 &<< 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = (s3 &<< 45) | (s3 &>> 19)
    drawn &+= 1
    return result ^ complement
  }

  /// A uniform number in [0, 1): a multiple of 2^-53.
  @inlinable
  public mutating func uniform() -> Double {
    Double(next() &>> 11) * 0x1p-53
  }

  /// A uniform number in (0, 1): an odd multiple of 2^-53, symmetric about one half.
  @inlinable
  public mutating func uniformOpen() -> Double {
    (Double(next() &>> 12) + 0.5) * 0x1p-52
  }

  /// A uniform number in [`lower`, `upper`).
  @inlinable
  public mutating func uniform(from lower: Double, to upper: Double) -> Double {
    lower + (upper - lower) * uniform()
  }

  /// A uniform integer in 0 ..< `bound`, exactly unbiased; `bound` must be positive.
  ///
  /// Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019): one draw but for a chance of
  /// `bound` / 2^64.
  @inlinable
  public mutating func below(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0, "there is no integer below zero")
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// A uniform integer in 0 ..< `bound`; `bound` must be positive.
  @inlinable
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "there is no index below \(bound)")
    return Int(below(UInt64(bound)))
  }

  /// True with the given probability; always one draw.
  @inlinable
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// Puts the elements into a uniformly random order (Fisher-Yates).
  ///
  /// O(n).
  @inlinable
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }
}
