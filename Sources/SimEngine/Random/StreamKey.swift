/// Names one stream of random numbers by what it is for, never by when it was created.
///
/// The key is a fixed 64-bit hash of (seed, replication, entity, purpose). A new draw in one model cannot move the
/// draws of another, a new replication changes every stream, and two configurations with the same seed share theirs:
/// common random numbers come for free.
///
///     let arrivals = StreamKey(seed: 1, replication: 0, entity: "site/7", purpose: "arrivals")
///     var session = RandomStream(arrivals.child(sessionNumber))
@frozen
public struct StreamKey: BitwiseCopyable, Hashable, Sendable {
  /// The name of this derivation, for the record of a run; it changes whenever any stream would.
  public static let scheme = "simrun-streams-1 (fnv1a64 + splitmix64 keys, xoshiro256++)"

  /// The 64 bits that seed the stream.
  public let bits: UInt64

  /// The key of the stream that an entity (`site/7`) uses for one purpose (`arrivals`).
  public init(seed: UInt64, replication: UInt64, entity: String, purpose: String) {
    var hash = StreamKey.mixed(seed ^ 0x5349_4d52_554e_0001)
    hash = StreamKey.mixed(hash ^ StreamKey.mixed(replication &+ 0x9e37_79b9_7f4a_7c15))
    hash = StreamKey.mixed(hash ^ StreamKey.hash(of: entity))
    bits = StreamKey.mixed(hash &+ StreamKey.hash(of: purpose))
  }

  @inlinable
  init(bits: UInt64) { self.bits = bits }

  /// The key of one of many streams below this one, for example of a session.
  ///
  /// O(1).
  @inlinable
  public func child(_ index: UInt64) -> StreamKey {
    StreamKey(bits: StreamKey.mixed(bits ^ StreamKey.mixed((index &+ 1) &* 0x9e37_79b9_7f4a_7c15)))
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection that spreads every bit.
  @inlinable
  public static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z &>> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z &>> 31)
  }

  /// FNV-1a over the UTF-8 bytes, then their number: `ab` + `c` and `a` + `bc` differ.
  static func hash(of text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var length: UInt64 = 0
    for byte in text.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
      length &+= 1
    }
    return mixed(hash ^ (length &<< 56) ^ length)
  }
}
