// How far one tensor is from another: direction (cosine) and magnitude (signal to noise).

internal import Glibc

/// Sums over pairs of a reference value and what became of it.
public struct SignalComparison: Sendable {
  private var product = 0.0
  private var reference = 0.0
  private var other = 0.0
  private var error = 0.0

  /// Nothing compared yet.
  public init() {}

  /// Compares two tensors of the same size.
  public init(_ reference: Tensor, _ other: Tensor) {
    add(reference.values, other.values)
  }

  /// Takes in more values; sums are in double, in order.
  public mutating func add(_ expected: [Float], _ found: [Float]) {
    precondition(expected.count == found.count, "\(found.count) values beside \(expected.count)")
    for (a, b) in zip(expected, found) {
      let (a, b) = (Double(a), Double(b))
      product += a * b
      reference += a * a
      other += b * b
      error += (a - b) * (a - b)
    }
  }

  /// The cosine of the angle between the two; 1 if both are zero, 0 if one is.
  public var cosine: Double {
    if reference == 0 && other == 0 { return 1 }
    return reference == 0 || other == 0 ? 0 : product / (reference * other).squareRoot()
  }

  /// Sum of squared errors over the sum of squares; infinite where only the reference is zero.
  public var noiseShare: Double { error == 0 ? 0 : error / reference }

  /// 10 log10 (sum of squares / sum of squared errors) in dB; infinite where there is no error.
  public var signalToNoise_dB: Double {
    if error == 0 { return .infinity }
    return reference == 0 ? -.infinity : 10 * log10(reference / error)
  }
}

/// A quantized model beside the labels and the float model.
public struct ModelScore: Sendable {
  /// Rows whose largest logit is the label.
  public let correct: Int
  /// Rows with a label.
  public let total: Int
  /// Share of rows whose largest logit is that of the float model.
  public let agreement: Double
  /// Logits beside those of the float model.
  public let logits: SignalComparison

  /// Scores logits.
  public init(_ found: Tensor, float expected: Tensor, labels: [Int]) {
    let (classes, floatClasses) = (found.rowMaxima, expected.rowMaxima)
    correct = zip(classes, labels).count { $0 == $1 }
    total = labels.count
    let same = zip(classes, floatClasses).count { $0 == $1 }
    agreement = classes.isEmpty ? 0 : Double(same) / Double(classes.count)
    logits = SignalComparison(expected, found)
  }

  /// Share of rows that are right; NaN without labels.
  public var accuracy: Double { total == 0 ? .nan : Double(correct) / Double(total) }
}
