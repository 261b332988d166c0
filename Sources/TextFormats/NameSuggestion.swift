// "Did you mean": the nearest of a set of names to one that nothing answers to.

/// Suggestions for mistyped names.
public enum NameSuggestion {
  /// The candidate that was probably meant, or `nil` if none is near.
  ///
  /// A candidate that differs only in case or in `-`, `_` and spaces is taken first; else the nearest by
  /// ``distance(_:_:)``, at most 2 and at most half the length of the name. Ties go to the earlier candidate.
  /// - Complexity: O(candidates * n * m) for names up to 64 letters; longer names have no suggestion.
  public static func closest(to name: String, in candidates: [String]) -> String? {
    let plain = normalised(name)
    guard !plain.isEmpty, plain.count <= 64 else { return nil }
    if let same = candidates.first(where: { normalised($0) == plain }) { return same }
    var best: (distance: Int, candidate: String)?
    let limit = min(2, plain.count / 2)
    for candidate in candidates {
      let letters = normalised(candidate)
      guard abs(letters.count - plain.count) <= limit else { continue }
      let distance = distance(letters, plain)
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.candidate
  }

  /// `did you mean 'policy'?`, or `nil` if no candidate is near.
  public static func phrase(for name: String, in candidates: [String]) -> String? {
    closest(to: name, in: candidates).map { "did you mean '\($0)'?" }
  }

  private static func normalised(_ name: String) -> [UnicodeScalar] {
    guard name.utf8.count <= 1024 else { return [] }
    return name.lowercased().unicodeScalars.filter { $0 != "-" && $0 != "_" && $0 != " " }
  }

  /// Fewest insertions, deletions, substitutions and transpositions of neighbours that turn one sequence into the
  /// other (Damerau 1964; the unrestricted distance by Lowrance and Wagner 1975).
  /// - Complexity: O(n * m).
  public static func distance<Letter: Hashable>(_ first: [Letter], _ second: [Letter]) -> Int {
    let far = first.count + second.count
    let width = second.count + 2
    var table = [Int](repeating: far, count: (first.count + 2) * width)
    for row in 0...first.count { table[(row + 1) * width + 1] = row }
    for column in 0...second.count { table[width + column + 1] = column }
    var lastRow: [Letter: Int] = [:]
    for row in 1..<(first.count + 1) {
      var lastColumn = 0
      for column in 1..<(second.count + 1) {
        let matchRow = lastRow[second[column - 1], default: 0]
        let matchColumn = lastColumn
        let same = first[row - 1] == second[column - 1]
        if same { lastColumn = column }
        let substituted = table[row * width + column] + (same ? 0 : 1)
        let inserted = table[(row + 1) * width + column] + 1
        let deleted = table[row * width + column + 1] + 1
        let transposed = table[matchRow * width + matchColumn] + (row - matchRow - 1) + 1 + (column - matchColumn - 1)
        table[(row + 1) * width + column + 1] = min(substituted, inserted, deleted, transposed)
      }
      lastRow[first[row - 1]] = row
    }
    return table[(first.count + 1) * width + second.count + 1]
  }
}
