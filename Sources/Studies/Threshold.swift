import SimEngine

/// A condition on the rows of a comparison: `METRIC.FIELD OPERATOR NUMBER`, for example
/// `origin_bytes.relative_difference > 0`.
///
/// It holds if any configuration other than the baseline meets it.
public struct Threshold: Sendable, Equatable {
  /// A text that is no condition.
  public struct Malformed: Error, Equatable, CustomStringConvertible {
    /// What is wrong and what was meant.
    public let description: String
  }

  /// How a value is compared.
  public enum Comparison: String, CaseIterable, Sendable {
    /// At most.
    case atMost = "<="
    /// At least.
    case atLeast = ">="
    /// Less than.
    case less = "<"
    /// More than.
    case more = ">"
  }

  /// Name of the metric.
  public let metric: String
  /// Name of the column.
  public let field: String
  /// How the column is compared.
  public let comparison: Comparison
  /// With what.
  public let limit: Double
  /// The text as given.
  public let text: String

  /// Columns that a condition can name.
  public static let fields = [
    "mean", "half_width_95", "baseline", "difference", "difference_half_width_95", "relative_difference", "p_holm",
  ]

  /// Reads a condition.
  public init(_ text: String) throws(Malformed) {
    guard let comparison = Comparison.allCases.first(where: { text.contains($0.rawValue) }) else {
      throw Malformed(description: "'\(text)' has none of <, <=, >, >=; write it like origin_bytes.mean > 1e12")
    }
    let sides = text.split(separator: Self.character(comparison), maxSplits: 1, omittingEmptySubsequences: false)
    let left = sides[0].trimmed
    let right = sides[1].drop { $0 == "=" }.trimmed
    guard let dot = left.lastIndex(of: "."), dot > left.startIndex else {
      throw Malformed(description: "'\(left)' names no column; write METRIC.FIELD, with FIELD one of \(Self.fields)")
    }
    let field = String(left[left.index(after: dot)...])
    guard Self.fields.contains(field) else {
      throw Malformed(description: "there is no column '\(field)'; it is one of \(Self.fields.joined(separator: ", "))")
    }
    guard let limit = Double(right), limit.isFinite else {
      throw Malformed(description: "'\(right)' is no number")
    }
    metric = String(left[..<dot])
    self.field = field
    self.comparison = comparison
    self.limit = limit
    self.text = text
  }

  private static func character(_ comparison: Comparison) -> Character {
    comparison == .less || comparison == .atMost ? "<" : ">"
  }

  /// The rows that meet the condition.
  public func rows(of results: ComparisonResults) throws(Malformed) -> [ComparisonResults.Row] {
    let candidates = results.rows.filter { $0.metric == metric }
    if candidates.isEmpty { throw Malformed(description: "there is no metric '\(metric)'") }
    return candidates.filter { row in
      guard row.comparison != nil, let value = value(of: row) else { return false }
      return holds(for: value)
    }
  }

  /// Whether a value of the column meets the condition.
  func holds(for value: Double) -> Bool {
    switch comparison {
    case .less: value < limit
    case .atMost: value <= limit
    case .more: value > limit
    case .atLeast: value >= limit
    }
  }

  private func value(of row: ComparisonResults.Row) -> Double? {
    switch field {
    case "mean": row.mean
    case "half_width_95": row.halfWidth
    case "baseline": row.baseline
    case "difference": row.comparison?.difference.mean
    case "difference_half_width_95": row.comparison?.difference.halfWidth
    case "relative_difference": row.comparison?.relativeDifference
    default: row.pHolm
    }
  }
}

extension Substring {
  /// Without spaces at its ends.
  fileprivate var trimmed: Substring {
    var text = self.drop { $0 == " " }
    while text.last == " " { text = text.dropLast() }
    return text
  }
}
