import SimEngine
import Testing
import TextFormats

@testable import QuantEval

@Suite("Histograms and thresholds", .enabled(if: ReferenceFiles.isPresent))
struct ThresholdTests {
  static let models = ["mlp", "cnn", "cnn_imbalanced"]

  /// Calls `body` with every tensor that has a reference histogram.
  private func forEachTensor(_ model: String, _ body: (_ name: String, Histogram, JSONNode) throws -> Void) throws {
    let expected = try ReferenceFiles.expected("\(model)_calibration.json")
    for tensor in expected["tensors"]?.members ?? [] where tensor.value["kl_nvidia"] != nil {
      let counts = try ReferenceFiles.array("\(model)_histograms.npz:abs2048_\(tensor.key)").values.map { Int($0) }
      let largest = Float(try #require(tensor.value.double("absmax")))
      try body(tensor.key, Histogram(counts: counts, largest: largest), tensor.value)
    }
  }

  private func isClose(_ found: Double, _ expected: Double, _ relative: Double = 1e-6) -> Bool {
    abs(found - expected) <= relative * abs(expected)
  }

  @Test("NVIDIA's entropy, error and percentile thresholds agree", arguments: models)
  func nvidia(model: String) throws {
    try forEachTensor(model) { name, histogram, expected in
      let entropy = try #require(NvidiaRules.entropy(histogram, keepsArtefact: true))
      let amax = try #require(expected["kl_nvidia"]?.double("amax"))
      #expect(isClose(Double(entropy), amax), "\(name): \(entropy) for \(amax)")
      if name == "input" { #expect(NvidiaRules.entropy(histogram) == 1) }
      for (key, bits) in [("amax", 8), ("amax_4bit", 4)] {
        let found = Double(NvidiaRules.meanSquaredError(histogram, bits: bits))
        let amax = try #require(expected["mse_nvidia"]?.double(key))
        #expect(isClose(found, amax), "\(name) \(key): \(found) for \(amax)")
      }
      for (key, percent) in [("p99", 99.0), ("p99.9", 99.9), ("p99.99", 99.99)] {
        let found = Double(NvidiaRules.percentile(histogram, percent))
        let amax = try #require(expected["percentile_nvidia"]?.double(key))
        #expect(isClose(found, amax), "\(name) \(key): \(found) for \(amax)")
      }
    }
  }

  @Test("a calibration run finds the reference's ranges, counts and thresholds", arguments: models)
  func calibration(model: String) throws {
    let network = try ReferenceFiles.model(model)
    let rows = try ReferenceFiles.digits("calib", for: network).inputs
    let calibration = try Calibration(
      network, rows: rows, binnings: [.magnitudes, .nonzeroMagnitudes, .positives])
    let expected = try ReferenceFiles.expected("\(model)_calibration.json")
    for member in expected["tensors"]?.members ?? [] {
      let tensor = try #require(calibration[member.key])
      let statistics = tensor.statistics
      // Activations come out of another matrix library: the last bits differ.
      for (found, key) in [
        (Double(statistics.minimum), "min"), (Double(statistics.maximum), "max"), (statistics.mean, "mean"),
        (statistics.standardDeviation, "std"),
      ] {
        let value = try #require(member.value.double(key))
        #expect(abs(found - value) <= 2e-6 * max(1, abs(value)), "\(member.key) \(key): \(found) for \(value)")
      }
      #expect(Double(statistics.count) == member.value.double("count"))
      #expect(Double(statistics.zeroCount) == member.value.double("zeros"))
      for (key, percent) in [("p90", 90.0), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99)] {
        let value = try #require(member.value["abs_percentiles_linear"]?.double(key))
        #expect(isClose(tensor.percentile(percent), value, 1e-6), "\(member.key) \(key)")
      }
      guard let ncnn = member.value["kl_ncnn"], let bin = ncnn.double("bin") else { continue }
      let found = try #require(tensor.histogram(.nonzeroMagnitudes).flatMap { NcnnRules.entropy($0) })
      #expect(Double(found.bin) == bin, "\(member.key): ncnn")
      #expect(isClose(Double(found.threshold), try #require(ncnn.double("threshold")), 2e-6))
      let tool = try #require(tensor.histogram(.positives).flatMap { TableToolRule.entropy($0) })
      let wanted = try #require(member.value["kl_mxnet_easyquant_tool"]?.double("bin"))
      #expect(Double(tool.bin) == wanted, "\(member.key): table tool")
    }
  }

  @Test("ONNX Runtime's calibrators give the same ranges for one batch and for 200", arguments: models)
  func runtime(model: String) throws {
    let network = try ReferenceFiles.model(model)
    let report = try CalibrationReport.json(
      network, rows: try ReferenceFiles.digits("calib", for: network).inputs)
    let found = try JSONText(parsing: report.text(), source: "report").root["ort"]
    let expected = try ReferenceFiles.expected("\(model)_calibration.json")["ort"]
    for (batches, method) in ["batches_1", "batches_200"].flatMap({ batches in
      (expected?[batches]?.members ?? []).map { (batches, $0.key) }
    }) {
      let tensors = try #require(expected?[batches]?[method]?.members)
      for tensor in tensors {
        let (own, wanted) = (
          found?[batches]?[method]?.doubles(tensor.key) ?? [], tensor.value.items.compactMap(\.double)
        )
        // Other kernels computed their activations: a last bit, or a value on the other side of an edge.
        #expect(
          own.count == 2 && zip(own, wanted).allSatisfy { abs($0 - $1) <= 1e-5 * max(1e-3, abs($1)) },
          "\(batches) \(method) \(tensor.key): \(own) for \(wanted)")
      }
    }
    #expect(expected?.members.count == 3)
  }

  @Test("PyTorch's observers give the same scales, zero points and ranges", arguments: models)
  func observers(model: String) throws {
    let network = try ReferenceFiles.model(model)
    let report = try CalibrationReport.json(
      network, rows: try ReferenceFiles.digits("calib", for: network).inputs)
    let found = try JSONText(parsing: report.text(), source: "report").root["torch"]
    let expected = try #require(try ReferenceFiles.expected("\(model)_calibration.json")["torch"]?.members)
    for tensor in expected where tensor.key != "version" {
      for observer in tensor.value.members {
        let own = found?[tensor.key]?[observer.key]
        for value in observer.value.members {
          let wanted = try #require(value.value.double)
          #expect(
            isClose(own?.double(value.key) ?? .nan, wanted),
            "\(tensor.key) \(observer.key) \(value.key): \(own?.double(value.key) ?? .nan) for \(wanted)")
        }
      }
    }
  }

  @Test("scales and zero points of every type agree", arguments: models)
  func scales(model: String) throws {
    let expected = try ReferenceFiles.expected("\(model)_calibration.json")
    for member in expected["tensors"]?.members ?? [] {
      let low = Float(try #require(member.value.double("min")))
      let high = Float(try #require(member.value.double("max")))
      for bits in [8, 4] {
        for (key, quantizer) in [
          ("sym_int\(bits)", AffineQuantizer.symmetric(threshold: Double(max(-low, high)), bits: bits)),
          ("asym_int\(bits)", .asymmetric(minimum: low, maximum: high, bits: bits)),
          ("asym_uint\(bits)", .asymmetric(minimum: low, maximum: high, bits: bits, isSigned: false)),
        ] {
          let value = try #require(member.value[key])
          #expect(isClose(Double(quantizer.scale), try #require(value.double("scale"))), "\(member.key) \(key)")
          #expect(Double(quantizer.zeroPoint) == value.double("zp"), "\(member.key) \(key)")
          #expect(
            Double(quantizer.minimum) == value.double("qmin") && Double(quantizer.maximum) == value.double("qmax"))
        }
      }
    }
  }

  @Test("weights have the reference's scales and ACIQ thresholds", arguments: models)
  func weights(model: String) throws {
    let network = try ReferenceFiles.model(model)
    let expected = try ReferenceFiles.expected("\(model)_calibration.json")
    for index in network.quantizableNodes {
      let weight = network.weight(of: index)
      let value = try #require(expected["weights"]?[network.nodes[index].name])
      let scales = QuantizedWeight(weight, granularity: .perChannel, bits: 8).quantizers.map { Double($0.scale) }
      let wanted = value.doubles("scale_int8_per_channel")
      #expect(scales.count == wanted.count)
      for (scale, wanted) in zip(scales, wanted) { #expect(isClose(scale, wanted) || wanted < 1e-37) }
      let aciq = NcnnRules.gaussianThreshold(largest: weight.absoluteMaximum, count: weight.count, bits: 8)
      #expect(isClose(Double(aciq), try #require(value.double("aciq_gauss_ncnn_threshold_int8_per_tensor"))))
    }
  }

  @Test("moving ranges follow the reference")
  func movingRanges() throws {
    let expected = try ReferenceFiles.expected("ema_ranges.json")
    for (key, constant) in [("ema0.01", 0.01), ("ema0.1", 0.1)] {
      var range = MovingRange(constant: constant)
      for step in expected["steps"]?.items ?? [] {
        range.update(
          minimum: try #require(step.double("batch_min")), maximum: try #require(step.double("batch_max")))
        let wanted = step.doubles(key)
        let (low, high) = (try #require(range.minimum), try #require(range.maximum))
        #expect(isClose(low, wanted[0]))
        #expect(isClose(high, wanted[1]))
      }
    }
  }
}

@Suite("Threshold rules on their own")
struct RuleTests {
  /// Bins with a decaying tail and some empty ones.
  private func drawn(_ seed: UInt64) -> Histogram {
    var random = RandomStream(StreamKey(seed: seed, replication: 0, entity: "histogram", purpose: "test"))
    let decay = random.uniform(from: 20, to: 800)
    let counts = (0..<2048).map { bin in
      random.chance(0.2) ? 0 : Int(random.exponential(mean: 3000 * DeterministicMath.exp(-Double(bin) / decay)))
    }
    return Histogram(counts: counts, largest: 4)
  }

  @Test("prefix sums choose what the plain definition chooses", arguments: 1...6)
  func plainDefinition(seed: Int) throws {
    let histogram = drawn(UInt64(seed))
    var bins = histogram.counts.map { Double($0) }
    bins[0] = bins[1]
    let total = bins.reduce(0, +)
    var best = (kept: 0, divergence: Double.infinity)
    for kept in 128...2048 {
      let divergence = NvidiaRules.exactDivergence(bins, kept: kept, levels: 128, total: total)
      if divergence <= best.divergence { best = (kept, divergence) }
    }
    #expect(NvidiaRules.entropy(histogram) == histogram.edge(best.kept))

    let normalised = histogram.counts.map { Float($0) / Float(histogram.total) }
    var least = (kept: 0, divergence: Float.infinity)
    for kept in 128..<2048 {
      let divergence = NcnnRules.exactDivergence(normalised, kept: kept)
      if divergence < least.divergence { least = (kept, divergence) }
    }
    #expect(NcnnRules.entropy(histogram)?.bin == least.kept)
  }

  @Test("an all-zero tensor gets scale 1 and a word about it, a few-valued one min-max")
  func edges() throws {
    let network = try Network(
      name: "identity", inputName: "x", inputShape: [4], outputName: "y",
      nodes: [Node(name: "y", operation: .relu, inputs: ["x"], output: "y")], parameters: ParameterTable(),
      source: "test")
    let rows = Tensor(shape: [2, 4], values: [-1, -2, -3, -4, -5, -6, -7, -8])
    let calibration = try Calibration(network, rows: rows, binnings: [.magnitudes, .nonzeroMagnitudes, .positives])
    for name in ["minmax", "kl-nvidia", "kl-ncnn", "kl-mxnet:unguarded", "mse", "aciq", "percentile:99"] {
      let method = try #require(RangeMethod(name: name))
      let zero = method.choice(for: try #require(calibration["y"]), bits: 8)
      #expect(zero.quantizer.scale == 1 && zero.warning != nil)
      #expect(zero.quantizer.quantized(0) == 0)
    }
    let few = RangeMethod.klNcnn(isGuarded: true).choice(for: try #require(calibration["x"]), bits: 8)
    #expect(few.quantizer == .symmetric(threshold: 8, bits: 8))
    #expect(few.warning?.contains("8 distinct") == true)
  }

  @Test("no calibration rows is an error that says so")
  func empty() throws {
    let network = try ReferenceFiles.model("mlp")
    #expect(throws: InputError.self) { try Calibration(network, rows: Tensor(shape: [0, 64])) }
  }
}
