import Testing
import TextFormats

@testable import QuantEval

@Suite("Models and float inference")
struct InferenceTests {
  @Test(
    "the digits are recognised as often as they were when the models were trained",
    arguments: [("mlp", 479), ("cnn", 492), ("cnn_bn", 492), ("cnn_imbalanced", 492)])
  func accuracy(name: String, correct: Int) throws {
    let network = try ReferenceFiles.model(name)
    let digits = try ReferenceFiles.digits("test", for: network)
    #expect(digits.count == 500)
    let found = Forward(network).outputs(digits.inputs).rowMaxima
    #expect(zip(found, digits.labels).count { $0 == $1 } == correct)
  }

  @Test(
    "logits equal the reference to 1e-4", .enabled(if: ReferenceFiles.isPresent),
    arguments: ["mlp", "cnn", "cnn_imbalanced"])
  func logits(name: String) throws {
    let network = try ReferenceFiles.model(name)
    let rows = try ReferenceFiles.digits("test", for: network).inputs
    let logits = Forward(network).outputs(rows)
    // How many rows are computed together changes no bit.
    #expect(Forward(network).outputs(rows.rows(0..<7)).values[...] == logits.values[..<70])
    let expected = try ReferenceFiles.array("\(name)_fp32_test_logits.npy")
    #expect(logits.shape == expected.shape)
    #expect(zip(logits.values, expected.values).allSatisfy { abs(Double($0) - $1) <= 1e-4 })
  }

  @Test(
    "another producer's file of the same network and its plain form give the same logits",
    .enabled(if: ReferenceFiles.isPresent), arguments: ["mlp", "cnn_bn"])
  func otherForms(name: String) throws {
    let network = try ReferenceFiles.model(name)
    let rows = try ReferenceFiles.digits("calib", for: network).inputs.rows(0..<20)
    let logits = Forward(network).outputs(rows)
    let folder = ReferenceFiles.folder + "models/\(name)/"
    for other in [
      try OnnxReader.network(file: folder + "torch_export_op17.onnx"),
      try ModelJSON.network(file: folder + "model.json", inputShape: network.inputShape),
    ] {
      let values = Forward(other).outputs(rows).values
      #expect(zip(logits.values, values).allSatisfy { abs($0 - $1) <= 1e-4 })
    }
  }

  @Test("model.json with weights.f32 is read as the same network, and what is wrong with it has a place")
  func plainForm() throws {
    let network = try ReferenceFiles.model("mlp")
    let rows = try ReferenceFiles.digits("calib", for: network).inputs
    let folder = ReferenceFiles.fixtures + "plain/"
    let read = try ModelJSON.network(file: folder + "model.json", inputShape: [64])
    #expect(Forward(read).outputs(rows) == Forward(network).outputs(rows))
    #expect(throws: InputError.self) { try ModelJSON.network(file: folder + "model.json", inputShape: [63]) }
    #expect(throws: FileError.self) { try ModelJSON.network(file: folder + "none.json", inputShape: [64]) }
  }

  @Test("folding batch normalisations changes no logit by more than 1e-4")
  func folding() throws {
    let network = try ReferenceFiles.model("cnn_bn")
    let folded = network.foldingBatchNormalization()
    #expect(folded.nodes.count == network.nodes.count - 4)
    let rows = try ReferenceFiles.digits("calib", for: network).inputs
    let pairs = zip(Forward(network).outputs(rows).values, Forward(folded).outputs(rows).values)
    #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-4 })
  }
}
