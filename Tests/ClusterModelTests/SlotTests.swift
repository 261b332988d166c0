import ClusterModel
import SimEngine
import Testing

@Suite("Hash slots")
struct SlotTests {
  /// CRC16 bit by bit, as the definition has it.
  private func slotBitByBit(_ bytes: [UInt8]) -> Int {
    var register: UInt32 = 0
    for byte in bytes + [0, 0] {
      for bit in (0..<8).reversed() {
        register = register << 1 | UInt32(byte >> UInt8(bit) & 1)
        if register & 0x10000 != 0 { register ^= 0x11021 }
      }
    }
    return Int(register) & 16383
  }

  @Test("the check value of CRC16/XMODEM gives slot 12739")
  func checkValue() {
    #expect(HashSlot(key: "123456789").index == 0x31C3)
    #expect(HashSlot(key: "").index == 0)
  }

  @Test(
    "only the first tag counts, and only if it is not empty",
    arguments: [
      ("{user1000}.following", "user1000"), ("foo{}{bar}", "foo{}{bar}"), ("foo{{bar}}zap", "{bar"),
      ("foo{bar}{zap}", "bar"), ("{", "{"), ("}{", "}{"), ("}{a}", "a"), ("{a", "{a"),
    ])
  func tags(key: String, hashed: String) {
    #expect(String(HashSlot.hashedPart(of: key.utf8)) == hashed)
  }

  @Test("random keys have the slot of the bitwise definition")
  func randomKeys() {
    var random = RandomStream(StreamKey(seed: 1, replication: 0, entity: "test", purpose: "keys"))
    let letters = Array("{}ab\u{00}\u{7f}".utf8)
    for _ in 0..<2000 {
      let key = (0..<random.below(12)).map { _ in letters[random.below(letters.count)] }
      #expect(HashSlot(key: key).index == slotBitByBit(Array(HashSlot.hashedPart(of: key))))
    }
  }

  @Test("a set of slots gives back its ranges")
  func sets() {
    var random = RandomStream(StreamKey(seed: 2, replication: 0, entity: "test", purpose: "sets"))
    for _ in 0..<50 {
      var oracle: Set<Int> = []
      var set = SlotSet()
      for _ in 0..<random.below(400) {
        let slot = random.below(300) + (random.chance(0.1) ? 16084 : 0)
        if random.chance(0.7) {
          oracle.insert(slot)
          set.insert(slot)
        } else {
          oracle.remove(slot)
          set.remove(slot)
        }
      }
      #expect(set.count == oracle.count)
      #expect(set.ranges.flatMap(Array.init) == oracle.sorted())
      #expect(set.first == oracle.min())
      #expect(SlotSet(set.ranges) == set)
    }
  }

  @Test("all keys of the reference have their slots", .enabled(if: Reference.isPresent, "\(Reference.absence)"))
  func golden() throws {
    let rows = try Reference.rows("keyslot.csv", ["key_hex", "slot"])
    #expect(rows.count == 1956)
    for row in rows {
      let key = stride(from: 0, to: row[0].utf8.count, by: 2).map { start in
        UInt8(row[0].dropFirst(start).prefix(2), radix: 16)
      }
      #expect("\(HashSlot(key: key.compactMap(\.self)))" == row[1], "\(row[0])")
    }
  }
}
