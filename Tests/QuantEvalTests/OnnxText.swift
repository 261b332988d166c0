@testable import QuantEval

/// Small ONNX models written field by field, for what no exporter at hand writes.
struct OnnxText {
  enum Attribute {
    case integer(Int64)
    case integers([Int64])
    case float(Float)
    case floats([Float])
    case text(String)
  }

  struct Step {
    var type: String
    var inputs: [String]
    var output: String
    var attributes: [(String, Attribute)]

    init(_ type: String, _ inputs: [String], _ output: String, _ attributes: [(String, Attribute)] = []) {
      (self.type, self.inputs, self.output, self.attributes) = (type, inputs, output, attributes)
    }
  }

  var opset: Int64
  /// Shape of the input `x`, the batch first; 0 is a free batch.
  var input: [Int64]
  var steps: [Step]
  var floats: [(String, [Int64], [Float])] = []
  var integers: [(String, [Int64])] = []

  /// The bytes of the model; its output is that of the last step.
  var bytes: [UInt8] {
    var model = WireWriter()
    model.integer(1, 8)
    model.message(7) { graph in
      for step in steps { write(step, to: &graph) }
      for (name, shape, values) in floats {
        graph.message(5) { tensor in
          for extent in shape { tensor.integer(1, extent) }
          tensor.integer(2, 1)
          for value in values { tensor.float(4, value) }
          tensor.text(8, name)
        }
      }
      for (name, values) in integers {
        graph.message(5) { tensor in
          tensor.integer(1, Int64(values.count))
          tensor.integer(2, 7)
          for value in values { tensor.integer(7, value) }
          tensor.text(8, name)
        }
      }
      graph.message(11) { value in
        value.text(1, "x")
        value.message(2) { type in
          type.message(1) { tensor in
            tensor.integer(1, 1)
            tensor.message(2) { shape in
              for extent in input {
                shape.message(1) { if extent > 0 { $0.integer(1, extent) } else { $0.text(2, "N") } }
              }
            }
          }
        }
      }
      graph.message(12) { $0.text(1, steps.last?.output ?? "") }
    }
    model.message(8) { $0.integer(2, opset) }
    return model.bytes
  }

  private func write(_ step: Step, to graph: inout WireWriter) {
    graph.message(1) { node in
      for input in step.inputs { node.text(1, input) }
      node.text(2, step.output)
      node.text(4, step.type)
      for (name, attribute) in step.attributes {
        node.message(5) { field in
          field.text(1, name)
          switch attribute {
          case .integer(let value): field.integer(3, value)
          case .integers(let values): for value in values { field.integer(8, value) }
          case .float(let value): field.float(2, value)
          case .floats(let values): for value in values { field.float(7, value) }
          case .text(let text): field.text(4, text)
          }
        }
      }
    }
  }

  /// What the model computes for a row of values 1, 2, 3, ...
  func output(rows: Int = 1) throws -> Tensor {
    let network = try OnnxReader.network(bytes: bytes, source: "model")
    let shape = [rows] + input.dropFirst().map { Int($0) }
    let count = shape.reduce(1, *)
    return Forward(network).run(Tensor(shape: shape, values: (0..<count).map { Float($0 + 1) }))
  }
}
