import SimEngine
import Testing
import TextFormats

@testable import QuantEval

@Suite("Bad models and data")
struct HostileModelTests {
  private func bytes(_ name: String) throws -> [UInt8] { try InputFile.bytes(ReferenceFiles.fixtures + name) }

  @Test("a model cut off anywhere is an error with a place, never a crash")
  func truncated() throws {
    let whole = try bytes("cnn_bn.onnx")
    for length in stride(from: 0, to: whole.count, by: 97) {
      #expect(throws: InputError.self) { try OnnxReader.network(bytes: Array(whole[..<length]), source: "cut") }
    }
  }

  @Test("models with changed bytes either still read or say what is wrong", arguments: 1...4)
  func mutated(seed: Int) throws {
    let names = ["mlp.onnx", "cnn.onnx", "cnn_bn.onnx", "cnn_imbalanced.onnx"]
    let whole = try bytes(names[seed - 1])
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "mutation", purpose: "test"))
    var errors = 0
    for _ in 0..<400 {
      var changed = whole
      for _ in 0..<(1 + random.below(6)) {
        // The ends of the file hold structure, the middle mostly weights.
        let region = random.chance(0.5) ? min(900, whole.count) : whole.count
        let place = random.chance(0.5) ? random.below(region) : whole.count - 1 - random.below(region)
        changed[place] = UInt8(random.below(256))
      }
      do { _ = try OnnxReader.network(bytes: changed, source: "changed") } catch is InputError { errors += 1 }
    }
    #expect(errors > 20)
  }

  @Test("random bytes and random archives are refused")
  func noise() throws {
    var random = RandomStream(StreamKey(seed: 5, replication: 0, entity: "noise", purpose: "test"))
    let archive = try bytes("mlp.onnx")
    for _ in 0..<300 {
      let noise = (0..<random.below(400)).map { _ in UInt8(random.below(256)) }
      #expect(throws: InputError.self) { try OnnxReader.network(bytes: noise, source: "noise") }
      #expect(throws: InputError.self) { try NumpyArray(bytes: noise, source: "noise") }
      #expect(throws: InputError.self) { try ZipArchive(noise, source: "noise") }
    }
    #expect(throws: InputError.self) { try ZipArchive(archive, source: "no archive") }
  }

  @Test("well-formed messages of random fields are refused with a place, however deep they nest", arguments: 1...4)
  func randomMessages(seed: Int) throws {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "messages", purpose: "test"))
    func write(_ message: inout WireWriter, depth: Int) {
      for _ in 0..<random.below(6) {
        let number = 1 + random.below(22)
        switch random.below(depth > 0 ? 5 : 3) {
        case 0: message.integer(number, Int64(bitPattern: random.next() >> UInt64(random.below(64))))
        case 1: message.float(number, Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
        case 2: message.text(number, ["Conv", "Gemm", "x", "", "Reshape", "kernel_shape"][random.below(6)])
        default: message.message(number) { write(&$0, depth: depth - 1) }
        }
      }
    }
    for _ in 0..<1500 {
      var model = WireWriter()
      model.message(7) { graph in
        for _ in 0..<1 + random.below(4) { graph.message([1, 1, 5, 11, 12][random.below(5)]) { write(&$0, depth: 3) } }
      }
      model.message(8) { $0.integer(2, 13) }
      do { _ = try OnnxReader.network(bytes: model.bytes, source: "fields") } catch is InputError {}
    }
  }

  @Test("an unknown operator is named with its node")
  func unknownOperator() throws {
    var model = try bytes("mlp.onnx")
    let place = try #require(model.indices.first { model[$0...].starts(with: Array("Relu".utf8)) })
    model.replaceSubrange(place..<place + 4, with: Array("Rexu".utf8))
    do {
      _ = try OnnxReader.network(bytes: model, source: "m.onnx")
      Issue.record("it was accepted")
    } catch let error as InputError {
      #expect(error.description.contains("Rexu") && error.description.contains("node '"))
      #expect(error.description.contains("did you mean 'Relu'?"))
    }
  }

  @Test("weights that are not finite, labels out of range and wrong shapes are errors")
  func values() throws {
    var network = try ReferenceFiles.model("mlp")
    var weight = network.weight(of: 0)
    weight.values[7] = .nan
    network.parameters["fc1.weight"] = weight
    #expect(throws: InputError.self) {
      try Network(
        name: "nan", inputName: network.inputName, inputShape: network.inputShape, outputName: network.outputName,
        nodes: network.nodes, parameters: network.parameters, source: "nan")
    }
    let rows = DataRows(inputs: Tensor(shape: [2, 64]), labels: [3, 10])
    #expect(throws: InputError.self) { try rows.checkLabels(classes: 10, source: "labels") }
    let array = try NumpyArray(bytes: Self.npy(shape: "(2, 63)", floats: 126), source: "x.npy")
    #expect(throws: InputError.self) { try DataRows(array, rowShape: [64], source: "x.npy") }
    #expect(try DataRows(array, rowShape: [63], source: "x.npy").count == 2)
  }

  /// A .npy file of zeros.
  private static func npy(shape: String, floats: Int) -> [UInt8] {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
      + [UInt8](repeating: 0, count: 4 * floats)
  }
}
