import Foundation
import FoundationXML
import TextFormats

/// An element of an XML manifest, with its place in the text.
struct XMLNode: Sendable {
  let name: String
  let attributes: [String: String]
  let place: InputPlace
  fileprivate(set) var children: [XMLNode] = []
  fileprivate(set) var text = ""

  /// Child elements of a name, in document order.
  func all(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

  /// The first child element of a name.
  func first(_ name: String) -> XMLNode? { children.first { $0.name == name } }

  /// An attribute by its local name.
  subscript(_ attribute: String) -> String? { attributes[attribute] }

  func error(_ message: String, suggestion: String? = nil) -> InputError {
    var place = place
    place.path = name
    return InputError(place, message, suggestion: suggestion)
  }

  /// An unsigned decimal attribute; refuses anything else.
  func unsigned(_ attribute: String) throws(InputError) -> UInt64? {
    guard let text = attributes[attribute] else { return nil }
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

/// Reads XML text into nodes.
///
/// The syntax is libxml2's business; what could make it expensive is refused before: document types (the only source of
/// entities to expand), other encodings, deep nesting.
enum XMLTree {
  /// Deepest nesting; manifests use 6 levels.
  static let depthLimit = 64

  static func parse(_ bytes: [UInt8], source: String) throws(InputError) -> XMLNode {
    try refuseUnsafe(bytes, source)
    let builder = XMLTreeBuilder(source: source)
    let parser = XMLParser(data: Data(bytes))
    parser.shouldProcessNamespaces = false
    parser.shouldResolveExternalEntities = false
    parser.delegate = builder
    let succeeded = parser.parse()
    if let refusal = builder.refusal { throw refusal }
    guard succeeded, let root = builder.root else {
      let place = InputPlace(source: source, line: max(1, parser.lineNumber), column: max(1, parser.columnNumber))
      throw InputError(place, "the text is not well-formed XML (libxml2 error \(builder.errorCode))")
    }
    return root
  }

  private static func refuseUnsafe(_ bytes: [UInt8], _ source: String) throws(InputError) {
    if let zero = bytes.firstIndex(of: 0) {
      throw InputError(
        InputPlace(source: source, byteOffset: UInt64(zero)), "a zero byte: manifests are UTF-8 text")
    }
    for declaration in ["<!DOCTYPE", "<!ENTITY"] {
      guard let offset = firstOffset(of: Array(declaration.utf8), in: bytes) else { continue }
      let before = bytes[..<offset]
      let line = before.reduce(1) { $1 == 10 ? $0 + 1 : $0 }
      let column = offset - (before.lastIndex(of: 10) ?? -1)
      throw InputError(
        InputPlace(source: source, line: line, column: column), "\(declaration) is refused: manifests need none")
    }
  }

  private static func firstOffset(of pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= pattern.count else { return nil }
    return (0...bytes.count - pattern.count).first { start in
      bytes[start] == pattern[0] && bytes[start..<start + pattern.count].elementsEqual(pattern)
    }
  }
}

/// Collects nodes while libxml2 reports elements.
private final class XMLTreeBuilder: NSObject, XMLParserDelegate {
  let source: String
  private(set) var root: XMLNode?
  private(set) var refusal: InputError?
  private(set) var errorCode = 0
  private var open: [XMLNode] = []

  init(source: String) { self.source = source }

  func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    let place = InputPlace(source: source, line: parser.lineNumber, column: parser.columnNumber)
    guard open.count < XMLTree.depthLimit else {
      refusal = InputError(place, "elements are nested deeper than \(XMLTree.depthLimit)")
      parser.abortParsing()
      return
    }
    let name = elementName.split(separator: ":").last.map(String.init) ?? elementName
    open.append(XMLNode(name: name, attributes: attributes, place: place))
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    guard !open.isEmpty else { return }
    open[open.count - 1].text += string
  }

  func parser(
    _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
  ) {
    guard let node = open.popLast() else { return }
    if open.isEmpty { root = node } else { open[open.count - 1].children.append(node) }
  }

  func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
    errorCode = (parseError as NSError).code
  }
}
