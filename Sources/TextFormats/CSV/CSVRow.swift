// One row of CSV: fields as text or, on demand, as numbers with errors that say where.

/// One row of CSV.
public struct CSVRow: Sendable {
  /// Name of the input in messages.
  public let source: String
  /// 1-based line on which the row starts.
  public let line: Int
  /// The fields one after the other, without quotes.
  var bytes: [UInt8] = []
  /// Where in `bytes` each field ends.
  var ends: [Int] = []

  init(source: String, line: Int) {
    self.source = source
    self.line = line
  }

  /// Number of fields.
  public var count: Int { ends.count }

  /// All fields.
  public var texts: [String] { ends.indices.map { self[$0] } }

  /// A field; bytes that are not UTF-8 become U+FFFD.
  ///
  /// Empty for a field that the row does not have.
  public subscript(index: Int) -> String {
    guard ends.indices.contains(index) else { return "" }
    return String(decoding: bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]], as: UTF8.self)
  }

  /// A finite number.
  /// - Throws: `InputError` for a field that is missing, no number, or not finite.
  public func double(_ index: Int) throws(InputError) -> Double {
    let text = try field(index)
    guard let number = Double(text), number.isFinite else { throw error(index, text, "a number") }
    return number
  }

  /// A whole number.
  /// - Throws: `InputError` for a field that is missing, no whole number, or beyond 64 bits.
  public func integer(_ index: Int) throws(InputError) -> Int64 {
    let text = try field(index)
    guard let number = ExactDecimal(text.utf8)?.exactInteger else { throw error(index, text, "a whole number") }
    return number
  }

  /// Where a field stands.
  public func place(_ index: Int) -> InputPlace {
    InputPlace(source: source, line: line, path: "column \(index + 1)")
  }

  private func field(_ index: Int) throws(InputError) -> String {
    guard ends.indices.contains(index) else {
      throw InputError(place(index), "the row has only \(count) field\(count == 1 ? "" : "s")")
    }
    return self[index]
  }

  private func error(_ index: Int, _ text: String, _ wanted: String) -> InputError {
    InputError(
      place(index),
      text.isEmpty ? "an empty field stands where \(wanted) should" : "'\(text.shortened(to: 40))' is not \(wanted)")
  }
}
