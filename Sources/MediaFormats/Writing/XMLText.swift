/// Writes XML with one element a line, indented by two spaces.
struct XMLText {
  private(set) var text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
  private var depth = 0

  /// An element with attributes in the given order; absent values are left out.
  mutating func element(
    _ name: String, _ attributes: KeyValuePairs<String, String?> = [:], content: String? = nil,
    _ children: ((inout XMLText) throws(MediaError) -> Void)? = nil
  ) throws(MediaError) {
    text += String(repeating: "  ", count: depth) + "<\(name)"
    for (key, value) in attributes {
      if let value { text += " \(key)=\"\(Self.escaped(value))\"" }
    }
    if let content {
      text += ">\(Self.escaped(content))</\(name)>\n"
    } else if let children {
      text += ">\n"
      depth += 1
      try children(&self)
      depth -= 1
      text += String(repeating: "  ", count: depth) + "</\(name)>\n"
    } else {
      text += "/>\n"
    }
  }

  static func escaped(_ value: String) -> String {
    var result = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\r", "\t": result += "&#\(scalar.value);"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
