// The strict JSON parser: recursive descent over bytes. It reports every error that it can step over, so that one run
// shows all that is wrong with a scenario. Strings and numbers are read in JSONParser+Tokens.swift.

/// One pass over a JSON text.
///
/// Every loop either consumes at least one byte or throws ``Halt``, so the parser ends on any input.
struct JSONParser {
  let bytes: [UInt8]
  let source: String
  /// Index of the next byte.
  var offset = 0
  /// 1-based line of `offset`.
  var line = 1
  /// A byte of this line whose column is known; columns are counted on from here, so that a text of one long line
  /// does not cost a walk from its start for every value.
  var markOffset = 0
  /// 1-based column of `markOffset` in Unicode scalars.
  var markColumn = 1
  var diagnostics: [InputDiagnostic] = []
  /// Set after an error that swallowed the separator, so that one slip is reported once.
  var recovering = false

  /// The parser met something that it cannot step over; the reason is in `diagnostics`.
  struct Halt: Error {}

  /// Errors listed before the parser gives up.
  static let errorLimit = 100

  init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  /// The whole text.
  mutating func parse() throws(InputError) -> JSONNode {
    do throws(Halt) {
      try skipByteOrderMark()
      try skipSpace()
      guard offset < bytes.count else {
        try report("the text is empty where a JSON value is wanted", at: here())
        throw Halt()
      }
      let root = try value(depth: 0, path: "")
      try skipSpace()
      if offset < bytes.count {
        try report("text after the end of the JSON value", at: here())
      }
      if diagnostics.isEmpty { return root }
    } catch {}
    throw InputError(diagnostics)
  }

  // MARK: Places and reports

  /// Where the next byte stands.
  mutating func here(path: String = "") -> InputPlace {
    while markOffset < offset {
      if bytes[markOffset] & 0xC0 != 0x80 { markColumn += 1 }
      markOffset += 1
    }
    return InputPlace(source: source, line: line, column: markColumn, path: path.isEmpty ? nil : path)
  }

  mutating func report(_ message: String, at place: InputPlace, suggestion: String? = nil) throws(Halt) {
    diagnostics.append(InputDiagnostic(place: place, message: message, suggestion: suggestion))
    if diagnostics.count == Self.errorLimit {
      diagnostics.append(
        InputDiagnostic(place: place, message: "more than \(Self.errorLimit) errors; the rest is not shown"))
      throw Halt()
    }
  }

  private mutating func unexpected(_ wanted: String, path: String) throws(Halt) -> Halt {
    let place = here(path: path)
    guard offset < bytes.count else {
      try report("the text ends where \(wanted) should stand", at: place)
      return Halt()
    }
    try report("\(byteName(bytes[offset])) stands where \(wanted) should", at: place)
    return Halt()
  }

  /// A byte for messages: `'x'`, `a NUL byte`, `the byte 0xFF`.
  func byteName(_ byte: UInt8) -> String {
    switch byte {
    case 0: "a NUL byte"
    case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
    default: "the byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))"
    }
  }

  // MARK: Space

  private mutating func skipByteOrderMark() throws(Halt) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      try report("the text starts with a byte order mark", at: here(), suggestion: "save it as UTF-8 without BOM")
      offset = 3
      markOffset = 3
    } else if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      try report("the text is UTF-16", at: here(), suggestion: "save it as UTF-8 without BOM")
      throw Halt()
    }
  }

  /// Skips white space, and comments after reporting them.
  mutating func skipSpace() throws(Halt) {
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): offset += 1
      case UInt8(ascii: "\n"): startLine()
      case UInt8(ascii: "#"): try skipLineComment()
      case UInt8(ascii: "/"):
        let next = offset + 1 < bytes.count ? bytes[offset + 1] : 0
        if next == UInt8(ascii: "/") {
          try skipLineComment()
        } else if next == UInt8(ascii: "*") {
          try skipBlockComment()
        } else {
          return
        }
      default: return
      }
    }
  }

  private mutating func startLine() {
    offset += 1
    line += 1
    markOffset = offset
    markColumn = 1
  }

  private mutating func skipLineComment() throws(Halt) {
    try report("JSON has no comments", at: here())
    while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
  }

  private mutating func skipBlockComment() throws(Halt) {
    try report("JSON has no comments", at: here())
    offset += 2
    while offset < bytes.count {
      if bytes[offset] == UInt8(ascii: "\n") {
        startLine()
      } else if bytes[offset] == UInt8(ascii: "/"), bytes[offset - 1] == UInt8(ascii: "*") {
        offset += 1
        return
      } else {
        offset += 1
      }
    }
  }

  // MARK: Values

  mutating func value(depth: Int, path: String) throws(Halt) -> JSONNode {
    guard offset < bytes.count else { throw try unexpected("a value", path: path) }
    let place = here(path: path)
    switch bytes[offset] {
    case UInt8(ascii: "{"): return JSONNode(try object(depth: depth, path: path, place: place), at: place)
    case UInt8(ascii: "["): return JSONNode(try array(depth: depth, path: path, place: place), at: place)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return JSONNode(.text(try string(place: place)), at: place)
    case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"):
      try report("a value is missing here", at: place)
      return JSONNode(.null, at: place)
    case let byte where byte.isWordByte: return JSONNode(try word(place: place), at: place)
    default: throw try unexpected("a value", path: path)
    }
  }

  private mutating func enter(depth: Int, place: InputPlace) throws(Halt) {
    if depth >= JSONText.depthLimit {
      try report("nested deeper than \(JSONText.depthLimit) levels", at: place)
      throw Halt()
    }
    offset += 1
  }

  private mutating func array(depth: Int, path: String, place: InputPlace) throws(Halt) -> JSONNode.Content {
    try enter(depth: depth, place: place)
    var items: [JSONNode] = []
    var comma: InputPlace?
    while true {
      try skipSpace()
      guard offset < bytes.count else { throw try unclosed("array", opened: place) }
      switch bytes[offset] {
      case UInt8(ascii: "]"):
        offset += 1
        if let comma { try report("a comma before the closing ']'", at: comma, suggestion: "remove it") }
        return .array(items)
      case UInt8(ascii: ","):
        try report("a value is missing before this comma", at: here(path: path))
        offset += 1
        continue
      case UInt8(ascii: "}"):
        throw try unclosed("array", opened: place)
      default: break
      }
      if !items.isEmpty, comma == nil { try missingComma(path: path) }
      recovering = false
      items.append(try value(depth: depth + 1, path: "\(path)[\(items.count)]"))
      comma = try passComma()
    }
  }

  private mutating func object(depth: Int, path: String, place: InputPlace) throws(Halt) -> JSONNode.Content {
    try enter(depth: depth, place: place)
    var members: [JSONMember] = []
    var keys = DistinctKeys()
    var comma: InputPlace?
    while true {
      try skipSpace()
      guard offset < bytes.count else { throw try unclosed("object", opened: place) }
      switch bytes[offset] {
      case UInt8(ascii: "}"):
        offset += 1
        if let comma { try report("a comma before the closing '}'", at: comma, suggestion: "remove it") }
        return .object(members)
      case UInt8(ascii: ","):
        try report("a member is missing before this comma", at: here(path: path))
        offset += 1
        continue
      case UInt8(ascii: "]"):
        throw try unclosed("object", opened: place)
      default: break
      }
      if !members.isEmpty, comma == nil { try missingComma(path: path) }
      recovering = false
      var keyPlace = here(path: path)
      let key = try self.key(path: path, place: keyPlace)
      let keyPath = JSONText.joined(path, key.shortened(to: 80))
      keyPlace.path = keyPath
      try passColon(after: key, path: keyPath)
      let member = JSONMember(key: key, keyPlace: keyPlace, value: try value(depth: depth + 1, path: keyPath))
      if let first = keys.firstLine(of: key, line: keyPlace.line ?? 0, among: members) {
        try report(
          "the key '\(key.shortened(to: 40))' stands twice in one object, first on line \(first)", at: keyPlace)
      } else {
        members.append(member)
      }
      comma = try passComma()
    }
  }

  private mutating func key(path: String, place: InputPlace) throws(Halt) -> String {
    let byte = bytes[offset]
    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try string(place: place) }
    guard byte.isWordByte else { throw try unexpected("a key in double quotes", path: path) }
    let word = scanWord()
    try report(
      "the key \(word.shortened(to: 40)) is not in quotes", at: place, suggestion: "write \"\(word.shortened(to: 40))\""
    )
    return word
  }

  private mutating func passColon(after key: String, path: String) throws(Halt) {
    try skipSpace()
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ":") {
      offset += 1
    } else if offset < bytes.count, bytes[offset] == UInt8(ascii: "=") {
      try report("'=' stands where ':' should", at: here(path: path))
      offset += 1
    } else {
      throw try unexpected("a colon after the key '\(key.shortened(to: 40))'", path: path)
    }
    try skipSpace()
  }

  /// Passes a comma if one stands here and says where.
  private mutating func passComma() throws(Halt) -> InputPlace? {
    try skipSpace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: ",") else { return nil }
    let place = here()
    offset += 1
    return place
  }

  private mutating func missingComma(path: String) throws(Halt) {
    if recovering { return }
    let byte = bytes[offset]
    let startsValue = byte.isWordByte || [0x22, 0x27, 0x5B, 0x7B].contains(byte)
    guard startsValue else { throw try unexpected("a comma or the end", path: path) }
    try report("a comma is missing before this", at: here(path: path))
  }

  private mutating func unclosed(_ what: String, opened: InputPlace) throws(Halt) -> Halt {
    let place = here(path: opened.path ?? "")
    let met = offset < bytes.count ? byteName(bytes[offset]) : "the end of the text"
    try report("\(met), but the \(what) opened on line \(opened.line ?? 0) is not closed", at: place)
    return Halt()
  }
}

/// The keys of one object: compared one by one while they are few, which most objects are, then hashed.
private struct DistinctKeys {
  private var lines: [String: Int] = [:]
  private static let fewKeys = 16

  /// The line on which a key stood before; `nil` for a new key, which is remembered.
  mutating func firstLine(of key: String, line: Int, among members: [JSONMember]) -> Int? {
    guard members.count >= Self.fewKeys else { return members.first { $0.key == key }?.keyPlace.line }
    if lines.isEmpty {
      for member in members { lines[member.key] = member.keyPlace.line ?? 0 }
    }
    if let first = lines[key] { return first }
    lines[key] = line
    return nil
  }
}

extension UInt8 {
  /// Whether this byte can belong to a bare word: a number, a literal, or a quantity whose quotes were forgotten.
  var isWordByte: Bool {
    isDigit || isLetter || [0x2B, 0x2D, 0x2E, 0x5F, 0x25, 0x24].contains(self)
  }
}
