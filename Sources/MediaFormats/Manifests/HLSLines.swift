import TextFormats

/// One line of a playlist that means something: a tag with its value, or a URI (RFC 8216 section 4.1).
struct HLSLine {
  enum Content {
    case tag(name: Substring, value: Substring)
    case uri(Substring)
  }
  let content: Content
  let place: InputPlace

  func error(_ message: String, suggestion: String? = nil) -> InputError {
    InputError(place, message, suggestion: suggestion)
  }

  /// Splits a playlist into lines; comments and blank lines are dropped, unknown tags kept.
  static func lines(_ bytes: [UInt8], source: String) throws(InputError) -> [HLSLine] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputError(InputPlace(source: source), "the playlist is not UTF-8 text")
    }
    var result: [HLSLine] = []
    var number = 0
    for raw in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      var line = Substring(raw)
      if line.unicodeScalars.last == "\r" { line.unicodeScalars.removeLast() }
      if number == 1 {
        guard line.hasPrefix("#EXTM3U"), line.dropFirst(7).allSatisfy({ $0 == " " || $0 == "\t" }) else {
          throw InputError(InputPlace(source: source, line: 1, column: 1), "the first line is not #EXTM3U")
        }
        continue
      }
      let place = InputPlace(source: source, line: number, column: 1)
      if line.hasPrefix("#EXT") {
        let colon = line.firstIndex(of: ":")
        result.append(
          HLSLine(
            content: .tag(
              name: line[..<(colon ?? line.endIndex)].dropFirst(),
              value: colon.map { line[line.index(after: $0)...] } ?? ""), place: place))
      } else if !line.hasPrefix("#"), line.contains(where: { $0 != " " && $0 != "\t" }) {
        result.append(HLSLine(content: .uri(Substring(line.trimmed)), place: place))
      }
    }
    return result
  }
}

/// An attribute list (RFC 8216 section 4.2): names with decimal, hexadecimal, enumerated or quoted values.
struct HLSAttributes {
  private var values: [(name: Substring, value: Substring)] = []
  private let line: HLSLine

  init(_ text: Substring, _ line: HLSLine) throws(InputError) {
    self.line = line
    var rest = text
    while !rest.isEmpty {
      guard let equals = rest.firstIndex(of: "="), equals != rest.startIndex else {
        throw line.error("the attribute list ends in \"\(rest.prefix(30))\", which has no '='")
      }
      let name = Substring(rest[..<equals].trimmed)
      guard name.allSatisfy({ $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "-") }) else {
        throw line.error("\"\(name.prefix(30))\" is not an attribute name")
      }
      rest = rest[rest.index(after: equals)...]
      let value: Substring
      if rest.first == "\"" {
        // Commas inside quotes belong to the value.
        let body = rest.dropFirst()
        guard let quote = body.firstIndex(of: "\"") else {
          throw line.error("the value of \(name) has no closing quote")
        }
        value = body[..<quote]
        rest = body[body.index(after: quote)...]
      } else {
        value = rest.prefix { $0 != "," }
        rest = rest[value.endIndex...]
      }
      guard !values.contains(where: { $0.name == name }) else { throw line.error("\(name) is given twice") }
      values.append((name, value))
      if rest.isEmpty { break }
      guard rest.first == "," else { throw line.error("\"\(rest.prefix(30))\" follows the value of \(name)") }
      rest = rest.dropFirst()
    }
  }

  /// The text of an attribute, quotes removed.
  subscript(_ name: String) -> String? { values.first { $0.name == name }.map { String($0.value) } }

  /// A decimal integer of at most 63 bits.
  func integer(_ name: String) throws(InputError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let value = UInt64(text), let number = Int(exactly: value) else {
      throw line.error("\(name) = \(text.prefix(40)) is not a decimal integer")
    }
    return number
  }

  /// `WIDTHxHEIGHT`.
  func resolution(_ name: String) throws(InputError) -> (width: Int, height: Int)? {
    guard let text = self[name] else { return nil }
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = UInt16(parts[0]), let height = UInt16(parts[1]) else {
      throw line.error("\(name) = \(text.prefix(40)) is not a resolution", suggestion: "WIDTHxHEIGHT")
    }
    return (Int(width), Int(height))
  }
}
