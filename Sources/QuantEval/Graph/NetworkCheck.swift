internal import TextFormats

/// What makes a list of nodes a network: known tensors, fitting shapes, finite parameters.
struct NetworkCheck {
  /// Name of the model's file in messages.
  let source: String

  /// - Throws: `InputError` with everything that is wrong.
  func check(_ network: Network) throws(InputError) {
    var findings: [InputDiagnostic] = []
    for name in network.parameters.names {
      guard let tensor = network.parameters[name] else { continue }
      if let index = tensor.values.firstIndex(where: { !$0.isFinite }) {
        findings.append(finding("tensor '\(name)'", "element \(index) is \(tensor.values[index])"))
      }
    }
    if findings.isEmpty {
      do throws(InputError) {
        let shapes = try Self.shapes(of: network, batch: network.fixedBatch ?? 2, source: source)
        guard let output = shapes[network.outputName], output.count >= 2 else {
          throw InputError(place("output '\(network.outputName)'"), "it is no batch of rows")
        }
      } catch { findings += error.diagnostics }
    }
    guard findings.isEmpty else { throw InputError(findings) }
  }

  private func place(_ path: String) -> InputPlace { InputPlace(source: source, path: path) }
  private func finding(_ path: String, _ message: String) -> InputDiagnostic {
    InputDiagnostic(place: place(path), message: message)
  }

  /// Shapes of all tensors for a batch.
  /// - Throws: `InputError` naming the node whose inputs are missing or do not fit.
  static func shapes(of network: Network, batch: Int, source: String) throws(InputError) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    func mismatch(_ path: String, _ message: String) -> InputError {
      InputError(InputPlace(source: source, path: path), message)
    }
    do throws(ShapeMismatch) { shapes[network.inputName] = try Shapes.limited([batch] + network.inputShape) } catch {
      throw mismatch("input '\(network.inputName)'", error.message)
    }
    for node in network.nodes {
      let path = "node '\(node.name)' (\(node.operation.name))"
      func shape(_ name: String, _ isParameter: Bool) throws(InputError) -> [Int] {
        if !isParameter, let known = shapes[name] { return known }
        guard let tensor = network.parameters[name] else {
          throw mismatch(path, "the tensor '\(name)' is neither a parameter nor computed before")
        }
        return tensor.shape
      }
      var inputs: [[Int]] = []
      for name in node.inputs { inputs.append(try shape(name, false)) }
      var parameters: [[Int]] = []
      for name in node.parameters { parameters.append(try shape(name, true)) }
      guard shapes[node.output] == nil else { throw mismatch(path, "the tensor '\(node.output)' is computed twice") }
      do throws(ShapeMismatch) {
        shapes[node.output] = try Shapes.output(of: node.operation, inputs: inputs, parameters: parameters)
      } catch { throw mismatch(path, error.message) }
    }
    return shapes
  }
}
