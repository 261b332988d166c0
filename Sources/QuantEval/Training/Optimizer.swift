internal import SimEngine

/// Steps downhill, with what they remember between steps.
public struct Optimizer: Sendable {
  /// The rule of a step.
  public enum Rule: Sendable {
    /// v = momentum v + g; w -= rate v.
    case descent(rate: Float, momentum: Float)
    /// Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, with bias correction.
    case adam(rate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)
  }

  /// The rule.
  public let rule: Rule
  var first: [String: [Float]] = [:]
  var second: [String: [Float]] = [:]
  var steps: [String: Int] = [:]

  /// An optimizer that has taken no step.
  public init(_ rule: Rule) { self.rule = rule }

  /// Moves values against their gradient.
  /// - Parameter name: Whose memory is used.
  public mutating func step(_ values: inout [Float], _ gradient: [Float], name: String) {
    switch rule {
    case .descent(let rate, let momentum):
      guard momentum != 0 else {
        for index in values.indices { values[index] -= rate * gradient[index] }
        return
      }
      var velocity = first.removeValue(forKey: name) ?? [Float](repeating: 0, count: values.count)
      for index in values.indices {
        velocity[index] = momentum * velocity[index] + gradient[index]
        values[index] -= rate * velocity[index]
      }
      first[name] = velocity
    case .adam(let rate, let beta1, let beta2, let epsilon):
      var mean = first.removeValue(forKey: name) ?? [Float](repeating: 0, count: values.count)
      var square = second.removeValue(forKey: name) ?? [Float](repeating: 0, count: values.count)
      let step = (steps[name] ?? 0) + 1
      steps[name] = step
      let correction1 = 1 - DeterministicMath.pow(Double(beta1), Double(step))
      let correction2 = (1 - DeterministicMath.pow(Double(beta2), Double(step))).squareRoot()
      let size = Float(Double(rate) / correction1)
      for index in values.indices {
        mean[index] += (1 - beta1) * (gradient[index] - mean[index])
        square[index] = beta2 * square[index] + (1 - beta2) * gradient[index] * gradient[index]
        values[index] -= size * mean[index] / (square[index].squareRoot() / Float(correction2) + epsilon)
      }
      first[name] = mean
      second[name] = square
    }
  }
}
