/// How a trace file is written.
public enum TraceFormat: String, Sendable, CaseIterable {
  /// Found out from the first bytes.
  case auto
  /// Text with columns, with or without a header line.
  case csv
  /// libCacheSim's binary records of 24 bytes: u32 time, u64 object, u32 size, i64 next access; little endian.
  case oracleGeneral = "oraclegeneral"
  /// Space-separated `time id size [features]` lines of the LRB and webcachesim tools.
  case lrb

  /// Guesses from the first bytes: text with only digits, blanks and points is LRB, other text CSV, else binary.
  static func sniffed(_ start: UnsafeRawBufferPointer) -> TraceFormat {
    let isText = start.prefix(4096).allSatisfy { $0 >= 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    if !isText { return .oracleGeneral }
    let line = start.prefix { $0 != 0x0A }
    let plain = line.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x20 || $0 == 0x2E || $0 == 0x0D }
    return plain && line.contains(0x20) ? .lrb : .csv
  }
}

/// Which columns of a text trace hold what, 1-based; without a size column every object has size 1, without a time
/// column the order of lines is the order of time.
public struct TraceColumns: Sendable, Equatable {
  /// Column of the request time in seconds, nil if there is none.
  public var time: Int?
  /// Column of the object's number.
  public var id: Int
  /// Column of the size in bytes, nil if there is none.
  public var size: Int?

  /// Columns by position.
  public init(time: Int? = 1, id: Int = 2, size: Int? = 3) {
    self.time = time
    self.id = id
    self.size = size
  }

  /// Reads `time=1,id=2,size=3`; `time` and `size` may be missing.
  ///
  /// - Throws: `PolicyFailure` that says what is wrong.
  public init(_ text: String) throws(PolicyFailure) {
    var found: [String: Int] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, ["time", "id", "size"].contains(sides[0]), let column = Int(sides[1]), column >= 1,
        column <= 1000, found[sides[0]] == nil
      else { throw PolicyFailure("columns '\(text)' should be written like time=1,id=2,size=3") }
      found[sides[0]] = column
    }
    guard let id = found["id"] else { throw PolicyFailure("columns '\(text)' do not say where the id is") }
    self.init(time: found["time"], id: id, size: found["size"])
  }
}
