// Scenarios broken on purpose: whatever is wrong, the answer is a list of findings with places, never a crash.

import TextFormats
import Testing

/// A small generator of its own (SplitMix64, 2014), so that the cases are the same everywhere.
struct TestRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  mutating func pick<Item>(_ items: [Item]) -> Item { items[Int(next() % UInt64(items.count))] }
}

@Suite("Hostile scenarios") struct HostileScenarioTests {
  private static let good: JSONValue = {
    var scenario = SampleScenario()
    scenario.name = "peak"
    scenario.premiere = .init()
    scenario.timeout = 1
    scenario.events = [.init(name: "a", startNanoseconds: 5), .init(name: "b")]
    return SampleScenario.settings.resolved(scenario)
  }()

  private static let mark = "@mark@"

  /// Texts that no setting of the sample accepts in place of its value.
  private static let badValues = [
    "", "-1", "01", "1e400", "1e-400", "NaN", "-Infinity", "tru", "'x'", "{\"zzz\": 1}", "[[1]]", "1 2", "\"\\ud800\"",
    "\"a\u{0}\"", "\"a\nb\"", "\"\\x\"", "99999999999999999999999999", "25Mbit/s", "{", "]", "\"open", "/* c */",
    String(repeating: "[", count: 70), String(repeating: "{\"a\":", count: 100_000), "\"\\u12\"", "{\"a\" 1}",
    String(repeating: "9", count: 5000),
  ]

  /// Texts with a wrong unit or none, for quantities.
  private static let badQuantities = [
    "\"4\"", "\"4parsec\"", "\"-4s\"", "\"NaN\"", "\"1e30d\"", "\"\"", "\"s\"", "\"4 s s\"", "\"20TBit\"", "\"∞\"",
    "\"0.0000000001ns\"", "\"1e99999999999s\"", "\"\(String(repeating: "1", count: 400))s\"",
  ]

  /// Every value of a tree replaced by a mark, once each; `isQuantity` tells whether it was text with a digit.
  private static func marked(_ value: JSONValue) -> [(value: JSONValue, isQuantity: Bool)] {
    var results: [(value: JSONValue, isQuantity: Bool)] = []
    if case .text(let text) = value {
      results.append((.text(mark), text.contains(where: \.isNumber)))
    } else {
      results.append((.text(mark), false))
    }
    switch value {
    case .array(let items):
      for (index, item) in items.enumerated() {
        for (inner, isQuantity) in marked(item) {
          var copy = items
          copy[index] = inner
          results.append((.array(copy), isQuantity))
        }
      }
    case .object(let members):
      for (index, member) in members.enumerated() {
        for (inner, isQuantity) in marked(member.value) {
          var copy = members
          copy[index].value = inner
          results.append((.object(copy), isQuantity))
        }
        var renamed = members
        renamed[index].key += "q"
        var doubled = members
        doubled.append(member)
        results.append((.object(renamed), false))
        results.append((.object(doubled), false))
      }
    default: break
    }
    return results
  }

  private func outcome(_ bytes: [UInt8]) -> InputError? {
    do throws(InputError) {
      let text = try JSONText(parsing: bytes, source: "s.json")
      _ = try SettingsDecoder.decode(SampleScenario.self, from: text)
      return nil
    } catch {
      return error
    }
  }

  @Test("of 600 mutations of a good scenario every one is refused with line and column")
  func mutations() {
    var random = TestRandom(state: 11)
    let places = Self.marked(Self.good)
    for number in 0..<600 {
      let (tree, isQuantity) = random.pick(places)
      let replacement = random.pick(isQuantity ? Self.badValues + Self.badQuantities : Self.badValues)
      let text = tree.text(indented: number % 2 == 0).replacing("\"\(Self.mark)\"", with: replacement)
      let error = outcome(Array(text.utf8))
      #expect(error != nil, "accepted: \(text.prefix(2000))")
      for diagnostic in error?.diagnostics ?? [] {
        #expect(diagnostic.place.line != nil && diagnostic.place.column != nil, "\(diagnostic)")
        #expect(diagnostic.description.utf8.count < 700, "\(diagnostic)")
      }
    }
  }

  @Test("random damage to the bytes never crashes the reader")
  func damage() {
    var random = TestRandom(state: 12)
    let good = Array(Self.good.text(indented: true).utf8)
    var refused = 0
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0...(random.next() % 4) {
        let index = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 5 {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
        case 3: bytes.insert(random.pick(Array("{}[]\",:\\\u{0}\n'/".utf8)), at: index)
        default: bytes = Array(bytes.prefix(index + 1))
        }
      }
      guard let error = outcome(bytes) else { continue }
      refused += 1
      #expect(!error.diagnostics.isEmpty && error.diagnostics.allSatisfy { $0.place.line != nil })
    }
    #expect(refused > 2000)
  }

  @Test("a text cut short anywhere is refused")
  func truncation() {
    let good = Array(Self.good.text(indented: true).utf8)
    for length in 0..<good.count { #expect(outcome(Array(good[..<length])) != nil, "cut at \(length)") }
  }

  @Test("marks and encodings of other systems: CRLF is read, BOM and UTF-16 are refused")
  func encodings() {
    let good = Self.good.text(indented: true)
    #expect(outcome(Array(good.replacing("\n", with: "\r\n").utf8)) == nil)
    #expect(outcome([0xEF, 0xBB, 0xBF] + Array(good.utf8))?.diagnostics.count == 1)
    #expect(outcome([0xFF, 0xFE] + good.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })?.diagnostics.count == 1)
    #expect(outcome(Array(good.utf8) + [0])?.diagnostics.count == 1)
  }
}
