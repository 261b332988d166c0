import TextFormats
import Testing

@Suite("Quantities") struct QuantityTests {
  @Test(
    "quantities are read exactly",
    arguments: [
      (QuantityKind.duration, "250ms", 250_000_000 as Int64), (.duration, "4s", 4_000_000_000),
      (.duration, "0.1s", 100_000_000), (.duration, "1.5 h", 5_400_000_000_000),
      (.duration, "1h30min", 5_400_000_000_000),
      (.duration, "1e-9s", 1), (.duration, "0s", 0), (.duration, "1d", 86_400_000_000_000),
      (.duration, "9223372036854775807ns", .max), (.duration, "0.30000000000000000000s", 300_000_000),
      (.duration, "1.5ns", 2), (.clockTime, "21:00", 75_600_000_000_000), (.clockTime, "0:00:00.25", 250_000_000),
      (.clockTime, "23:59:59.999999999", 86_399_999_999_999), (.bitRate, "25Mbit/s", 25_000_000),
      (.bitRate, "0.5kbit/s", 500), (.bitRate, "1.5e1Gbit/s", 15_000_000_000), (.byteSize, "20TB", 20_000_000_000_000),
      (.byteSize, "1.5GiB", 1_610_612_736), (.byteSize, "0.1GiB", 107_374_182), (.byteSize, "7B", 7),
    ])
  func exact(kind: QuantityKind, text: String, expected: Int64) throws {
    #expect(try Quantity.baseUnits(text, kind) == expected)
  }

  @Test("rates are per second, fractions of one")
  func numbers() throws {
    #expect(try Quantity.perSecond("40/h") == 40.0 / 3600)
    #expect(try Quantity.perSecond("200 /min") == 200.0 / 60)
    #expect(try Quantity.fraction("20%") == 0.2)
    #expect(try Quantity.fraction("0.07%") == 0.0007)
    #expect(try Quantity.fraction("0.2") == 0.2)
  }

  @Test(
    "what is no quantity of the kind is refused with what was probably meant",
    arguments: [
      (QuantityKind.duration, "4", "'4' has no unit (write it like 4s, 250ms or 15min)"),
      (.duration, "5MB", "'5MB' is a byte size, not a duration (write it like 4s, 250ms or 15min)"),
      (.duration, "5m", "'m' in '5m' is no unit of a duration (did you mean 'min'?)"),
      (.duration, "5 Sec", "'Sec' in '5 Sec' is no unit of a duration (did you mean 's'?)"),
      (.duration, "-4s", "'-4s' is negative (write it like 4s, 250ms or 15min)"),
      (.duration, "NaN", "'NaN' is not a duration (write it like 4s, 250ms or 15min)"),
      (.duration, "1e10d", "'1e10d' is too large (at most 106751d)"),
      (.duration, "200000d200000d", "'200000d200000d' is too large (at most 106751d)"),
      (.duration, "0.1ns", "'0.1ns' is less than 1ns"),
      (.duration, "20%", "'20%' is a fraction, not a duration (write it like 4s, 250ms or 15min)"),
      (.bitRate, "25Mbps", "'Mbps' in '25Mbps' is no unit of a bit rate (did you mean 'Mbit/s'?)"),
      (.bitRate, "3GB", "'3GB' is a byte size, not a bit rate (write it like 25Mbit/s, 800kbit/s or 10Gbit/s)"),
      (.byteSize, "1gb", "'gb' in '1gb' is no unit of a byte size (did you mean 'GB'?)"),
      (.byteSize, "", "'' is not a byte size (write it like 20TB, 500MB or 1.5GiB)"),
      (.clockTime, "24:00", "'24:00' is not a time of day (write it like 21:00 or 06:30:15)"),
      (.clockTime, "4s", "'4s' is not a time of day (write it like 21:00 or 06:30:15)"),
      (
        .byteSize, "1.23456789012345678901234GB",
        "the number in '1.23456789012345678901234GB' is malformed or has more than 22 digits "
          + "(write it like 20TB, 500MB or 1.5GiB)"
      ),
    ])
  func refused(kind: QuantityKind, text: String, expected: String) {
    do throws(QuantityError) {
      Issue.record("\(text) was read as \(try Quantity.baseUnits(text, kind))")
    } catch {
      #expect(error.description == expected)
    }
  }

  @Test("a quantity printed reads as the same value")
  func roundTrip() throws {
    var random = TestRandom(state: 3)
    for kind in [QuantityKind.duration, .bitRate, .byteSize] {
      for round in 0..<2000 {
        var value = Int64(random.next() >> (1 + random.next() % 62))
        for _ in 0..<(round % 12) where value < .max / 60 { value *= [10, 60, 1024][round % 3] > 60 ? 2 : 10 }
        #expect(try Quantity.baseUnits(Quantity.text(baseUnits: value, kind), kind) == value)
      }
    }
    for _ in 0..<2000 {
      let clock = Int64(random.next() % 86_400_000_000_000)
      #expect(try Quantity.clockNanoseconds(Quantity.text(baseUnits: clock, .clockTime)) == clock)
      let number = Double(random.next() % 10_000_000) / [1, 60, 3600, 86400, 7919][Int(random.next() % 5)]
      #expect(try Quantity.perSecond(Quantity.text(number: number, .rate)) == number)
      #expect(try Quantity.fraction(Quantity.text(number: number, .fraction)) == number)
    }
  }

  @Test(
    "quantities are printed in the unit that a person would take",
    arguments: [
      (QuantityKind.duration, 90_000_000_000 as Int64, "90s"), (.duration, 7_200_000_000_000, "2h"),
      (.duration, 0, "0s"), (.duration, 1_050_000_000, "1.05s"), (.byteSize, 1536 << 20, "1536MiB"),
      (.byteSize, 1 << 30, "1GiB"), (.byteSize, 20_000_000_000_000, "20TB"),
      (.bitRate, 25_000_000, "25Mbit/s"), (.bitRate, 2_500_000, "2.5Mbit/s"),
      (.clockTime, 75_630_000_000_000, "21:00:30"),
    ])
  func printed(kind: QuantityKind, value: Int64, expected: String) {
    #expect(Quantity.text(baseUnits: value, kind) == expected)
  }
}

@Suite("Names") struct NameSuggestionTests {
  @Test(
    "the nearest name within two slips is suggested",
    arguments: [
      ("polcy", "policy"), ("ploicy", "policy"), ("Policy", "policy"), ("hot_title", "hotTitle"), ("seedd", "seed"),
      ("seats", nil), ("x", nil), ("", nil), ("edgee", "edge"),
    ])
  func nearest(name: String, expected: String?) {
    #expect(NameSuggestion.closest(to: name, in: ["policy", "hotTitle", "seed", "edge", "on"]) == expected)
  }

  @Test("the distance is the fewest edits, as an exhaustive search finds them")
  func distance() {
    // Breadth-first search over all words of two letters up to length 4.
    let letters = Array("ab")
    func neighbours(_ word: [Character]) -> [[Character]] {
      var found: [[Character]] = []
      for index in 0...word.count {
        for letter in letters where word.count < 5 { found.append(word[..<index] + [letter] + word[index...]) }
        guard index < word.count else { continue }
        found.append(Array(word[..<index] + word[(index + 1)...]))
        for letter in letters { found.append(word[..<index] + [letter] + word[(index + 1)...]) }
        if index + 1 < word.count {
          found.append(word[..<index] + [word[index + 1], word[index]] + word[(index + 2)...])
        }
      }
      return found
    }
    for start in ["", "a", "ab", "abb", "baba"].map({ Array($0) }) {
      var reached: [[Character]: Int] = [start: 0]
      var frontier = [start]
      while let word = frontier.first {
        frontier.removeFirst()
        let steps = reached[word, default: 0] + 1
        for next in neighbours(word) where reached[next] == nil {
          reached[next] = steps
          frontier.append(next)
        }
      }
      for (word, steps) in reached where word.count <= 4 { #expect(NameSuggestion.distance(start, word) == steps) }
    }
  }
}

@Suite("CSV") struct CSVTests {
  private func rows(_ text: String) throws -> [[String]] {
    var reader = CSVReader(bytes: Array(text.utf8), source: "t.csv")
    var rows: [[String]] = []
    while let row = try reader.next() { rows.append(row.texts) }
    return rows
  }

  private func failure(_ text: String) -> String {
    do {
      _ = try rows(text)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test("quotes, line breaks in fields, CRLF, empty fields and lines are read as RFC 4180 has them")
  func reading() throws {
    #expect(try rows("a,b\r\n1,\"x,\"\"y\"\"\nz\"\n\n,\n\"\"") == [["a", "b"], ["1", "x,\"y\"\nz"], ["", ""], [""]])
    #expect(try rows("") == [])
    #expect(try rows("a\r") == [["a"]])
  }

  @Test("malformed rows are refused with line and field")
  func malformed() {
    #expect(failure("a\n1,\"x") == "t.csv:2 (column 2): the quoted field opened on line 2 is not closed")
    #expect(failure("a\"b") == "t.csv:1 (column 1): a quote inside a field that is not quoted")
    #expect(failure("\"a\"b") == "t.csv:1 (column 2): text after the closing quote of a field")
    #expect(failure("a\rb") == "t.csv:1 (column 2): a carriage return without a line feed")
    #expect(failure("\u{FEFF}a") == "t.csv:1:1: the text starts with a byte order mark (save it as UTF-8 without BOM)")
  }

  @Test("columns are found by name, numbers are checked")
  func columns() throws {
    var reader = CSVReader(bytes: Array("time,id\n1.5,x\n7\n".utf8), source: "t.csv")
    let columns = try reader.header(["id", "time"])
    #expect(columns == [1, 0])
    let row = try #require(try reader.next())
    #expect(try row.double(0) == 1.5)
    #expect(throws: InputError(row.place(1), "'x' is not a whole number")) { try row.integer(1) }
    let short = try #require(try reader.next())
    #expect(throws: InputError(short.place(1), "the row has only 1 field")) { try short.integer(1) }
    var other = CSVReader(bytes: Array("tiem,id\n".utf8), source: "t.csv")
    #expect(
      throws: InputError(
        InputPlace(source: "t.csv", line: 1), "the column 'time' is missing", suggestion: "is it 'tiem'?")
    ) { try other.header(["time"]) }
  }

  @Test("fields are quoted only where they must be")
  func writing() {
    #expect(CSVText.row(["a", "b c", " d", "e,f", "g\"h", ""]) == Array("a,b c,\" d\",\"e,f\",\"g\"\"h\",\n".utf8))
  }
}
