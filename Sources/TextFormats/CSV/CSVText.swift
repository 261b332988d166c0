// CSV as it is written: RFC 4180 quoting, LF, shortest round-trip numbers.

/// Fields of CSV as they are written.
public enum CSVText {
  /// Appends a text field, quoted if it holds a comma, a quote, a line break, or spaces at its ends.
  public static func append(_ text: String, to bytes: inout [UInt8]) {
    let needsQuotes =
      text.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D } || text.utf8.first == 0x20
      || text.utf8.last == 0x20
    guard needsQuotes else {
      bytes.append(contentsOf: text.utf8)
      return
    }
    bytes.append(0x22)
    for byte in text.utf8 {
      if byte == 0x22 { bytes.append(0x22) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }

  /// Appends a number as the shortest text that reads back the same; `inf`, `-inf`, `nan` for what is not finite,
  /// which pandas, R and DuckDB read as such.
  public static func append(_ number: Double, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: NumberText.shortest(number).utf8)
  }

  /// Appends a whole number.
  public static func append(_ integer: Int64, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: String(integer).utf8)
  }

  /// A row of text fields with its line feed.
  public static func row(_ fields: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (index, field) in fields.enumerated() {
      if index > 0 { bytes.append(0x2C) }
      append(field, to: &bytes)
    }
    bytes.append(0x0A)
    return bytes
  }
}
