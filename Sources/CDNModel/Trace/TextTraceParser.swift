internal import TextFormats

/// Cuts lines of a text trace into numbers.
struct TextTraceParser {
  private let path: String
  private let columns: TraceColumns
  private let lastColumn: Int
  private var delimiter: UInt8
  private var line = 0
  private var mayBeHeader: Bool
  private var findsDelimiter: Bool
  private var blankLine: Int?

  init(path: String, columns: TraceColumns, format: TraceFormat) {
    self.path = path
    self.columns = columns
    lastColumn = max(columns.id, columns.time ?? 0, columns.size ?? 0)
    delimiter = format == .lrb ? 0x20 : 0x2C
    mayBeHeader = format == .csv
    findsDelimiter = format == .csv
  }

  /// An error at the current line.
  func error(_ message: String, column: Int? = nil, suggestion: String? = nil) -> InputError {
    InputError(InputPlace(source: path, line: line, column: column), message, suggestion: suggestion)
  }

  /// Takes all complete lines; returns how many bytes they took.
  mutating func takeLines(_ text: UnsafeRawBufferPointer, into builder: inout TraceBuilder) throws -> Int {
    var position = 0
    while !builder.isFull {
      var end = position
      while end < text.count && text[end] != 0x0A { end += 1 }
      if end == text.count { return position }
      line += 1
      let stop = end > position && text[end - 1] == 0x0D ? end - 1 : end
      try takeLine(UnsafeRawBufferPointer(rebasing: text[position..<stop]), &builder)
      position = end + 1
    }
    return position
  }

  private mutating func takeLine(_ text: UnsafeRawBufferPointer, _ builder: inout TraceBuilder) throws {
    if text.isEmpty {
      // Blank lines may end a file, but not stand inside it.
      if blankLine == nil { blankLine = line }
      return
    }
    if let blankLine {
      line = blankLine
      throw error("a blank line inside the trace")
    }
    if findsDelimiter {
      findsDelimiter = false
      delimiter = [0x2C, 0x09, 0x3B, 0x20].first { text.contains($0) } ?? 0x2C
    }
    var time: Double?
    var key: UInt64?
    var size: Int64?
    var field = 0
    var start = 0
    while field < lastColumn {
      field += 1
      if start > text.count { throw missing(field) }
      var end = start
      while end < text.count && text[end] != delimiter { end += 1 }
      let digits = UnsafeRawBufferPointer(rebasing: text[start..<end])
      if field == columns.id { key = TextTraceParser.unsigned(digits) }
      if field == columns.time { time = TextTraceParser.decimal(digits) }
      if field == columns.size { size = TextTraceParser.signed(digits) }
      let failed =
        (field == columns.id && key == nil) || (field == columns.time && time == nil)
        || (field == columns.size && size == nil)
      if failed {
        if mayBeHeader && line == 1 && TextTraceParser.looksLikeName(digits) {
          mayBeHeader = false
          return
        }
        throw wrong(field, digits, column: start + 1)
      }
      start = end + 1
    }
    mayBeHeader = false
    if let problem = builder.append(time: time ?? 0, key: key ?? 0, bytes: size ?? 1) {
      throw error(problem)
    }
  }

  private func missing(_ field: Int) -> InputError {
    error(
      "column \(field) is missing", suggestion: "the columns are time=1,id=2,size=3 unless --columns says otherwise")
  }

  private func wrong(_ field: Int, _ digits: UnsafeRawBufferPointer, column: Int) -> InputError {
    let name = field == columns.id ? "object id" : field == columns.size ? "size" : "time"
    let text = String(decoding: digits.prefix(40), as: UTF8.self)
    let range =
      field == columns.id
      ? "whole numbers from 0 to 2^64 - 1" : field == columns.size ? "whole numbers of bytes" : "seconds"
    return error("\(name) '\(text)' is not a number in range", column: column, suggestion: "expected \(range)")
  }

  private static func looksLikeName(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let first = text.first(where: { $0 != 0x20 && $0 != 0x22 && $0 != 0x23 }) else { return false }
    return (first | 0x20) >= 0x61 && (first | 0x20) <= 0x7A || first == 0x5F
  }

  @inline(__always)
  static func unsigned(_ text: UnsafeRawBufferPointer) -> UInt64? {
    if text.isEmpty { return nil }
    var value: UInt64 = 0
    for byte in text {
      let digit = byte &- 0x30
      if digit > 9 { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  private static func signed(_ text: UnsafeRawBufferPointer) -> Int64? {
    if text.first == 0x2D {
      return unsigned(UnsafeRawBufferPointer(rebasing: text.dropFirst())).flatMap { Int64(exactly: $0) }.map { -$0 }
    }
    return unsigned(text).flatMap { Int64(exactly: $0) }
  }

  private static func decimal(_ text: UnsafeRawBufferPointer) -> Double? {
    if let whole = unsigned(text) { return Double(whole) }
    guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
    return value
  }
}
