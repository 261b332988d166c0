// x^y = exp(y ln x). An error of ln x is multiplied by up to 745, so the logarithm carries some 67 bits, as the
// unevaluated sum of two Doubles.

extension DeterministicMath {
  /// x^y with the special cases of IEEE 754: `pow(x, 0) == 1`, `pow(1, y) == 1`, NaN for a negative x and a y that is
  /// no integer.
  public static func pow(_ x: Double, _ y: Double) -> Double {
    if y == 0 || x == 1 { return 1 }
    if x.isNaN || y.isNaN { return .nan }
    let yIsInteger = y.rounded(.towardZero) == y
    let yIsOdd = yIsInteger && y.magnitude < 0x1p53 && Int64(y) & 1 != 0
    let sign: Double = x.sign == .minus && yIsOdd ? -1 : 1
    let base = x.magnitude
    if base == 0 || base == .infinity || y.isInfinite { return sign * limitOfPower(base, y) }
    if x < 0 && !yIsInteger { return .nan }
    if base == 1 { return sign }
    let (logHigh, logLow) = preciseLog(base)
    // Beyond this the product alone decides, and the exact product below would overflow.
    if (y * logHigh).magnitude > 800 { return sign * (y * logHigh > 0 ? .infinity : 0) }
    let (high, error) = exactProduct(y, logHigh)
    return sign * exp(high, error + y * logLow)
  }

  /// The power where the base or the exponent is infinite, or the base zero; `base` is not negative.
  private static func limitOfPower(_ base: Double, _ y: Double) -> Double {
    if base == 1 { return 1 }
    return (base > 1) == (y > 0) ? .infinity : 0
  }

  /// ln x for positive finite x as a sum of two Doubles, with a relative error below 2^-65.
  static func preciseLog(_ x: Double) -> (high: Double, low: Double) {
    guard let (exponent, fraction) = split(x) else { return (logOfSpecial(x), 0) }
    let f = fraction - 1
    if f == 0 {
      let k = Double(exponent)
      let (high, low) = exactSum(k * ln2High, k * ln2Low)
      return (high, low)
    }
    // s = f / (2 + f) to double precision plus its remainder. 2 + f is not exact: its error belongs to the divisor.
    let (divisor, divisorError) = exactSum(2, f)
    let s = f / divisor
    let (back, backError) = exactProduct(s, divisor)
    let sLow = (((f - back) - backError) - s * divisorError) / divisor
    // 2 artanh s = 2 s + 2 s^3 / 3 + 2 s^5 / 5 + ...; the first two terms as sums of two Doubles.
    let (square, squareError) = exactProduct(s, s)
    let squareLow = squareError + 2 * s * sLow
    let (cube, cubeError) = exactProduct(square, s)
    let cubeLow = cubeError + squareLow * s + square * sLow
    let third = 2.0 / 3
    let thirdLow = 0x1.5555555555555p-55
    let (second, secondError) = exactProduct(cube, third)
    let secondLow = secondError + (cubeLow * third + cube * thirdLow)
    var rest = 2.0 / 25
    for divisor in [23, 21, 19, 17, 15, 13, 11, 9, 7, 5] as [Double] { rest = rest * square + 2 / divisor }
    let tail = cube * square * rest
    let k = Double(exponent)
    let (a, aError) = exactSum(k * ln2High, 2 * s)
    let (b, bError) = exactSum(a, second)
    let low = tail + (aError + bError + (2 * sLow + secondLow + k * ln2Low))
    let (high, remainder) = exactSum(b, low)
    return (high, remainder)
  }

  /// a + b and its rounding error (Knuth's two-sum).
  static func exactSum(_ a: Double, _ b: Double) -> (sum: Double, error: Double) {
    let sum = a + b
    let bRounded = sum - a
    return (sum, (a - (sum - bRounded)) + (b - bRounded))
  }

  /// a * b and its rounding error (Dekker's product on Veltkamp halves: no fused operation is needed).
  static func exactProduct(_ a: Double, _ b: Double) -> (product: Double, error: Double) {
    let product = a * b
    let (aHigh, aLow) = halves(a)
    let (bHigh, bLow) = halves(b)
    return (product, ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow)
  }

  private static func halves(_ x: Double) -> (high: Double, low: Double) {
    let scaled = x * 134_217_729
    let high = scaled - (scaled - x)
    return (high, x - high)
  }
}
