// Names and units of metrics as a reader wants to see them: words for underscores, percent for shares, Mbit/s for
// kbit/s.

import Reporting

/// How a metric is shown to people.
struct MetricText {
  /// The name in words, without its unit: `startup p95`.
  let name: String
  /// The unit in which the value is shown.
  let unit: String
  /// What a value is multiplied by to be in that unit.
  let factor: Double

  /// Words at the end of a metric's name that only repeat its unit.
  private static let unitWords = ["s", "ms", "us", "h", "kbps", "gbps", "per_s", "per_hour", "per_minute"]
  /// Words that make a plain number a share of a whole.
  private static let shareWords = ["ratio", "share", "utilisation", "utilization", "fraction", "availability"]

  /// The metric with a name and unit of summary.csv or timeseries.csv.
  init(_ metric: String, unit: String) {
    var words = metric.split(separator: "_").map(String.init)
    if unit.isEmpty, words.contains(where: { Self.shareWords.contains($0) }) {
      self.unit = "%"
      factor = 100
    } else if unit == "kbit/s" {
      self.unit = "Mbit/s"
      factor = 0.001
    } else {
      self.unit = unit
      factor = 1
    }
    if !unit.isEmpty {
      for suffix in Self.unitWords {
        let tail = suffix.split(separator: "_").map(String.init)
        if words.count > tail.count, Array(words.suffix(tail.count)) == tail {
          words.removeLast(tail.count)
          break
        }
      }
    }
    name = words.joined(separator: " ")
  }

  /// A value with its unit: `5.6 Mbit/s`, `84.3 %`, `1.12M`.
  func text(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return "unknown" }
    let shown = value * factor
    if unit == "bytes" {
      let scaled = DisplayNumber.scaled(shown)
      let letter = scaled.last.flatMap { $0.isLetter ? String($0) : nil } ?? ""
      return "\(scaled.dropLast(letter.count)) \(letter)B"
    }
    let number =
      unit.isEmpty && abs(shown) >= 1e6
      ? DisplayNumber.scaled(shown) : DisplayNumber.significant(shown, digits: digits)
    return unit.isEmpty ? number : "\(number) \(unit)"
  }
}

extension String {
  /// With a capital letter in front.
  var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
