// CSV as RFC 4180 has it, row by row: files may be far larger than memory.

import Glibc

/// Reads CSV rows one at a time from a file or from memory.
///
/// Fields may be quoted and then hold commas, quotes (doubled) and line breaks. Lines end in CRLF or LF; empty lines
/// are skipped; the last line needs no end. Text must be UTF-8 without byte order mark.
///
/// ```swift
/// var reader = try CSVReader(file: "trace.csv")
/// let header = try reader.header(["time_s", "bytes"])
/// while let row = try reader.next() {
///   let seconds = try row.double(header[0])
/// }
/// ```
public struct CSVReader {
  /// Name of the input in messages.
  public let source: String
  private var input: CSVInput
  private var line = 1
  private let delimiter: UInt8

  /// Reads a file; `-` stands for the standard input.
  /// - Throws: `FileError` when it cannot be opened.
  public init(file path: String, delimiter: Character = ",") throws(FileError) {
    source = path
    input = try CSVInput(path: path)
    self.delimiter = delimiter.asciiValue ?? UInt8(ascii: ",")
  }

  /// Reads bytes in memory.
  public init(bytes: [UInt8], source: String, delimiter: Character = ",") {
    self.source = source
    input = CSVInput(bytes: bytes, path: source)
    self.delimiter = delimiter.asciiValue ?? UInt8(ascii: ",")
  }

  /// The next row; `nil` at the end of the input.
  /// - Throws: `InputError` for malformed quoting, `FileError` when reading fails.
  public mutating func next() throws -> CSVRow? {
    if line == 1, try input.peek() == 0xEF {
      throw InputError(
        InputPlace(source: source, line: 1, column: 1), "the text starts with a byte order mark",
        suggestion: "save it as UTF-8 without BOM")
    }
    while let byte = try input.peek() {
      if byte == UInt8(ascii: "\n") {
        input.advance()
        line += 1
      } else if byte == UInt8(ascii: "\r") {
        input.advance()
        guard try input.peek() == UInt8(ascii: "\n") else {
          throw error("a carriage return without a line feed", column: 1)
        }
      } else {
        return try row()
      }
    }
    return nil
  }

  private mutating func row() throws -> CSVRow {
    var row = CSVRow(source: source, line: line)
    repeat { try field(of: &row) } while try passDelimiter()
    return row
  }

  private mutating func passDelimiter() throws -> Bool {
    guard try input.peek() == delimiter else { return false }
    input.advance()
    return true
  }

  /// Reads one field and, if it is the last one, the end of its line.
  private mutating func field(of row: inout CSVRow) throws {
    if try input.peek() == UInt8(ascii: "\"") {
      try quotedField(of: &row)
    } else {
      while let byte = try input.peek(), byte != delimiter, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
        if byte == UInt8(ascii: "\"") { throw error("a quote inside a field that is not quoted", row) }
        row.bytes.append(byte)
        input.advance()
      }
    }
    row.ends.append(row.bytes.count)
    switch try input.peek() {
    case nil, delimiter: return
    case UInt8(ascii: "\r"):
      input.advance()
      if try input.peek() == nil { return }
      guard try input.peek() == UInt8(ascii: "\n") else { throw error("a carriage return without a line feed", row) }
    case UInt8(ascii: "\n"): break
    default: throw error("text after the closing quote of a field", row)
    }
    input.advance()
    line += 1
  }

  private mutating func quotedField(of row: inout CSVRow) throws {
    let opened = line
    input.advance()
    while let byte = try input.peek() {
      input.advance()
      if byte == UInt8(ascii: "\"") {
        guard try input.peek() == UInt8(ascii: "\"") else { return }
        input.advance()
      } else if byte == UInt8(ascii: "\n") {
        line += 1
      }
      row.bytes.append(byte)
    }
    throw error("the quoted field opened on line \(opened) is not closed", row)
  }

  private func error(_ message: String, _ row: CSVRow) -> InputError {
    InputError(InputPlace(source: source, line: line, path: "column \(row.ends.count + 1)"), message)
  }

  private func error(_ message: String, column: Int) -> InputError {
    InputError(InputPlace(source: source, line: line, column: column), message)
  }

  /// Reads the header row and finds columns by name.
  /// - Returns: For each name the index of its column.
  /// - Throws: `InputError` naming every missing column, with the nearest name that is there.
  public mutating func header(_ names: [String]) throws -> [Int] {
    guard let header = try next() else {
      throw InputError(InputPlace(source: source, line: 1), "the text is empty where a header row is wanted")
    }
    let present = header.texts
    var findings: [InputDiagnostic] = []
    var indices: [Int] = []
    for name in names {
      if let index = present.firstIndex(of: name) {
        indices.append(index)
        continue
      }
      let near = NameSuggestion.closest(to: name, in: present).map { "is it '\($0.shortened(to: 40))'?" }
      findings.append(
        InputDiagnostic(
          place: InputPlace(source: source, line: header.line), message: "the column '\(name)' is missing",
          suggestion: near ?? "the header has \(present.prefix(12).joined(separator: ", ").shortened(to: 200))"))
    }
    guard findings.isEmpty else { throw InputError(findings) }
    return indices
  }
}

/// The bytes behind a reader: a file in blocks, or memory.
private final class CSVInput {
  private let path: String
  private var buffer: [UInt8]
  private var position = 0
  private var count: Int
  /// `nil` for memory, and once the end was met.
  private var descriptor: Int32?

  init(bytes: [UInt8], path: String) {
    buffer = bytes
    count = bytes.count
    self.path = path
  }

  init(path: String) throws(FileError) {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InputFile.failure(path) }
    self.path = path
    self.descriptor = descriptor
    buffer = [UInt8](repeating: 0, count: 1 << 16)
    count = 0
  }

  deinit { if let descriptor { close(descriptor) } }

  func peek() throws(FileError) -> UInt8? {
    if position < count { return buffer[position] }
    guard let descriptor else { return nil }
    repeat { count = Glibc.read(descriptor, &buffer, buffer.count) } while count < 0 && errno == EINTR
    position = 0
    if count > 0 { return buffer[0] }
    let failure = InputFile.failure(path)
    close(descriptor)
    self.descriptor = nil
    if count < 0 {
      count = 0
      throw failure
    }
    return nil
  }

  func advance() { position += 1 }
}
