// Finds, in source text, the ways in which a Swift program stops being reproducible. It reads lines, not types: what it
// cannot tell apart it reports, and a line that is right says so and why:
//
//     for key in table.keys {  // determinism: the order does not matter, every entry is set to zero
//
// The comment stands on the line or on the one before it.
import Foundation

struct DeterminismLint {
  struct Finding: CustomStringConvertible {
    var file: String
    var line: Int
    var trap: String
    var text: String
    var description: String { "\(file):\(line): \(trap): \(text)" }
  }

  /// What excuses a line.
  static let excuse = "// determinism:"

  private static let always: [(trap: String, pattern: String)] = [
    ("Hasher is seeded anew in every process", #"\bHasher\s*\("#),
    ("hashValue differs in every process", #"\.hashValue\b"#),
    ("the wall clock is not simulated time", #"\bDate\s*\(\s*\)|\bDate\.now\b"#),
    ("SystemRandomNumberGenerator cannot be seeded", #"\bSystemRandomNumberGenerator\b"#),
    ("random without `using:` cannot be seeded", #"\.random\s*\((?![^)]*using:)"#),
    ("shuffling or choosing without `using:` cannot be seeded", #"\.(shuffled|shuffle|randomElement)\s*\(\s*\)"#),
    ("a UUID is random", #"\bUUID\s*\(\s*\)"#),
    (
      "the C library's random numbers are not ours",
      #"(?<![.\w])(s?rand|s?random|d?rand48|arc4random\w*|getrandom)\s*\("#
    ),
  ]

  private static let library =
    #"(?<![.\w])(?:(?:Glibc|Foundation)\.)?(exp|exp2|expm1|log|log2|log10|log1p|pow|sin|cos|tan|sinh|cosh|tanh|"#
    + #"asin|acos|atan|atan2|tgamma|lgamma|erf|erfc|cbrt|hypot)\s*\("#

  /// The findings in one file.
  ///
  /// `simulates` says whether it lies on the simulated path, where the C library's elementary functions are a trap:
  /// their last bits depend on the CPU.
  static func findings(in source: String, file: String, simulates: Bool) -> [Finding] {
    let raw = source.components(separatedBy: "\n")
    let lines = raw.map(code)
    var patterns = always
    // Only a file that imports them can call the C library's functions.
    if simulates && lines.contains(where: { matches($0, #"^\s*(public |internal |@\w+ )?import (Glibc|Foundation)"#) })
    {
      patterns.append(("the last bits of the C library's functions depend on the CPU", library))
    }
    let unordered = unorderedNames(lines)
    if !unordered.isEmpty {
      let names = "(?:" + unordered.map(NSRegularExpression.escapedPattern(for:)).joined(separator: "|") + ")"
      let visits = "map|flatMap|compactMap|forEach|filter|reduce|enumerated|first|prefix|joined|lazy|makeIterator"
      patterns += [
        (
          "a Dictionary or Set has another order in every process",
          #"\bin (self\.)?"# + names + #"(\.(keys|values))?\s*(\{|where\b)"#
        ),
        (
          "a Dictionary or Set has another order in every process",
          #"(?<![\w.])(self\.)?"# + names + #"(\.(keys|values))?\.("# + visits + #")\b(?!.*\.sorted)"#
        ),
        (
          "a Dictionary or Set has another order in every process",
          #"\bArray\((self\.)?"# + names + #"(\.(keys|values))?\)(?!\.sorted)"#
        ),
      ]
    }
    var found: [Finding] = []
    for (index, line) in lines.enumerated() {
      if raw[index].contains(excuse) || (index > 0 && isExcuseAlone(raw[index - 1])) { continue }
      for (trap, pattern) in patterns where matches(line, pattern) {
        let text = raw[index].trimmingCharacters(in: .whitespaces)
        found.append(Finding(file: file, line: index + 1, trap: trap, text: text))
      }
    }
    return found
  }

  private static func isExcuseAlone(_ line: String) -> Bool {
    line.trimmingCharacters(in: .whitespaces).hasPrefix(excuse)
  }

  /// The names that a file declares as Dictionary or Set.
  private static func unorderedNames(_ lines: [String]) -> [String] {
    let types = #"(?:\[[^\[\]():]+\s*:\s*[^\]]+\]|Dictionary<|Set<|Set\()"#
    let declarations = [
      #"(?:let|var)\s+(\w+)\s*:\s*"# + types, #"(?:let|var)\s+(\w+)\s*=\s*"# + types + #"[^\]]*[\])>]*\("#,
      #"[(,]\s*(?:\w+\s+)?(\w+)\s*:\s*(?:inout\s+|borrowing\s+)?"# + types,
      #"(?:let|var)\s+(\w+)\s*=\s*(?:Dictionary|Set)\("#,
    ]
    var names: [String] = []
    for line in lines {
      for declaration in declarations {
        for name in captures(line, declaration) where !names.contains(name) { names.append(name) }
      }
    }
    return names
  }

  /// A line without its comment and without what stands in string literals.
  private static func code(_ line: String) -> String {
    var text = ""
    var insideString = false
    var previous: Character = " "
    for character in line {
      if character == "\"" && previous != "\\" {
        insideString.toggle()
        text.append(character)
      } else if !insideString {
        if character == "/" && previous == "/" {
          text.removeLast()
          return text
        }
        text.append(character)
      }
      previous = character
    }
    return text
  }

  private static func matches(_ text: String, _ pattern: String) -> Bool {
    text.range(of: pattern, options: .regularExpression) != nil
  }

  private static func captures(_ text: String, _ pattern: String) -> [String] {
    guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
    let range = NSRange(text.startIndex..., in: text)
    return expression.matches(in: text, range: range).compactMap { match in
      Range(match.range(at: 1), in: text).map { String(text[$0]) }
    }
  }
}
