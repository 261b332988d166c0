// Strings, numbers and literals of the strict JSON parser.

extension JSONParser {
  // MARK: Words

  /// The bare word that starts here: letters, digits and the signs of numbers and units.
  mutating func scanWord() -> String {
    let start = offset
    while offset < bytes.count, bytes[offset].isWordByte || bytes[offset] == UInt8(ascii: "/") { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// A number or one of the literals `true`, `false`, `null`.
  mutating func word(place: InputPlace) throws(Halt) -> JSONNode.Content {
    let word = scanWord()
    switch word {
    case "true": return .flag(true)
    case "false": return .flag(false)
    case "null": return .null
    default: break
    }
    if JSONNumber.isNumber(word.utf8) {
      guard let number = JSONNumber(word) else {
        try report("the number \(word.shortened(to: 40)) is beyond the range of a double", at: place)
        return .null
      }
      if number.double == 0,
        word.prefix(while: { $0 != "e" && $0 != "E" }).contains(where: { "123456789".contains($0) })
      {
        try report("the number \(word.shortened(to: 40)) is too small for a double", at: place)
      }
      return .number(number)
    }
    let (message, suggestion) = Self.findings(aboutWord: word.shortened(to: 40))
    try report(message, at: place, suggestion: suggestion)
    return .null
  }

  private static func findings(aboutWord word: String) -> (message: String, suggestion: String?) {
    let lower = word.lowercased()
    if ["true", "false", "null"].contains(lower) { return ("'\(word)' is not JSON", "did you mean \(lower)?") }
    if ["none", "nil", "undefined"].contains(lower) { return ("'\(word)' is not JSON", "did you mean null?") }
    if ["nan", "inf", "infinity", "+inf", "-inf", "+infinity", "-infinity"].contains(lower) {
      return ("'\(word)' is no JSON number: numbers are finite", nil)
    }
    guard word.utf8.contains(where: \.isDigit) else {
      return ("'\(word)' is not JSON", "text stands in double quotes: \"\(word)\"")
    }
    let digits = word.drop { $0 == "-" || $0 == "+" }
    if word.hasPrefix("+") { return ("the number \(word) starts with '+'", "write \(digits)") }
    if digits.hasPrefix("."), let number = JSONNumber("0" + digits) {
      return ("the number \(word) starts with '.'", "write \(word.hasPrefix("-") ? "-" : "")\(number.text)")
    }
    if digits.utf8.allSatisfy(\.isDigit) {
      let plain = digits.drop { $0 == "0" }
      return ("the number \(word) has a leading zero", "write \(word.hasPrefix("-") ? "-" : "")\(plain)")
    }
    if let first = digits.utf8.first, first.isDigit, digits.utf8.contains(where: { $0.isLetter || $0 == 0x25 }),
      !lower.hasPrefix("0x")
    {
      return ("'\(word)' is no JSON number", "a quantity with its unit stands in double quotes: \"\(word)\"")
    }
    return ("'\(word)' is no JSON number", nil)
  }

  // MARK: Strings

  /// The string whose opening quote stands here.
  ///
  /// A single quote is reported and then served as the delimiter.
  mutating func string(place: InputPlace) throws(Halt) -> String {
    let quote = bytes[offset]
    if quote == UInt8(ascii: "'") {
      try report("strings stand in double quotes, not single ones", at: place)
    }
    offset += 1
    var text = ""
    var start = offset
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == quote {
        text += String(decoding: bytes[start..<offset], as: UTF8.self)
        offset += 1
        return text
      }
      if byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\\") {
        offset += 1
      } else if byte >= 0x80, let length = Self.sequenceLength(bytes, at: offset) {
        offset += length
      } else {
        text += String(decoding: bytes[start..<offset], as: UTF8.self)
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
        text.unicodeScalars.append(try irregularScalar())
        start = offset
      }
    }
    try report("the string is not closed on its line", at: place)
    recovering = true
    return text
  }

  /// A byte of a string that does not stand for itself: an escape, or something to report.
  private mutating func irregularScalar() throws(Halt) -> UnicodeScalar {
    let byte = bytes[offset]
    if byte == UInt8(ascii: "\\") { return try escape() }
    if byte >= 0x80 {
      try report("\(byteName(byte)) is not UTF-8", at: here())
    } else {
      try report("\(byteName(byte)) inside a string", at: here(), suggestion: "write it as an escape")
    }
    offset += 1
    return "\u{FFFD}"
  }

  private mutating func escape() throws(Halt) -> UnicodeScalar {
    let place = here()
    offset += 1
    guard offset < bytes.count else { return "\u{FFFD}" }
    let letter = bytes[offset]
    // A line break after the backslash ends the string, which then reports itself as not closed.
    if letter == UInt8(ascii: "\n") || letter == UInt8(ascii: "\r") { return "\u{FFFD}" }
    offset += 1
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape(place: place)
    default:
      if letter >= 0x80 { offset -= 1 }
      try report(
        "'\\' followed by \(byteName(letter)) is no escape", at: place, suggestion: "a backslash is written \\\\")
      return "\u{FFFD}"
    }
  }

  /// `\uXXXX`, or two of them for a scalar beyond U+FFFF (RFC 8259 section 7).
  private mutating func unicodeEscape(place: InputPlace) throws(Halt) -> UnicodeScalar {
    guard let unit = hexUnit() else {
      try report("\\u needs four hexadecimal digits", at: place)
      return "\u{FFFD}"
    }
    if let scalar = UnicodeScalar(unit) { return scalar }
    if unit < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    {
      let second = offset
      offset += 2
      if let low = hexUnit(), (0xDC00...0xDFFF).contains(low),
        let scalar = UnicodeScalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
      {
        return scalar
      }
      offset = second
    }
    try report("\\u\(String(unit, radix: 16)) is half of a surrogate pair", at: place)
    return "\u{FFFD}"
  }

  private mutating func hexUnit() -> UInt16? {
    guard offset + 4 <= bytes.count, bytes[offset..<offset + 4].allSatisfy({ $0.isDigit || $0.isLetter }),
      let unit = UInt16(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
    else { return nil }
    offset += 4
    return unit
  }

  /// Length of the well-formed UTF-8 sequence of two to four bytes that starts at an index (Unicode 15, table 3-7);
  /// `nil` if there is none.
  static func sequenceLength(_ bytes: [UInt8], at index: Int) -> Int? {
    let lead = bytes[index]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if lead == 0xE0 { second = 0xA0...0xBF }
      if lead == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if lead == 0xF0 { second = 0x90...0xBF }
      if lead == 0xF4 { second = 0x80...0x8F }
    default: return nil
    }
    guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return nil }
    return bytes[(index + 2)..<(index + length)].allSatisfy { $0 & 0xC0 == 0x80 } ? length : nil
  }
}
