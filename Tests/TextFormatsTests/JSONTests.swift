import TextFormats
import Testing

@Suite("JSON") struct JSONTests {
  private func errors(_ text: String) -> [String] { errors(Array(text.utf8)) }

  private func errors(_ bytes: [UInt8]) -> [String] {
    do throws(InputError) {
      _ = try JSONText(parsing: bytes, source: "t")
      return []
    } catch {
      return error.diagnostics.map(\.description)
    }
  }

  @Test(
    "valid texts keep their meaning in canonical form",
    arguments: [
      (#" {"b" : [1, 2.50, -0.0e1, 1e3], "a":null}"#, #"{"b":[1,2.5,0,1000],"a":null}"#),
      (#""\u00e9\uD83D\uDE00\n\/""#, "\"é😀\\n/\""),
      ("12345678901234567890", "1.2345678901234567e+19"), ("[]", "[]"), ("\r\n true\t", "true"),
      (#"{"a":{"b":{}}}"#, #"{"a":{"b":{}}}"#), (#""\u0000""#, #""\u0000""#),
      ("-9223372036854775808", "-9223372036854775808"),
    ])
  func canonical(text: String, expected: String) throws {
    #expect(try JSONText(parsing: text, source: "t").canonicalText == expected)
  }

  @Test(
    "each departure from RFC 8259 is named with its place",
    arguments: [
      ("", "t:1:1: the text is empty where a JSON value is wanted"),
      ("\u{FEFF}{}", "t:1:1: the text starts with a byte order mark (save it as UTF-8 without BOM)"),
      ("[1,2,]", "t:1:5: a comma before the closing ']' (remove it)"),
      ("{\"a\":1,}", "t:1:7: a comma before the closing '}' (remove it)"),
      ("{} // x", "t:1:4: JSON has no comments"),
      ("{\"a\":1\n\"b\":2}", "t:2:1: a comma is missing before this"),
      ("{\"a\":1,\"a\":2}", "t:1:8 (a): the key 'a' stands twice in one object, first on line 1"),
      ("{a:1}", "t:1:2: the key a is not in quotes (write \"a\")"),
      (
        "[25Mbit/s]",
        "t:1:2 ([0]): '25Mbit/s' is no JSON number (a quantity with its unit stands in double quotes: \"25Mbit/s\")"
      ),
      ("[NaN]", "t:1:2 ([0]): 'NaN' is no JSON number: numbers are finite"),
      ("[01]", "t:1:2 ([0]): the number 01 has a leading zero (write 1)"),
      ("[1e999]", "t:1:2 ([0]): the number 1e999 is beyond the range of a double"),
      ("[1e-999]", "t:1:2 ([0]): the number 1e-999 is too small for a double"),
      ("\"\\ud800\"", "t:1:2: \\ud800 is half of a surrogate pair"),
      ("\"\\q\"", "t:1:2: '\\' followed by 'q' is no escape (a backslash is written \\\\)"),
      ("\"a\u{1}\"", "t:1:3: the byte 0x01 inside a string (write it as an escape)"),
      ("[1", "t:1:3: the end of the text, but the array opened on line 1 is not closed"),
      ("{\"a\":[1}", "t:1:8 (a): '}', but the array opened on line 1 is not closed"),
      ("{\"ü\": x}", "t:1:7 (ü): 'x' is not JSON (text stands in double quotes: \"x\")"),
      ("1 2", "t:1:3: text after the end of the JSON value"),
      ("\0", "t:1:1: a NUL byte stands where a value should"),
      ("{\"a\" 1}", "t:1:6 (a): '1' stands where a colon after the key 'a' should"),
    ])
  func departures(text: String, expected: String) {
    #expect(errors(text) == [expected])
  }

  @Test("bytes that are not UTF-8 are refused where they stand")
  func badUTF8() {
    #expect(errors([0x22, 0x61, 0xFF, 0x22]) == ["t:1:3: the byte 0xFF is not UTF-8"])
    #expect(errors([0x22, 0xED, 0xA0, 0x80, 0x22]).count == 3)
    #expect(errors([0x22, 0xC0, 0x80, 0x22]).count == 2)
    #expect(errors([0xFF, 0xFE, 0x7B]) == ["t:1:1: the text is UTF-16 (save it as UTF-8 without BOM)"])
  }

  @Test("several errors are reported in one pass, one slip only once")
  func several() {
    #expect(
      errors("{\"a\": tru, 'b': \"x\n\"c\": .5}") == [
        "t:1:7 (a): 'tru' is not JSON (text stands in double quotes: \"tru\")",
        "t:1:12: strings stand in double quotes, not single ones",
        "t:1:17 (b): the string is not closed on its line",
        "t:2:6 (c): the number .5 starts with '.' (write 0.5)",
      ])
  }

  @Test("a key that stands twice is found in small and in large objects", arguments: [2, 15, 16, 17, 300])
  func duplicates(count: Int) {
    let members = (0..<count).map { "\"k\($0)\": 1" } + ["\"k0\": 2", "\"k\(count - 1)\": 3"]
    #expect(
      errors("{" + members.joined(separator: ",\n") + "}") == [
        "t:\(count + 1):1 (k0): the key 'k0' stands twice in one object, first on line 1",
        "t:\(count + 2):1 (k\(count - 1)): the key 'k\(count - 1)' stands twice in one object, first on line \(count)",
      ])
  }

  @Test("nesting is read to its limit and refused beyond")
  func depth() {
    let limit = JSONText.depthLimit
    #expect(errors(String(repeating: "[", count: limit) + String(repeating: "]", count: limit)).isEmpty)
    #expect(errors(String(repeating: "[", count: 1_000_000)).count == 1)
    #expect(errors(String(repeating: "{\"a\":", count: limit + 1)).first?.contains("nested deeper") == true)
  }

  @Test("overrides reach keys and items, make objects on the way, and say what stands in it")
  func overrides() throws {
    var text = try JSONText(parsing: #"{"a": {"b": 1}, "r": [{"x": 1}, {"x": 2}], "s": "t"}"#, source: "t")
    try text.set(path: "a.b", to: "lru", origin: "o")
    try text.set(path: "r[1].x", to: "[1, {\"k\": true}]", origin: "o")
    try text.set(path: "r.0.x", to: "4s", origin: "o")
    try text.set(path: "n.m", to: "null", origin: "o")
    #expect(text.canonicalText == #"{"a":{"b":"lru"},"r":[{"x":"4s"},{"x":[1,{"k":true}]}],"s":"t","n":{"m":null}}"#)
    #expect(text.root["r"]?.value.text().isEmpty == false)
    func failure(_ path: String) -> String {
      do throws(InputError) {
        var copy = text
        try copy.set(path: path, to: "1", origin: "--set")
        return ""
      } catch {
        return error.description
      }
    }
    #expect(failure("s.t") == "--set (s.t): 't' cannot be set: s is the text 't', not an object")
    #expect(failure("r[2].x") == "--set (r.2): r has no item '2': its items are 0 to 1")
    #expect(failure("a..b") == "--set (a..b): 'a..b' is no path (keys joined by dots, like cdn.edge.policy)")
    #expect(failure("r[x]") == "--set (r[x]): 'r[x]' is no path (items are named like regions[2].share)")
  }
}
