// From a key to its hash slot: CRC16 of the key, or of its hash tag.

/// One of the 16384 hash slots that keys are shared out by.
@frozen
public struct HashSlot: BitwiseCopyable, Hashable, Comparable, Sendable, CustomStringConvertible {
  /// How many slots there are.
  public static let count = 16384

  /// Its number, from 0 to 16383.
  public let index: Int

  /// The slot of a number from 0 to 16383.
  @inlinable
  public init(_ index: Int) {
    precondition(index >= 0 && index < 16384, "there is no hash slot \(index)")
    self.index = index
  }

  /// The slot of a key: CRC16 modulo 16384 of the part that counts.
  ///
  /// O(bytes). Redis Cluster specification, "Key distribution model" and "Hash tags".
  public init(key: some Collection<UInt8>) {
    index = Int(CRC16.checksum(Self.hashedPart(of: key))) & (Self.count - 1)
  }

  /// The slot of a key given as text, by its UTF-8 bytes.
  public init(key: String) { self.init(key: key.utf8) }

  /// The part of a key that is hashed: what stands between the first `{` and the first `}` after it, unless that is
  /// nothing; else the whole key.
  ///
  /// Keys with one tag share a slot, so commands may name several of them at once.
  public static func hashedPart<Key: Collection<UInt8>>(of key: Key) -> Key.SubSequence {
    guard let opening = key.firstIndex(of: UInt8(ascii: "{")) else { return key[...] }
    let rest = key[key.index(after: opening)...]
    guard let closing = rest.firstIndex(of: UInt8(ascii: "}")), closing > rest.startIndex else { return key[...] }
    return rest[..<closing]
  }

  /// Order by number.
  @inlinable
  public static func < (left: HashSlot, right: HashSlot) -> Bool { left.index < right.index }

  /// The number.
  public var description: String { "\(index)" }
}

/// CRC16 as XMODEM has it: polynomial 0x1021, initial value 0, nothing reflected, no final exclusive or.
enum CRC16 {
  /// Remainders of all bytes, shifted left by eight.
  private static let remainders: [UInt16] = (0..<256).map { byte in
    var remainder = UInt16(byte) << 8
    for _ in 0..<8 {
      remainder = remainder & 0x8000 == 0 ? remainder << 1 : (remainder << 1) ^ 0x1021
    }
    return remainder
  }

  /// The checksum of `resume:`.
  static let resumePrefix = checksum("resume:".utf8)

  /// The checksum of one byte more.
  static func adding(_ byte: UInt8, to checksum: UInt16) -> UInt16 {
    (checksum << 8) ^ remainders[Int(UInt8(checksum >> 8) ^ byte)]
  }

  /// The checksum of some bytes.
  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
    remainders.withUnsafeBufferPointer { remainders in
      var checksum: UInt16 = 0
      for byte in bytes { checksum = (checksum << 8) ^ remainders[Int(UInt8(checksum >> 8) ^ byte)] }
      return checksum
    }
  }
}
