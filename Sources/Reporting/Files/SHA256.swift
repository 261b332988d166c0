// SHA-256 (FIPS 180-4), to say which scenario a result belongs to.

/// The SHA-256 checksum of bytes that come in pieces.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  private var block: [UInt8] = []
  private var schedule = [UInt32](repeating: 0, count: 64)
  private var byteCount: UInt64 = 0

  /// No bytes yet.
  public init() { block.reserveCapacity(64) }

  /// Adds bytes.
  public mutating func update(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      block.append(byte)
      byteCount += 1
      if block.count == 64 { compress() }
    }
  }

  /// The checksum of all bytes so far as 64 hexadecimal digits.
  public func hexadecimal() -> String {
    var copy = self
    let bitCount = byteCount * 8
    copy.update([0x80])
    while copy.block.count != 56 { copy.update([0]) }
    copy.update((0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * UInt64($0))) })
    return copy.state.map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.count) + text
    }.joined()
  }

  /// The checksum of a text's UTF-8 bytes as 64 hexadecimal digits.
  public static func hexadecimal(of text: String) -> String {
    var hash = SHA256()
    hash.update(text.utf8)
    return hash.hexadecimal()
  }

  /// One round of section 6.2.2.
  private mutating func compress() {
    for index in 0..<16 {
      schedule[index] = block[(4 * index)..<(4 * index + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<64 {
      let (early, late) = (schedule[index - 15], schedule[index - 2])
      let sigma0 = early.rotated(by: 7) ^ early.rotated(by: 18) ^ early >> 3
      let sigma1 = late.rotated(by: 17) ^ late.rotated(by: 19) ^ late >> 10
      schedule[index] = schedule[index - 16] &+ sigma0 &+ schedule[index - 7] &+ sigma1
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let sum1 = e.rotated(by: 6) ^ e.rotated(by: 11) ^ e.rotated(by: 25)
      let choice = (e & f) ^ (~e & g)
      let first = h &+ sum1 &+ choice &+ Self.constants[index] &+ schedule[index]
      let sum0 = a.rotated(by: 2) ^ a.rotated(by: 13) ^ a.rotated(by: 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ sum0 &+ majority)
    }
    for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
    block.removeAll(keepingCapacity: true)
  }

  /// Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes, found by
  /// integer arithmetic: `floor(cbrt(p * 2^96))` holds them as its low 32 bits.
  private static let constants: [UInt32] = {
    var constants: [UInt32] = []
    var candidate: UInt64 = 2
    while constants.count < 64 {
      if (2..<candidate).allSatisfy({ candidate % $0 != 0 }) {
        // p < 312, so the root of p * 2^96 is below 7 * 2^32.
        var root: UInt64 = 0
        for bit in stride(from: 34, through: 0, by: -1) {
          let trial = root | 1 << UInt64(bit)
          if UInt128(trial) * UInt128(trial) * UInt128(trial) <= UInt128(candidate) << 96 { root = trial }
        }
        constants.append(UInt32(truncatingIfNeeded: root))
      }
      candidate += 1
    }
    return constants
  }()
}

extension UInt32 {
  fileprivate func rotated(by count: UInt32) -> UInt32 { self >> count | self << (32 - count) }
}
