// Titles from files: Sabre's movie JSON and chunk-size CSV. Manifests are read in TitleReader+Manifest.swift.

public import TextFormats

extension PlayTitle {
  /// Most qualities a title may have.
  static let largestLadder = 32
  /// Most segments a title may have: 60 hours of 2 s segments.
  static let mostSegments = 110_000

  /// Reads a title from Sabre's movie JSON:
  /// `{segment_duration_ms, bitrates_kbps: [...], segment_sizes_bits: [[...], ...]}`.
  /// - Throws: `InputError` with every finding.
  public init(sabreMovie bytes: [UInt8], source: String) throws(InputError) {
    let root = try JSONText(parsing: bytes, source: source).root
    var findings: [InputDiagnostic] = []
    let segmentMs = root.positive("segment_duration_ms", &findings)
    let bitrates = root.items("bitrates_kbps", &findings).map { $0.nonNegative(&findings) }
    if findings.isEmpty, let place = root["bitrates_kbps"]?.place {
      findings += Self.ladderFindings(bitrates, at: place)
    }
    var sizes: [Double] = []
    for row in root.items("segment_sizes_bits", &findings) {
      guard case .array(let cells) = row.content, cells.count == bitrates.count else {
        findings.append(
          InputDiagnostic(place: row.place, message: "a segment needs \(bitrates.count) sizes, one a bitrate"))
        continue
      }
      for cell in cells {
        let bits = cell.nonNegative(&findings)
        if bits < 1 {
          findings.append(InputDiagnostic(place: cell.place, message: "a segment has at least one bit"))
        }
        sizes.append(bits)
      }
    }
    if findings.isEmpty {
      findings += Self.sizeFindings(count: sizes.count, columns: bitrates.count, at: root.place)
    }
    guard findings.isEmpty else { throw InputError(findings) }
    self.init(source: source, segmentMs: segmentMs, bitratesKbps: bitrates, sizesBits: sizes)
  }

  /// Reads a title from a table of segment sizes in bytes, one row a segment.
  ///
  /// The header names each quality's bitrate: any text that ends in `NUMBERkbps`, for example `q0_300kbps`; a first column
  /// without one is the segment's index.
  /// - Parameter segmentMs: playing time of a segment in milliseconds, which the table does not tell.
  /// - Throws: `InputError` with the place of the first finding.
  public init(chunkBytes bytes: [UInt8], source: String, segmentMs: Double) throws {
    var reader = CSVReader(bytes: bytes, source: source)
    guard let header = try reader.next() else {
      throw InputError(InputPlace(source: source, line: 1), "the table of chunk sizes is empty")
    }
    let names = header.texts
    let firstColumn = names.first.map { Self.bitrate(named: $0) == nil } == true ? 1 : 0
    var bitrates: [Double] = []
    for column in firstColumn..<names.count {
      guard let kbps = Self.bitrate(named: names[column]) else {
        throw InputError(
          header.place(column), "the column '\(names[column])' does not tell its bitrate",
          suggestion: "name it like q0_300kbps")
      }
      bitrates.append(kbps)
    }
    if let finding = Self.ladderFindings(bitrates, at: header.place(firstColumn)).first { throw InputError([finding]) }
    var sizes: [Double] = []
    while let row = try reader.next() {
      guard row.count == names.count else {
        throw InputError(row.place(row.count - 1), "the row has \(row.count) fields, the header \(names.count)")
      }
      for column in firstColumn..<names.count {
        let bytes = try row.integer(column)
        guard bytes > 0, bytes < 1 << 40 else {
          throw InputError(row.place(column), "a chunk has between one byte and 1 TiB, not \(bytes)")
        }
        sizes.append(Double(bytes) * 8)
      }
    }
    let place = InputPlace(source: source)
    if let finding = Self.sizeFindings(count: sizes.count, columns: bitrates.count, at: place).first {
      throw InputError([finding])
    }
    self.init(source: source, segmentMs: segmentMs, bitratesKbps: bitrates, sizesBits: sizes)
  }

  private static func bitrate(named name: String) -> Double? {
    guard name.hasSuffix("kbps") else { return nil }
    let digits = name.dropLast(4).reversed().prefix { $0.isNumber && $0.isASCII || $0 == "." }
    return Double(String(digits.reversed()))
  }

  static func ladderFindings(_ bitrates: [Double], at place: InputPlace) -> [InputDiagnostic] {
    var findings: [InputDiagnostic] = []
    if !QualityLadder.isLadder(bitrates) {
      findings.append(
        InputDiagnostic(place: place, message: "bitrates must be positive and ascending, lowest quality first"))
    }
    if bitrates.count > largestLadder {
      findings.append(
        InputDiagnostic(place: place, message: "\(bitrates.count) qualities are more than \(largestLadder)"))
    }
    return findings
  }

  static func sizeFindings(count: Int, columns: Int, at place: InputPlace) -> [InputDiagnostic] {
    if count == 0 { return [InputDiagnostic(place: place, message: "the title has no segments")] }
    guard count / columns > mostSegments else { return [] }
    return [
      InputDiagnostic(place: place, message: "\(count / columns) segments are more than \(mostSegments)")
    ]
  }
}

extension JSONNode {
  /// The items of an array member; a finding and nothing if it is missing or no array.
  func items(_ key: String, _ findings: inout [InputDiagnostic]) -> [JSONNode] {
    guard let member = self[key] else {
      findings.append(InputDiagnostic(place: place, message: "the member '\(key)' is missing"))
      return []
    }
    guard case .array(let items) = member.content else {
      findings.append(
        InputDiagnostic(place: member.place, message: "'\(key)' is \(member.kindPhrase), not an array"))
      return []
    }
    return items
  }

  /// A positive number member; a finding and 1 otherwise.
  func positive(_ key: String, _ findings: inout [InputDiagnostic]) -> Double {
    guard let member = self[key] else {
      findings.append(InputDiagnostic(place: place, message: "the member '\(key)' is missing"))
      return 1
    }
    guard case .number(let number) = member.content, number.double > 0 else {
      findings.append(
        InputDiagnostic(place: member.place, message: "'\(key)' is \(member.kindPhrase), not a positive number"))
      return 1
    }
    return number.double
  }

  /// A number that is not negative; a finding and 1 otherwise.
  func nonNegative(_ findings: inout [InputDiagnostic]) -> Double {
    guard case .number(let number) = content, number.double >= 0 else {
      findings.append(
        InputDiagnostic(place: place, message: "\(kindPhrase) stands where a number of at least 0 should"))
      return 1
    }
    return number.double
  }
}
