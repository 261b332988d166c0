// Where ticks stand and what they are called. Only + - * / and rounding, so that a chart is the same text on every
// machine.

/// Steps and labels of ticks.
enum AxisTicks {
  /// The step nearest above a rough one among 1, 2, 5 times a power of ten (Heckbert, "Nice numbers for graph labels",
  /// Graphics Gems, 1990).
  static func niceStep(for rough: Double) -> Double {
    guard rough > 0, rough.isFinite else { return 1 }
    let base = decade(below: rough)
    for multiple in [1.0, 2, 5] where multiple * base >= rough * (1 - 1e-9) { return multiple * base }
    return 10 * base
  }

  /// The step for seconds: parts of minutes, hours and days that divide them evenly.
  static func timeStep(for rough: Double) -> Double {
    let steps: [Double] = [
      1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
    ]
    guard rough > 1 else { return niceStep(for: rough) }
    return steps.first { $0 >= rough * (1 - 1e-9) } ?? niceStep(for: rough / 86_400) * 86_400
  }

  /// The power of ten at or below a positive number.
  static func decade(below number: Double) -> Double {
    guard number > 0, number.isFinite else { return 1 }
    var power = 1.0
    while power * 10 <= number * (1 + 1e-12) { power *= 10 }
    while power > number * (1 + 1e-12) { power /= 10 }
    return power
  }

  /// The logarithm to base 2 of a positive number, by the series of 2 artanh for the significand.
  static func log2(_ number: Double) -> Double {
    let ratio = (number.significand - 1) / (number.significand + 1)
    var term = ratio
    var sum = 0.0
    for odd in stride(from: 1.0, through: 41, by: 2) {
      sum += term / odd
      term *= ratio * ratio
    }
    return Double(number.exponent) + 2 * sum / 0.693_147_180_559_945_3
  }

  /// Labels of the ticks of one axis: all in the same thousands, with the decimals that the step needs.
  static func labels(_ values: [Double], step: Double, scale: ChartAxis.Scale) -> [String] {
    switch scale {
    case .elapsed: return values.map { elapsed($0, step: step) }
    case .clock(let start): return values.map { clock($0 + start, step: step) }
    case .linear, .logarithmic: break
    }
    let largest = values.reduce(0) { max($0, abs($1)) }
    var divisor = 1.0
    var letter = ""
    for (limit, sign) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
    where largest >= limit * 9.99 || (limit > 1e3 && largest >= limit) {
      divisor = limit
      letter = sign
      break
    }
    return values.map { value in
      // Twelve digits are more than any step needs, and hide the rounding of the multiplication.
      value == 0 ? "0" : DisplayNumber.significant(value / divisor, digits: 12) + letter
    }
  }

  private static func elapsed(_ seconds: Double, step: Double) -> String {
    if seconds == 0 { return "0" }
    if step >= 3600 || (step > 1 && seconds.remainder(dividingBy: 3600) == 0) {
      return "\(DisplayNumber.significant(seconds / 3600, digits: 6)) h"
    }
    if step >= 60 { return "\(DisplayNumber.significant(seconds / 60, digits: 6)) min" }
    return "\(DisplayNumber.significant(seconds, digits: 6)) s"
  }

  private static func clock(_ seconds: Double, step: Double) -> String {
    let whole = Int64(min(max(seconds, -1e15), 1e15).rounded(.down))
    let second = ((whole % 86_400) + 86_400) % 86_400
    func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let text = "\(padded(second / 3600)):\(padded(second / 60 % 60))"
    return step < 60 && second % 60 != 0 ? "\(text):\(padded(second % 60))" : text
  }
}
