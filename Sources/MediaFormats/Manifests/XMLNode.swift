import TextFormats

/// An element of an XML manifest, with its place in the text.
struct XMLNode: Sendable {
  /// Name without its namespace prefix.
  let name: String
  /// Names as written, and values with references resolved, in document order.
  let attributes: [(name: String, value: String)]
  let source: String
  let line: Int32
  let column: Int32
  /// Child elements.
  var children: [XMLNode] = []
  /// Text directly inside the element.
  var text = ""

  /// Child elements of a name, in document order.
  func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

  /// The first child element of a name.
  func first(_ name: String) -> XMLNode? { children.first { $0.name == name } }

  /// The value of an attribute.
  subscript(_ attribute: String) -> String? { attributes.first { $0.name == attribute }?.value }

  /// An error at the element.
  func error(_ message: String, suggestion: String? = nil) -> InputError {
    InputError(
      InputPlace(source: source, line: Int(line), column: Int(column), path: name), message, suggestion: suggestion)
  }

  /// An unsigned decimal attribute; refuses anything else.
  func unsigned(_ attribute: String) throws(InputError) -> UInt64? {
    guard let text = self[attribute] else { return nil }
    guard let value = UInt64(text.trimmed) else {
      throw error("@\(attribute) = \"\(text.prefix(40))\" is not an unsigned 64-bit number")
    }
    return value
  }

  /// An unsigned decimal attribute that fits 63 bits.
  func ticks(_ attribute: String) throws(InputError) -> Int64? {
    guard let value = try unsigned(attribute) else { return nil }
    guard let ticks = Int64(exactly: value) else { throw error("@\(attribute) = \(value) is beyond 63 bits") }
    return ticks
  }

  /// A timescale: positive, at most 2^32 - 1.
  func timescale(_ attribute: String) throws(InputError) -> Int64? {
    guard let value = try unsigned(attribute) else { return nil }
    guard value > 0, value <= UInt64(UInt32.max) else {
      throw error("@\(attribute) = \(value); a timescale lies between 1 and 4294967295")
    }
    return Int64(value)
  }
}

extension StringProtocol {
  /// The text without leading and trailing XML white space.
  var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
