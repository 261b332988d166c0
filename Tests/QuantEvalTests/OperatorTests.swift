import Testing
import TextFormats

@testable import QuantEval

@Suite("Operators as their opsets define them")
struct OperatorTests {
  typealias Step = OnnxText.Step

  @Test("axes of a mean are an attribute before opset 18 and an input since")
  func reduceMean() throws {
    let old = OnnxText(
      opset: 13, input: [0, 2, 3],
      steps: [Step("ReduceMean", ["x"], "y", [("axes", .integers([-1])), ("keepdims", .integer(0))])])
    #expect(try old.output() == Tensor(shape: [1, 2], values: [2, 5]))
    var new = OnnxText(opset: 18, input: [0, 2, 3], steps: [Step("ReduceMean", ["x", "axes"], "y")])
    new.integers = [("axes", [2])]
    #expect(try new.output() == Tensor(shape: [1, 2, 1], values: [2, 5]))
    let all = OnnxText(opset: 18, input: [1, 2, 3], steps: [Step("ReduceMean", ["x"], "y")])
    #expect(try all.output() == Tensor(shape: [1, 1, 1], values: [3.5]))
    let none = OnnxText(
      opset: 18, input: [1, 2],
      steps: [Step("ReduceMean", ["x"], "m", [("noop_with_empty_axes", .integer(1))]), Step("Relu", ["m"], "y")])
    #expect(try none.output().values == [1, 2])
    let overRows = OnnxText(opset: 18, input: [0, 2, 3], steps: [Step("ReduceMean", ["x"], "y")])
    #expect(throws: InputError.self) { try overRows.output() }
  }

  @Test("softmax joins axes before opset 13 and takes the last one since")
  func softmax() throws {
    let old = try OnnxText(opset: 12, input: [0, 2, 2], steps: [Step("Softmax", ["x"], "y")]).output()
    #expect(abs(old.values.reduce(0, +) - 1) < 1e-6)
    let new = try OnnxText(opset: 13, input: [0, 2, 2], steps: [Step("Softmax", ["x"], "y")]).output()
    #expect(abs(new.values.reduce(0, +) - 2) < 1e-6)
  }

  @Test("squeeze and unsqueeze take their axes from where their opset has them", arguments: [11, 13] as [Int64])
  func squeeze(opset: Int64) throws {
    let isInput = opset >= 13
    func step(_ type: String, _ input: String, _ output: String, _ axis: Int64) -> Step {
      isInput ? Step(type, [input, "a\(axis)"], output) : Step(type, [input], output, [("axes", .integers([axis]))])
    }
    var model = OnnxText(
      opset: opset, input: [0, 1, 3], steps: [step("Squeeze", "x", "s", 1), step("Unsqueeze", "s", "y", 2)])
    if isInput { model.integers = [("a1", [1]), ("a2", [2])] }
    #expect(try model.output() == Tensor(shape: [1, 3, 1], values: [1, 2, 3]))
  }

  @Test("either limit of a clip may be missing")
  func clip() throws {
    var model = OnnxText(opset: 13, input: [0, 4], steps: [Step("Clip", ["x", "", "high"], "y")])
    model.floats = [("high", [], [2.5])]
    #expect(try model.output().values == [1, 2, 2.5, 2.5])
    model = OnnxText(opset: 13, input: [0, 4], steps: [Step("Clip", ["x", "low"], "y")])
    model.floats = [("low", [], [2.5])]
    #expect(try model.output().values == [2.5, 2.5, 3, 4])
  }

  @Test("a border may name its axes since opset 18")
  func pad() throws {
    var model = OnnxText(opset: 18, input: [0, 2, 2], steps: [Step("Pad", ["x", "pads", "value", "axes"], "y")])
    model.integers = [("pads", [1, 0]), ("axes", [-1])]
    model.floats = [("value", [], [9])]
    #expect(try model.output() == Tensor(shape: [1, 2, 3], values: [9, 1, 2, 9, 3, 4]))
  }

  @Test("two computed matrices can be multiplied, also by a Gemm")
  func products() throws {
    let transposed = Step("Transpose", ["x"], "t", [("perm", .integers([0, 2, 1]))])
    let product = OnnxText(opset: 13, input: [0, 2, 2], steps: [transposed, Step("MatMul", ["x", "t"], "y")])
    #expect(try product.output() == Tensor(shape: [1, 2, 2], values: [5, 11, 11, 25]))
    let gemm = OnnxText(
      opset: 13, input: [2, 2],
      steps: [Step("Relu", ["x"], "r"), Step("Gemm", ["x", "r", "x"], "y", [("transB", .integer(1))])])
    #expect(try gemm.output(rows: 2) == Tensor(shape: [2, 2], values: [6, 13, 14, 29]))
  }

  @Test("constants come in several forms")
  func constants() throws {
    for (attribute, wanted) in [
      (("value_float", OnnxText.Attribute.float(2)), [3, 4] as [Float]),
      (("value_floats", .floats([1, 2])), [2, 4]),
    ] {
      let model = OnnxText(
        opset: 13, input: [0, 2], steps: [Step("Constant", [], "c", [attribute]), Step("Add", ["x", "c"], "y")])
      #expect(try model.output().values == wanted)
    }
    let reshape = OnnxText(
      opset: 13, input: [0, 4],
      steps: [Step("Constant", [], "c", [("value_ints", .integers([0, 2, -1]))]), Step("Reshape", ["x", "c"], "y")])
    #expect(try reshape.output().shape == [1, 2, 2])
    let text = OnnxText(
      opset: 13, input: [0, 2],
      steps: [Step("Constant", [], "c", [("value_string", .text("no"))]), Step("Add", ["x", "c"], "y")])
    #expect(throws: InputError.self) { try text.output() }
  }

  @Test("a dropout passes its input on, but not in training mode")
  func dropout() throws {
    var model = OnnxText(
      opset: 13, input: [0, 2], steps: [Step("Dropout", ["x", "ratio", "mode"], "d"), Step("Relu", ["d"], "y")])
    model.floats = [("ratio", [], [0.5])]
    model.integers = [("mode", [0])]
    #expect(try model.output().values == [1, 2])
    model.integers = [("mode", [1])]
    #expect(throws: InputError.self) { try model.output() }
  }

  @Test("automatic padding covers ceil(extent / step) windows", arguments: ["SAME_UPPER", "SAME_LOWER"])
  func automaticPadding(mode: String) throws {
    let model = OnnxText(
      opset: 13, input: [0, 1, 4],
      steps: [
        Step(
          "MaxPool", ["x"], "y",
          [("kernel_shape", .integers([3])), ("strides", .integers([2])), ("auto_pad", .text(mode))])
      ])
    // One column of padding: behind the last, or before the first.
    #expect(try model.output().values == (mode == "SAME_UPPER" ? [3, 4] : [2, 4]))
  }

  @Test("weights of four bits are stored two in a byte and read back", arguments: [1, 2, 7])
  func packed(count: Int) throws {
    let values = (0..<count).map { Int8($0 % 2 == 0 ? -$0 : $0) }
    let packed = PackedInt4(values)
    #expect(packed.values == values)
    var room = [Int8](repeating: 0, count: count)
    for range in [0..<count, count / 2..<count, 0..<count / 2 * 2] {
      room.withUnsafeMutableBufferPointer { packed.unpack(range, into: $0) }
      #expect(room.prefix(range.count) == values[range], "\(range)")
    }
    #expect(packed.bytes.count == (count + 1) / 2)
    let bench = try Bench("cnn")
    let plan = bench.plan(4, .perChannel, 8, .minMax)
    let small = OnnxWriter.bytes(bench.network, plan: plan, packsInt4: true)
    let wide = OnnxWriter.bytes(bench.network, plan: plan)
    #expect(small.count < wide.count - 3000)
    let rows = bench.test.inputs.rows(0..<20)
    let read = Forward(try OnnxReader.network(bytes: small, source: "int4"))
    let other = Forward(try OnnxReader.network(bytes: wide, source: "int8"))
    #expect(read.outputs(rows) == other.outputs(rows))
  }
}
