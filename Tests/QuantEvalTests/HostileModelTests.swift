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

  /// One seeded change of a file: bytes overwritten, bits flipped, a stretch removed, doubled, or bytes put in.
  private func mutate(_ file: inout [UInt8], _ random: inout RandomStream) {
    // The ends of a file hold structure, the middle mostly weights.
    let region = random.chance(0.5) ? min(900, file.count) : file.count
    let place = random.chance(0.5) ? random.below(region) : file.count - 1 - random.below(region)
    let stretch = place..<min(file.count, place + 1 + random.below(40))
    switch random.below(6) {
    case 0: file[place] ^= 1 << UInt8(random.below(8))
    case 1: file.removeSubrange(stretch)
    case 2: file.insert(contentsOf: Array(file[stretch]), at: place)
    // Continuation bits: lengths and numbers that go on and on.
    case 3: file.insert(contentsOf: [UInt8](repeating: 0xFF, count: 1 + random.below(11)), at: place)
    case 4: file[place] = [0, 0x7F, 0x80, 0xFF][random.below(4)]
    default: file[place] = UInt8(random.below(256))
    }
  }

  @Test("models with changed bytes either still read and run or say what is wrong, and where", arguments: 0..<12)
  func mutated(seed: Int) throws {
    let names = ["mlp.onnx", "cnn.onnx", "cnn_bn.onnx", "cnn_imbalanced.onnx"]
    let whole = try bytes(names[seed % 4])
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "mutation", purpose: "test"))
    var (errors, runs) = (0, 0)
    for _ in 0..<250 {
      var changed = whole
      for _ in 0..<(1 + random.below(5)) { mutate(&changed, &random) }
      do {
        let network = try OnnxReader.network(bytes: changed, source: "changed.onnx")
        guard network.inputShape.reduce(1, *) < 10_000 else { continue }
        runs += 1
        let rows = Tensor(shape: [3] + network.inputShape, repeating: 0.5)
        _ = try Calibration(
          network, rows: rows,
          binnings: [
            .magnitudes, .nonzeroMagnitudes, .positives, .spreadMagnitudes, .spreadValues, .signed(bins: 128),
          ])
        let study = try EvaluationStudy(network, rows: DataRows(inputs: rows), calibrationRows: rows)
        for name in ["minmax", "minmax-asym"] {
          guard let method = ActivationMethod(name: name) else { continue }
          let outcome = study.outcome(
            EvaluationConfiguration(
              weightBits: 4, inputBits: 8, granularity: .perChannel, method: method, methodName: name))
          _ = IntegerNetwork(outcome.network, plan: outcome.plan).outputs(rows)
        }
      } catch let error as InputError {
        errors += 1
        #expect(error.diagnostics.allSatisfy { !$0.place.source.isEmpty && !$0.message.isEmpty })
      }
    }
    #expect(errors > 20 && runs > 5, "\(errors) errors, \(runs) runs")
  }

  @Test("archives with changed bytes either still read or say what is wrong", arguments: 0..<4)
  func mutatedArchives(seed: Int) throws {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "archive", purpose: "test"))
    let member = Self.npy(shape: "(4, 3)", floats: 12)
    let whole = Self.archive("x.npy", member)
    func read(_ file: [UInt8]) throws -> NumpyArray? {
      try ZipArchive(file, source: "x.npz").bytes(of: "x.npy").map { try NumpyArray(bytes: $0, source: "x.npz") }
    }
    #expect(try read(whole)?.shape == [4, 3])
    for length in 0..<whole.count {
      #expect(throws: InputError.self) { try read(Array(whole[..<length])) }
    }
    for _ in 0..<500 {
      var changed = whole
      for _ in 0..<(1 + random.below(4)) where !changed.isEmpty { mutate(&changed, &random) }
      do { _ = try read(changed) } catch is InputError {}
    }
  }

  @Test(
    "a model whose values overflow is refused with the tensor, one of zeros is not", arguments: [1e30, 1e20, 0, 1e-30])
  func extremes(factor: Double) throws {
    var network = try ReferenceFiles.model("cnn")
    for name in network.parameters.names {
      guard var tensor = network.parameters[name] else { continue }
      tensor.values = tensor.values.map { $0 * Float(factor) }
      network.parameters[name] = tensor
    }
    let rows = Tensor(shape: [3, 1, 8, 8], repeating: 1)
    func report() throws -> JSONValue { try CalibrationReport.json(network, rows: rows) }
    if factor > 1 {
      let error = #expect(throws: InputError.self) { try report() }
      #expect(error?.description.contains("tensor '") == true, "\(String(describing: error))")
      #expect(throws: InputError.self) {
        try EvaluationStudy(network, rows: DataRows(inputs: rows), calibrationRows: rows)
      }
      return
    }
    _ = try report()
    let methods = RangeMethod.names.map { $0 == "percentile:P" ? "percentile:99" : $0 }
    let study = try EvaluationStudy(
      network, rows: DataRows(inputs: rows, labels: [0, 1, 2]), calibrationRows: rows,
      methods: methods.compactMap { ActivationMethod(name: $0) })
    for name in methods {
      let method = try #require(ActivationMethod(name: name))
      let outcome = study.outcome(
        EvaluationConfiguration(
          weightBits: 8, inputBits: 8, granularity: .perTensor, method: method, methodName: name))
      #expect(outcome.score.total == 3)
    }
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

  /// A .npz of one stored member.
  private static func archive(_ name: String, _ content: [UInt8]) -> [UInt8] {
    func little(_ value: Int, _ bytes: Int) -> [UInt8] {
      (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let sum = Int(checksum(content))
    let common =
      little(0, 2) + little(0, 2) + little(0, 4) + little(sum, 4) + little(content.count, 4)
      + little(content.count, 4) + little(name.utf8.count, 2) + little(0, 2)
    let local = Array("PK".utf8) + [3, 4, 20, 0] + common + Array(name.utf8)
    let central =
      Array("PK".utf8) + [1, 2, 20, 0, 20, 0] + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4)
      + little(0, 4) + Array(name.utf8)
    let end =
      Array("PK".utf8) + [5, 6] + little(0, 4) + little(1, 2) + little(1, 2) + little(central.count, 4)
      + little(local.count + content.count, 4) + little(0, 2)
    return local + content + central + end
  }

  /// CRC-32 as archives have it.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = .max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~sum
  }
}
