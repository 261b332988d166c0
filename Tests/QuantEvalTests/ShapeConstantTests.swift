import Testing
import TextFormats

@testable import QuantEval

@Suite("Shapes and constants that exporters compute in the graph")
struct ShapeConstantTests {
  typealias Step = OnnxText.Step

  /// x.view(x.size(0), ...) as exporters write it: Shape, Gather, Unsqueeze, Concat, Reshape.
  private func view(gathered: Int64, rest: [Int64], before: Bool = true, input: [Int64] = [0, 2, 3]) -> OnnxText {
    var model = OnnxText(
      opset: 13, input: input,
      steps: [
        Step("Shape", ["x"], "shape"), Step("Gather", ["shape", "index"], "size", [("axis", .integer(0))]),
        Step("Concat", before ? ["size", "rest"] : ["rest", "size"], "target", [("axis", .integer(0))]),
        Step("Reshape", ["x", "target"], "y"),
      ])
    model.integers = [("index", [gathered]), ("rest", rest)]
    return model
  }

  @Test("a batch that a model reads off its input stays free")
  func view() throws {
    let network = try OnnxReader.network(bytes: view(gathered: 0, rest: [-1]).bytes, source: "view")
    #expect(network.nodes.count == 1)
    for rows in [1, 5] {
      #expect(Forward(network).run(Tensor(shape: [rows, 2, 3])).shape == [rows, 6])
    }
    #expect(try view(gathered: 0, rest: [3, 2]).output().shape == [1, 3, 2])
    #expect(try view(gathered: -1, rest: [-1], before: false).output().shape == [2, 3])
    let fixed = view(gathered: 0, rest: [-1], input: [4, 2, 3])
    #expect(try OnnxReader.network(bytes: fixed.bytes, source: "fixed").fixedBatch == 4)
  }

  @Test("a slice of a shape, and a cast of it, keep its extents")
  func slice() throws {
    var model = OnnxText(
      opset: 13, input: [0, 2, 3],
      steps: [
        Step("Shape", ["x"], "shape"), Step("Slice", ["shape", "zero", "one", "zero"], "first"),
        Step("Cast", ["first"], "whole", [("to", .integer(7))]),
        Step("Concat", ["whole", "rest"], "target", [("axis", .integer(0))]),
        Step("Reshape", ["x", "target"], "y"),
      ])
    model.integers = [("zero", [0]), ("one", [1]), ("rest", [-1])]
    #expect(try model.output().shape == [1, 6])
  }

  @Test("what cannot be known of a free batch is refused with its node")
  func refused() throws {
    let misplaced = view(gathered: 0, rest: [6], before: false)
    var product = OnnxText(
      opset: 13, input: [0, 2, 3],
      steps: [
        Step("Shape", ["x"], "shape"), Step("Mul", ["shape", "two"], "target"), Step("Reshape", ["x", "target"], "y"),
      ])
    product.integers = [("two", [2, 1, 1])]
    let outside = view(gathered: 9, rest: [-1])
    for (model, message) in [(misplaced, "first extent"), (product, "size of the batch"), (outside, "no element 9")] {
      let error = #expect(throws: InputError.self) { try model.output() }
      #expect(error?.description.contains(message) == true, "\(String(describing: error))")
      #expect(error?.description.contains("node '") == true)
    }
  }

  @Test("a weight that the graph turns about is still the weight of a dense layer")
  func turnedWeight() throws {
    var model = OnnxText(
      opset: 13, input: [0, 2],
      steps: [
        Step("Transpose", ["w"], "turned", [("perm", .integers([1, 0]))]), Step("Mul", ["turned", "half"], "scaled"),
        Step("MatMul", ["x", "scaled"], "y"),
      ])
    model.floats = [("w", [3, 2], [2, 4, 6, 8, 10, 12]), ("half", [], [0.5])]
    let network = try OnnxReader.network(bytes: model.bytes, source: "turned")
    #expect(network.quantizableNodes.count == 1)
    #expect(network.weight(of: 0) == Tensor(shape: [3, 2], values: [1, 2, 3, 4, 5, 6]))
    #expect(try model.output().values == [5, 11, 17])
  }
}
