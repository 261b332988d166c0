internal import SimEngine

/// What training makes small, with its derivative.
public enum Loss: Sendable {
  /// Mean over the rows of -log softmax(logits)[label].
  case crossEntropy(labels: [Int])
  /// Mean over all elements of (output - target)^2.
  case squaredError(targets: Tensor)

  /// The loss of outputs and its derivative with respect to them.
  public func value(_ outputs: Tensor) -> (loss: Double, gradient: Tensor) {
    switch self {
    case .crossEntropy(let labels):
      let (rows, classes) = (outputs.shape[0], outputs.rowCount)
      var gradient = ElementwiseKernel.softmax(outputs, outer: rows, extent: classes, inner: 1)
      var loss = 0.0
      for row in 0..<rows {
        let logits = outputs.values[row * classes..<(row + 1) * classes]
        let largest = logits.max() ?? 0
        let sum = logits.reduce(0.0) { $0 + DeterministicMath.exp(Double($1 - largest)) }
        loss += DeterministicMath.log(sum) - Double(logits[logits.startIndex + labels[row]] - largest)
        gradient.values[row * classes + labels[row]] -= 1
      }
      gradient.values = gradient.values.map { $0 / Float(rows) }
      return (loss / Double(rows), gradient)
    case .squaredError(let targets):
      let scale = 2 / Float(outputs.count)
      let gradient = ElementwiseKernel.combine(outputs, targets) { ($0 - $1) * scale }
      let sum = zip(outputs.values, targets.values).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      return (sum / Double(outputs.count), gradient)
    }
  }
}
