/// Resolution of relative references (RFC 3986 section 5.2), kept relative while the base is relative.
enum RelativeReference {
  /// Resolves a reference against a base that may itself be relative to the manifest.
  static func resolve(_ reference: String, against base: String) -> String {
    if base.isEmpty || hasScheme(reference) { return reference }
    if reference.isEmpty { return base }
    let (prefix, path) = split(base)
    if reference.hasPrefix("//") {
      guard let colon = prefix.firstIndex(of: ":") else { return reference }
      return prefix[...colon] + reference
    }
    if reference.hasPrefix("/") { return prefix + removeDots(reference) }
    let withoutQuery = path.prefix { $0 != "?" && $0 != "#" }
    if reference.hasPrefix("?") { return prefix + withoutQuery + reference }
    let directory = withoutQuery.lastIndex(of: "/").map { withoutQuery[...$0] } ?? ""
    return prefix + removeDots(directory + reference)
  }

  /// True for `scheme:` at the start.
  static func hasScheme(_ text: String) -> Bool {
    guard let colon = text.firstIndex(of: ":"), let first = text.first, first.isASCII, first.isLetter else {
      return false
    }
    return text[..<colon].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
  }

  /// Scheme and authority, and the rest.
  private static func split(_ text: String) -> (prefix: String, path: String) {
    guard hasScheme(text), let colon = text.firstIndex(of: ":") else { return ("", text) }
    let rest = text[text.index(after: colon)...]
    guard rest.hasPrefix("//") else { return (String(text[...colon]), String(rest)) }
    let authority = rest.dropFirst(2)
    let end = authority.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? authority.endIndex
    let path = String(authority[end...])
    return (String(text[..<end]), path.isEmpty ? "/" : path)
  }

  /// Removes `.` and `..` segments (section 5.2.4); leading `..` of a relative path stay.
  private static func removeDots(_ path: some StringProtocol) -> String {
    let end = path.firstIndex { $0 == "?" || $0 == "#" } ?? path.endIndex
    let suffix = path[end...]
    var output: [Substring] = []
    let isRooted = path.hasPrefix("/")
    let parts = Substring(path[..<end]).split(separator: "/", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      let isLast = index == parts.count - 1
      switch part {
      case ".": if isLast { output.append("") }
      case "..":
        if let last = output.last, last != "..", !(isRooted && output.count == 1) {
          output.removeLast()
        } else if !isRooted {
          output.append(part)
          continue
        }
        if isLast { output.append("") }
      default: output.append(part)
      }
    }
    return output.joined(separator: "/") + suffix
  }
}
