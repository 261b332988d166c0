import TextFormats

/// Reads XML text (XML 1.0, fifth edition) into nodes: elements, attributes, text, CDATA, character references.
///
/// Manifests come from strangers. FoundationXML traps on names that are not UTF-8 and loses memory with every error,
/// so this reader is our own: one pass, no recursion, no document types and hence no entities to expand.
struct XMLParser {
  /// Deepest nesting; manifests use 6 levels.
  static let depthLimit = 64
  /// Most attributes of one element; manifests use two dozen.
  static let attributeLimit = 256

  private let bytes: [UInt8]
  private let source: String
  private var position = 0
  /// The place of `position`, kept up to date by `advancePlace`.
  private var placeOffset = 0
  private var line = 1
  private var column = 1

  /// The root element of a document.
  ///
  /// - Throws: `InputError` with line and column.
  static func parse(_ bytes: [UInt8], source: String) throws(InputError) -> XMLNode {
    var parser = XMLParser(bytes: bytes, source: source)
    return try parser.document()
  }

  private init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  // MARK: Document

  private mutating func document() throws(InputError) -> XMLNode {
    try checkText()
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    if at("<?xml") { try declaration() }
    try miscellaneous()
    guard at("<") else { throw error("the document has no root element") }
    let root = try element()
    try miscellaneous()
    guard position == bytes.count else { throw error("something follows the root element") }
    return root
  }

  /// All text is UTF-8 without control characters (section 2.2).
  private mutating func checkText() throws(InputError) {
    if let bad = bytes.firstIndex(where: { $0 < 32 && $0 != 9 && $0 != 10 && $0 != 13 }) {
      position = bad
      throw error("a control character; manifests are UTF-8 text")
    }
    guard bytes.contains(where: { $0 >= 0x80 }), String(validating: bytes, as: UTF8.self) == nil else { return }
    var decoder = UTF8()
    var rest = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&rest) { position += UTF8.width(scalar) }
    throw error("a byte that is not UTF-8")
  }

  private mutating func declaration() throws(InputError) {
    let start = position
    guard let end = find("?>") else { throw error("the XML declaration does not end") }
    let text = String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
    if let encoding = text.indices.first(where: { text[$0...].hasPrefix("encoding") }) {
      let value = text[encoding...].drop { $0 != "\"" && $0 != "'" }.dropFirst().prefix { $0 != "\"" && $0 != "'" }
      guard value == "utf-8" || value == "utf8" || value == "us-ascii" || value == "ascii" else {
        throw error("the encoding is \(value.prefix(40)); manifests are UTF-8 text")
      }
    }
    position = end + 2
  }

  /// White space, comments and processing instructions between elements; a document type is refused.
  private mutating func miscellaneous() throws(InputError) {
    while position < bytes.count {
      skipSpace()
      if at("<!--") {
        try comment()
      } else if at("<?") {
        try instruction()
      } else if at("<!") {
        throw error("<!DOCTYPE and other declarations are refused: manifests need none")
      } else {
        return
      }
    }
  }

  private mutating func comment() throws(InputError) {
    position += 4
    guard let end = find("-->") else {
      position -= 4
      throw error("the comment does not end")
    }
    position = end + 3
  }

  private mutating func instruction() throws(InputError) {
    guard let end = find("?>") else { throw error("the processing instruction does not end") }
    position = end + 2
  }

  // MARK: Elements

  /// The element at the current position with everything inside; open elements stand on a stack.
  private mutating func element() throws(InputError) -> XMLNode {
    var open: [(node: XMLNode, rawName: ArraySlice<UInt8>)] = []
    var text: [UInt8] = []
    while true {
      if at("</") {
        guard let last = open.popLast() else { throw error("an end tag without a start tag") }
        var node = last.node
        let start = position
        position += 2
        guard try name() == last.rawName else {
          position = start
          throw error("the end tag does not match <\(String(decoding: last.rawName.prefix(40), as: UTF8.self))>")
        }
        skipSpace()
        guard at(">") else { throw error("the end tag does not end in >") }
        position += 1
        node.text += String(decoding: text, as: UTF8.self)
        text.removeAll(keepingCapacity: true)
        guard !open.isEmpty else { return node }
        open[open.count - 1].node.children.append(node)
      } else if at("<!--") {
        try comment()
      } else if at("<![CDATA[") {
        position += 9
        guard let end = find("]]>") else { throw error("the CDATA section does not end") }
        text += bytes[position..<end]
        position = end + 3
      } else if at("<?") {
        try instruction()
      } else if at("<!") {
        throw error("declarations are refused inside elements")
      } else if at("<") {
        if !open.isEmpty {
          open[open.count - 1].node.text += String(decoding: text, as: UTF8.self)
          text.removeAll(keepingCapacity: true)
        }
        guard open.count < Self.depthLimit else { throw error("elements are nested deeper than \(Self.depthLimit)") }
        let (node, rawName, isEmpty) = try startTag()
        if isEmpty {
          guard !open.isEmpty else { return node }
          open[open.count - 1].node.children.append(node)
        } else {
          open.append((node, rawName))
        }
      } else if position < bytes.count {
        try character(into: &text)
      } else {
        let name = open.last.map { $0.node.name } ?? ""
        throw error("the text ends inside <\(name.prefix(40))>")
      }
    }
  }

  private mutating func startTag() throws(InputError) -> (XMLNode, ArraySlice<UInt8>, isEmpty: Bool) {
    advancePlace()
    let (startLine, startColumn) = (line, column)
    position += 1
    let rawName = try name()
    var attributes: [(name: String, value: String)] = []
    while true {
      let hadSpace = skipSpace()
      let isEmpty = at("/>")
      if isEmpty || at(">") {
        position += isEmpty ? 2 : 1
        let local = rawName.lastIndex(of: UInt8(ascii: ":")).map { rawName[($0 + 1)...] } ?? rawName
        let node = XMLNode(
          name: String(decoding: local, as: UTF8.self), attributes: attributes, source: source,
          line: Int32(clamping: startLine), column: Int32(clamping: startColumn))
        return (node, rawName, isEmpty)
      }
      guard hadSpace else { throw error("white space is missing before an attribute") }
      guard attributes.count < Self.attributeLimit else {
        throw error("an element has more than \(Self.attributeLimit) attributes")
      }
      let key = String(decoding: try name(), as: UTF8.self)
      guard !attributes.contains(where: { $0.name == key }) else {
        throw error("the attribute \(key.prefix(40)) is given twice")
      }
      attributes.append((key, try attributeValue()))
    }
  }

  private mutating func attributeValue() throws(InputError) -> String {
    skipSpace()
    guard at("=") else { throw error("an attribute has no =") }
    position += 1
    skipSpace()
    guard position < bytes.count, bytes[position] == 0x22 || bytes[position] == 0x27 else {
      throw error("an attribute value is not quoted")
    }
    let quote = bytes[position]
    let start = position
    position += 1
    var value: [UInt8] = []
    while position < bytes.count, bytes[position] != quote {
      guard bytes[position] != UInt8(ascii: "<") else { throw error("< inside an attribute value") }
      // Line ends and tabs count as spaces (section 3.3.3).
      if bytes[position] < 32 {
        value.append(32)
        position += 1
      } else {
        try character(into: &value)
      }
    }
    guard position < bytes.count else {
      position = start
      throw error("the attribute value does not end")
    }
    position += 1
    return String(decoding: value, as: UTF8.self)
  }

  /// A byte of text or a reference.
  private mutating func character(into text: inout [UInt8]) throws(InputError) {
    guard bytes[position] == UInt8(ascii: "&") else {
      text.append(bytes[position])
      position += 1
      return
    }
    let limit = min(bytes.count, position + 12)
    guard let end = bytes[position..<limit].firstIndex(of: UInt8(ascii: ";")) else {
      throw error("& starts no reference")
    }
    let name = String(decoding: bytes[position + 1..<end], as: UTF8.self)
    guard let scalar = Self.reference(name) else { throw error("the reference &\(name); is not known") }
    text += Array(String(Character(scalar)).utf8)
    position = end + 1
  }

  /// The five predefined entities and character references (sections 4.1 and 4.6).
  private static func reference(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "lt": return "<"
    case "gt": return ">"
    case "amp": return "&"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let digits = name.dropFirst(name.hasPrefix("#x") ? 2 : 1)
      guard name.hasPrefix("#"), digits.allSatisfy(\.isHexDigit),
        let value = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10),
        value >= 32 || value == 9 || value == 10 || value == 13
      else { return nil }
      return Unicode.Scalar(value)
    }
  }

  // MARK: Scanning

  private mutating func name() throws(InputError) -> ArraySlice<UInt8> {
    let start = position
    while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
    guard position > start, !Self.isNameRest(bytes[start]) else {
      position = start
      throw error("a name is expected here")
    }
    return bytes[start..<position]
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (byte | 32 >= 97 && byte | 32 <= 122) || byte == 0x5F || byte == 0x3A || isNameRest(byte)
  }

  /// Bytes that may continue a name and not start it.
  private static func isNameRest(_ byte: UInt8) -> Bool { (byte >= 48 && byte <= 57) || byte == 0x2D || byte == 0x2E }

  @discardableResult
  private mutating func skipSpace() -> Bool {
    let start = position
    while position < bytes.count, bytes[position] == 32 || (bytes[position] >= 9 && bytes[position] <= 13) {
      position += 1
    }
    return position > start
  }

  private func at(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard position + count <= bytes.count else { return false }
    for index in 0..<count where bytes[position + index] != text.utf8Start[index] { return false }
    return true
  }

  /// Offset of a text at or after the current position.
  private func find(_ text: StaticString) -> Int? {
    let count = text.utf8CodeUnitCount
    var start = position
    while start + count <= bytes.count {
      if (0..<count).allSatisfy({ bytes[start + $0] == text.utf8Start[$0] }) { return start }
      start += 1
    }
    return nil
  }

  /// Counts lines and columns up to the current position; every byte is looked at once, as places only move on.
  private mutating func advancePlace() {
    if position < placeOffset { (placeOffset, line, column) = (0, 1, 1) }
    for byte in bytes[placeOffset..<min(position, bytes.count)] {
      if byte == 10 {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    placeOffset = position
  }

  private mutating func error(_ message: String) -> InputError {
    advancePlace()
    return InputError(InputPlace(source: source, line: line, column: column), message)
  }
}
