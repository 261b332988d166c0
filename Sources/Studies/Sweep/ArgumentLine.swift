// Argument lists on one line of text, quoted as the POSIX shell reads them, so that a line of a design can be pasted
// behind `simrun run`.

/// A list of arguments as a line.
enum ArgumentLine {
  /// Characters that no shell takes for its own.
  private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,%+@")

  /// The arguments, each in single quotes where it needs them.
  static func text(_ arguments: [String]) -> String {
    arguments.map { argument in
      if !argument.isEmpty, argument.allSatisfy({ plain.contains($0) }) { return argument }
      return "'" + argument.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
  }

  /// The arguments of a line; `nil` if a quote is not closed.
  static func arguments(_ line: some StringProtocol) -> [String]? {
    var arguments: [String] = []
    var current: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        current = (current ?? "") + String(character)
        isEscaped = false
      } else if let open = quote {
        if character == open {
          quote = nil
        } else if character == "\\", open == "\"" {
          isEscaped = true
        } else {
          current = (current ?? "") + String(character)
        }
      } else if character == "'" || character == "\"" {
        quote = character
        current = current ?? ""
      } else if character == "\\" {
        isEscaped = true
      } else if character == " " || character == "\t" || character == "\r" {
        if let finished = current { arguments.append(finished) }
        current = nil
      } else {
        current = (current ?? "") + String(character)
      }
    }
    guard quote == nil, !isEscaped else { return nil }
    if let current { arguments.append(current) }
    return arguments
  }
}
