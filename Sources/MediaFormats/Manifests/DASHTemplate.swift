import TextFormats

/// A segment URL template (ISO/IEC 23009-1 section 5.3.9.4.4): text with `$Number$`, `$Time%09d$` and the like.
struct DASHTemplate: SegmentNaming {
  /// Widest number format that is accepted.
  static let widthLimit = 64

  private enum Part: Sendable {
    case text(String)
    case number(width: Int)
    case time(width: Int)
  }
  private var parts: [Part] = []
  /// What the template's URLs are resolved against.
  let base: String

  /// Reads a template; representation and bandwidth are filled in at once.
  init(_ text: String, base: String, representation: String, bandwidth: Int, node: XMLNode) throws(InputError) {
    self.base = base
    // Between dollar signs stand identifiers, outside text: `$$` is an empty identifier, a literal dollar sign.
    let pieces = text.split(separator: "$", omittingEmptySubsequences: false)
    guard pieces.count % 2 == 1 else { throw node.error("template \"\(text)\" has an unpaired $") }
    for (index, piece) in pieces.enumerated() {
      if index % 2 == 0 {
        if !piece.isEmpty { parts.append(.text(String(piece))) }
        continue
      }
      if piece.isEmpty {
        parts.append(.text("$"))
        continue
      }
      let (name, width) = try Self.identifier(piece, text, node)
      switch name {
      case "RepresentationID": parts.append(.text(representation))
      case "Bandwidth": parts.append(.text(Self.padded("\(bandwidth)", width)))
      case "Number": parts.append(.number(width: width))
      case "Time": parts.append(.time(width: width))
      // Sub-segments are not listed one by one, so the first one stands for the segment.
      case "SubNumber": parts.append(.text(Self.padded("1", width)))
      default:
        throw node.error(
          "template \"\(text)\" names $\(name)$, which does not exist",
          suggestion: "Number, Time, RepresentationID, Bandwidth or SubNumber")
      }
    }
  }

  private static func identifier(
    _ piece: Substring, _ text: String, _ node: XMLNode
  ) throws(InputError) -> (name: String, width: Int) {
    guard let percent = piece.firstIndex(of: "%") else { return (String(piece), 1) }
    let format = piece[piece.index(after: percent)...]
    guard format.first == "0", format.last == "d", let width = Int(format.dropFirst().dropLast()), width >= 0 else {
      throw node.error("template \"\(text)\" has the format \"%\(format)\"", suggestion: "%0Nd, for example %05d")
    }
    guard width <= widthLimit else {
      throw node.error("template \"\(text)\" asks for \(width) digits; the limit is \(widthLimit)")
    }
    return (String(piece[..<percent]), width)
  }

  private static func padded(_ digits: String, _ width: Int) -> String {
    digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
  }

  func url(number: UInt64, time: Int64) -> String {
    var text = ""
    for part in parts {
      switch part {
      case .text(let literal): text += literal
      case .number(let width): text += Self.padded("\(number)", width)
      case .time(let width): text += Self.padded("\(time)", width)
      }
    }
    return RelativeReference.resolve(text, against: base)
  }

  /// The template as a manifest writes it, with what was filled in kept.
  var text: String {
    parts.map { part in
      switch part {
      case .text(let literal):
        return literal.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
      case .number(let width): return width > 1 ? "$Number%0\(width)d$" : "$Number$"
      case .time(let width): return width > 1 ? "$Time%0\(width)d$" : "$Time$"
      }
    }.joined()
  }

  /// True if the URL of one segment differs from the next.
  var isVarying: Bool {
    parts.contains {
      if case .text = $0 { return false }
      return true
    }
  }
}
