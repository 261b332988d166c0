import Testing
import TextFormats

@testable import QuantEval

@Suite("Training")
struct TrainingTests {
  /// The reference halves the MLP's parameters so that there is something to learn.
  private func start(_ model: String) throws -> Network {
    var network = try ReferenceFiles.model(model)
    guard model == "mlp" else { return network }
    for name in network.parameters.names {
      if let tensor = network.parameters[name] {
        network.parameters[name] = Tensor(shape: tensor.shape, values: tensor.values.map { $0 * 0.5 })
      }
    }
    return network
  }

  /// The rows of the vectors, by their index in the data file.
  private func batch(_ model: String, _ network: Network) throws -> DataRows {
    let all = try DataRows(
      csv: ReferenceFiles.fixtures + "digits.csv",
      DataRows.Columns(features: ("p0", "p63"), label: "label", scale: 1.0 / 16, split: nil),
      rowShape: network.inputShape)
    return all.rows(try ReferenceFiles.array("\(model)_train_vectors.npz:rows").values.map { Int($0) })
  }

  @Test("loss and gradients equal the reference", .enabled(if: ReferenceFiles.isPresent), arguments: ["mlp", "cnn"])
  func gradients(model: String) throws {
    let network = try start(model)
    let rows = try batch(model, network)
    let tape = GradientTape(network, rows.inputs)
    let (loss, gradient) = Loss.crossEntropy(labels: rows.labels).value(tape.output)
    let expected = try ReferenceFiles.array("\(model)_train_vectors.npz:loss").values[0]
    #expect(abs(loss - expected) <= 1e-5 * max(1, expected))
    let gradients = tape.gradients(of: gradient)
    for name in network.parameters.names {
      let wanted = try ReferenceFiles.array("\(model)_train_vectors.npz:grad.\(name)").values
      let found = try #require(gradients.parameters[name])
      let scale = wanted.reduce(0) { max($0, abs($1)) }
      #expect(zip(found, wanted).allSatisfy { abs(Double($0) - $1) <= 1e-4 * scale }, "\(name)")
    }
  }

  @Test("three steps of each optimizer end at the reference's weights", .enabled(if: ReferenceFiles.isPresent))
  func optimizers() throws {
    for (label, rule) in [
      ("sgd_lr0.1", Optimizer.Rule.descent(rate: 0.1, momentum: 0)),
      ("sgdm_lr0.1_m0.9", .descent(rate: 0.1, momentum: 0.9)), ("adam_lr0.01", .adam(rate: 0.01)),
    ] {
      var network = try start("mlp")
      let rows = try batch("mlp", network)
      var optimizer = Optimizer(rule)
      for _ in 0..<3 {
        let tape = GradientTape(network, rows.inputs)
        let gradients = tape.gradients(of: Loss.crossEntropy(labels: rows.labels).value(tape.output).gradient)
        for name in network.parameters.names {
          guard let own = gradients.parameters[name], var tensor = network.parameters[name] else { continue }
          optimizer.step(&tensor.values, own, name: name)
          network.parameters[name] = tensor
        }
      }
      for name in ["fc1.weight", "fc3.weight"] {
        let wanted = try ReferenceFiles.array("mlp_train_vectors.npz:\(label).\(name)").values
        let found = try #require(network.parameters[name]).values
        #expect(zip(found, wanted).allSatisfy { abs(Double($0) - $1) <= 2e-5 }, "\(label) \(name)")
      }
      let loss = Loss.crossEntropy(labels: rows.labels).value(Forward(network).outputs(rows.inputs)).loss
      #expect(abs(loss - (try ReferenceFiles.array("mlp_train_vectors.npz:\(label).loss_after3").values[0])) <= 1e-4)
    }
  }

  @Test("the straight-through derivative is 1 inside the range and 0 outside", .enabled(if: ReferenceFiles.isPresent))
  func straightThrough() throws {
    let expected = try ReferenceFiles.expected("fake_quant_ste.json")
    let x = expected.doubles("x").map { Float($0) }
    for (key, slopes, quantizer) in [
      ("int8_s0.1_zp-20", "grad_int8", AffineQuantizer(scale: 0.1, zeroPoint: -20, minimum: -128, maximum: 127)),
      ("int4_s0.1_zp0", "grad_int4", AffineQuantizer(scale: 0.1, zeroPoint: 0, minimum: -8, maximum: 7)),
    ] {
      for (index, (value, slope)) in zip(expected.doubles(key), expected.doubles(slopes)).enumerated() {
        #expect(abs(Double(quantizer.quantized(x[index])) - value) <= 1e-6)
        #expect(quantizer.passesGradient(x[index]) == (slope == 1))
      }
    }
  }

  @Test("hard concrete gates equal the table", .enabled(if: ReferenceFiles.isPresent))
  func gates() throws {
    for row in try ReferenceFiles.expected("l0_hard_concrete.json")["table"]?.items ?? [] {
      let logAlpha = try #require(row.double("log_alpha"))
      let open = HardConcrete.probabilityOfNonzero(logAlpha: logAlpha)
      #expect(abs(open - (row.double("prob_nonzero") ?? -1)) <= 1e-9)
      #expect(abs(HardConcrete.gate(logAlpha: logAlpha) - (row.double("test_gate") ?? -1)) <= 1e-9)
      for sample in row["samples"]?.items ?? [] {
        let found = HardConcrete.sample(logAlpha: logAlpha, uniform: try #require(sample.double("u")))
        #expect(abs(found.stretched - (sample.double("s_stretched") ?? -9)) <= 1e-9)
        #expect(abs(found.gate - (sample.double("z") ?? -9)) <= 1e-9)
        #expect(abs(found.slope - (sample.double("dz_dlog_alpha") ?? -9)) <= 1e-9)
      }
    }
  }

  @Test(
    "training with quantization wins back what quantization lost, and repeats bit for bit",
    arguments: [("mlp", 3, Granularity.perTensor, 10, 434), ("cnn", 3, .perChannel, 5, 419)])
  func quantizationAware(model: String, bits: Int, granularity: Granularity, epochs: Int, least: Int) throws {
    let network = try ReferenceFiles.model(model)
    let train = try ReferenceFiles.digits("train", for: network)
    let calibration = try ReferenceFiles.digits("calib", for: network).inputs
    let test = try ReferenceFiles.digits("test", for: network)
    var settings = QuantizationAwareTraining.Settings()
    settings.weightBits = bits
    settings.inputBits = bits
    settings.granularity = granularity
    settings.epochs = epochs
    var training = try QuantizationAwareTraining(network, settings: settings)
    let result = try training.run(train: train, calibration: calibration, test: test)
    let before = try #require(result.epochs.first { $0.stage == "ptq" }).correct
    let after = try #require(result.epochs.last).correct
    #expect(after >= least && after > before + 5, "\(before) -> \(after)")
    guard model == "mlp" else { return }
    var again = try QuantizationAwareTraining(network, settings: settings)
    let repeated = try again.run(train: train, calibration: calibration, test: test)
    let name = try #require(network.parameters.names.first)
    #expect(repeated.network.parameters[name] == result.network.parameters[name])
  }

  @Test("training that was stopped goes on bit for bit")
  func resume() throws {
    let network = try ReferenceFiles.model("mlp")
    let train = try ReferenceFiles.digits("train", for: network)
    let test = try ReferenceFiles.digits("calib", for: network)
    var settings = QuantizationAwareTraining.Settings()
    (settings.weightBits, settings.inputBits, settings.epochs) = (4, 4, 3)
    var whole = try QuantizationAwareTraining(network, settings: settings)
    var states: [String] = []
    _ = try whole.run(
      train: train, calibration: test.inputs, test: test, checkpoint: { states.append($0.text()) })
    var rest = try QuantizationAwareTraining(network, settings: settings)
    try rest.restore(JSONText(parsing: states[0], source: "checkpoint"))
    _ = try rest.run(train: train, calibration: test.inputs, test: test)
    #expect(rest.checkpoint.text() == states[2])
    var other = try QuantizationAwareTraining(ReferenceFiles.model("cnn"), settings: settings)
    #expect(throws: InputError.self) { try other.restore(JSONText(parsing: states[0], source: "checkpoint")) }
  }

  @Test("a price on gates closes some and keeps the network right")
  func gateTraining() throws {
    let network = try ReferenceFiles.model("mlp")
    var settings = GateTraining.Settings()
    settings.lambda = 0.5
    settings.epochs = 40
    let trained = try GateTraining(
      network, rows: try ReferenceFiles.digits("train", for: network), settings: settings)
    #expect(trained.openGates[0] < 56 && trained.openGates[0] > 20, "\(trained.openGates)")
    let test = try ReferenceFiles.digits("test", for: network)
    let right = zip(Forward(trained.network).outputs(test.inputs).rowMaxima, test.labels).count { $0 == $1 }
    #expect(right >= 455, "\(right)")
  }

  @Test("a network asked row by row in integers answers as the simulation does, also after a round trip through a file")
  func scoring() throws {
    let network = try ReferenceFiles.model("mlp")
    let rows = try ReferenceFiles.digits("calib", for: network).inputs
    var carrying = network
    carrying.metadata[ScoringNetwork.rangesKey] = try ScoringNetwork.ranges(of: network, rows: rows)
    let read = try OnnxReader.network(bytes: OnnxWriter.bytes(carrying), source: "mlp")
    let calibration = try Calibration(network, rows: rows, binnings: [], keepsMagnitudes: false)
    let plan = QuantizationPlan(
      network, calibration: calibration, weightBits: 8, granularity: .perChannel, inputBits: 8, method: .minMax)
    let expected = IntegerNetwork(network, plan: plan).outputs(rows)
    let float = Forward(network).outputs(rows)
    for (precision, wanted, tolerance) in [("w8a8", expected, Float(0)), ("fp32", float, 1e-3)] {
      let scoring = try ScoringNetwork(read, precision: precision, source: "mlp")
      for row in 0..<rows.shape[0] {
        let features = Array(rows.values[row * 64..<(row + 1) * 64])
        let scores = features.withUnsafeBufferPointer { scoring.scores($0) { Array($0) } }
        let own = wanted.values[row * 10..<(row + 1) * 10]
        #expect(zip(scores, own).allSatisfy { abs($0 - $1) <= tolerance }, "\(precision) row \(row)")
      }
    }
    #expect(throws: InputError.self) { try ScoringNetwork(network, precision: "w8a8", source: "no ranges") }
    #expect(throws: InputError.self) { try ScoringNetwork(read, precision: "w9a8", source: "nine bits") }
    let images = try ReferenceFiles.model("cnn")
    #expect(throws: InputError.self) { try ScoringNetwork(images, precision: "fp32", source: "convolutions") }
  }

  @Test("training on values brings the squared error down and repeats bit for bit")
  func values() throws {
    let inputs = Tensor(shape: [64, 2], values: (0..<128).map { Float($0 % 17) / 17 - 0.5 })
    let targets = Tensor(
      shape: [64, 1], values: (0..<64).map { inputs.values[2 * $0] * 2 - inputs.values[2 * $0 + 1] })
    let start = try Network.multilayer("line", widths: [2, 16, 1], seed: 7)
    var training = NetworkTraining()
    (training.epochs, training.batch, training.rate) = (100, 16, 1e-2)
    let trained = try training.trained(start, inputs: inputs, targets: .values(targets))
    #expect(trained.losses[99] < trained.losses[0] / 20 && trained.losses[99] < 0.01)
    let again = try training.trained(start, inputs: inputs, targets: .values(targets))
    #expect(trained.losses == again.losses)
  }
}
