// What calibration found, as JSON: ranges, scales, zero points and the thresholds of every method.

public import TextFormats

/// The report of `quant calibrate`.
public enum CalibrationReport {
  /// The report of a network over calibration rows.
  ///
  /// Thresholds are those of the named tools, few-valued tensors included; `warnings` says where they should not be
  /// used.
  /// - Throws: `InputError` when there are no rows.
  public static func json(_ network: Network, rows: Tensor) throws -> JSONValue {
    let calibration = try Calibration(
      network, rows: rows,
      binnings: [
        .magnitudes, .nonzeroMagnitudes, .positives, .spreadMagnitudes, .spreadValues, .signed(bins: 128),
        .signed(bins: 1024),
      ])
    let layers = network.quantizableNodes
    let inputs = Set(layers.map { network.nodes[$0].inputs[0] })
    var warnings: [JSONValue] = []
    let tensors = calibration.tensors.map { tensor in
      var value = ranges(tensor)
      if inputs.contains(tensor.name) {
        thresholds(tensor, into: &value)
        let choice = RangeMethod.klNvidia(isGuarded: true).choice(for: tensor, bits: 8)
        if let warning = choice.warning { warnings.append(.text(warning)) }
      }
      return JSONValue.Member(tensor.name, value)
    }
    return [
      "calibration_images": .integer(Int64(calibration.rowCount)),
      "tensors": .object(tensors),
      "quantized_inputs": .object(
        layers.map { JSONValue.Member(network.nodes[$0].name, .text(network.nodes[$0].inputs[0])) }),
      "weights": .object(layers.map { JSONValue.Member(network.nodes[$0].name, weight(network.weight(of: $0))) }),
      "ort": runtimes(calibration),
      "torch": .object(
        calibration.tensors.filter { inputs.contains($0.name) }.map { JSONValue.Member($0.name, observers($0)) }),
      "warnings": .array(warnings),
    ]
  }

  /// ONNX Runtime's ranges for all rows in one batch, and for as many batches as there are rows.
  private static func runtimes(_ calibration: Calibration) -> JSONValue {
    var value: JSONValue = ["batches_1": runtime(calibration, averagesRows: false)]
    if calibration.rowCount > 1 {
      value["batches_\(calibration.rowCount)"] = runtime(calibration, averagesRows: true)
    }
    return value
  }

  /// Ranges of all tensors as ONNX Runtime's calibrators give them for one batch, or for batches of one row.
  ///
  /// Its histograms are collected over all batches together, so only the "moving average" differs: it is the plain mean
  /// of the batches' ranges.
  private static func runtime(_ calibration: Calibration, averagesRows: Bool) -> JSONValue {
    func ranges(_ range: (CalibratedTensor) -> OrtRules.Range?) -> JSONValue {
      .object(
        calibration.tensors.compactMap { tensor in
          range(tensor).map { JSONValue.Member(tensor.name, [number($0.minimum), number($0.maximum)]) }
        })
    }
    func percentile(_ percent: Double) -> JSONValue {
      ranges { tensor in
        tensor.histogram(.spreadMagnitudes).map { OrtRules.percentile($0, percent, tensor.statistics) }
      }
    }
    func entropy(_ bins: Int) -> JSONValue {
      ranges { tensor in
        tensor.histogram(.signed(bins: bins)).map { OrtRules.entropy($0, tensor.statistics) }
      }
    }
    return [
      "minmax": ranges { OrtRules.Range(minimum: $0.statistics.minimum, maximum: $0.statistics.maximum) },
      "minmax_moving_average_0.01": ranges {
        let (statistics, mean) = ($0.statistics, $0.statistics.meanRowRange)
        return averagesRows
          ? OrtRules.Range(minimum: Float(mean.minimum), maximum: Float(mean.maximum))
          : OrtRules.Range(minimum: statistics.minimum, maximum: statistics.maximum)
      },
      "percentile_default_99.999_2048bins": percentile(99.999),
      "percentile_99.9_2048bins": percentile(99.9), "percentile_99.9_symmetric": percentile(99.9),
      "entropy_default_128bins_128q": entropy(128),
      "entropy_1024bins_128q": entropy(1024),
    ]
  }

  /// What PyTorch's observers say about a tensor: of one batch, and for the moving average of batches of one row.
  private static func observers(_ tensor: CalibratedTensor) -> JSONValue {
    let statistics = tensor.statistics
    let whole = (minimum: statistics.minimum, maximum: statistics.maximum)
    func value(_ scale: Float, _ zeroPoint: Int, _ range: (minimum: Float, maximum: Float)) -> JSONValue {
      [
        "scale": number(scale), "zp": .integer(Int64(zeroPoint)), "min_val": number(range.minimum),
        "max_val": number(range.maximum),
      ]
    }
    func affine(_ range: (minimum: Float, maximum: Float), seen: (minimum: Float, maximum: Float)) -> JSONValue {
      let quantizer = TorchRules.quantizer(range)
      return value(quantizer.scale, quantizer.zeroPoint, seen)
    }
    let moving = (
      minimum: Float(statistics.movingRows.minimum ?? 0), maximum: Float(statistics.movingRows.maximum ?? 0)
    )
    let searched = tensor.histogram(.spreadValues).map { TorchRules.leastError($0, bits: 8) } ?? whole
    return [
      "MinMaxObserver_quint8_affine": affine(whole, seen: whole),
      "MinMaxObserver_qint8_symmetric": value(max(statistics.absoluteMaximum / 127.5, .ulpOfOne), 0, whole),
      "HistogramObserver_quint8": affine(searched, seen: whole),
      "MovingAverageMinMaxObserver_c0.01_quint8_batches_of_1": affine(moving, seen: moving),
    ]
  }

  private static func number(_ value: Float?) -> JSONValue { value.map { .number(Double($0)) } ?? .null }

  private static func ranges(_ tensor: CalibratedTensor) -> JSONValue {
    let statistics = tensor.statistics
    var value: JSONValue = [
      "min": number(statistics.minimum), "max": number(statistics.maximum),
      "absmax": number(statistics.absoluteMaximum), "mean": .number(statistics.mean),
      "std": .number(statistics.standardDeviation), "zeros": .integer(Int64(statistics.zeroCount)),
      "count": .integer(Int64(statistics.count)),
      "abs_percentiles_linear": .object(
        [("p90", 90.0), ("p99", 99), ("p99.9", 99.9), ("p99.99", 99.99)].map {
          JSONValue.Member($0.0, .number(tensor.percentile($0.1)))
        }),
      "ema_0.01": [.number(statistics.moving.minimum ?? 0), .number(statistics.moving.maximum ?? 0)],
    ]
    for bits in [8, 4] {
      let (low, high) = (statistics.minimum, statistics.maximum)
      value["sym_int\(bits)"] = quantizer(.symmetric(threshold: Double(statistics.absoluteMaximum), bits: bits))
      value["asym_int\(bits)"] = quantizer(.asymmetric(minimum: low, maximum: high, bits: bits))
      value["asym_uint\(bits)"] = quantizer(.asymmetric(minimum: low, maximum: high, bits: bits, isSigned: false))
    }
    return value
  }

  private static func quantizer(_ quantizer: AffineQuantizer) -> JSONValue {
    [
      "scale": number(quantizer.scale), "zp": .integer(Int64(quantizer.zeroPoint)),
      "qmin": .integer(Int64(quantizer.minimum)), "qmax": .integer(Int64(quantizer.maximum)),
    ]
  }

  private static func thresholds(_ tensor: CalibratedTensor, into value: inout JSONValue) {
    let largest = tensor.statistics.absoluteMaximum
    if let histogram = tensor.histogram(.magnitudes), largest > 0 {
      var withoutZeros = histogram.counts
      withoutZeros[0] = max(0, withoutZeros[0] - tensor.statistics.zeroCount)
      value["kl_nvidia"] = [
        "amax": number(NvidiaRules.entropy(histogram, keepsArtefact: true)),
        "amax_skip_zeros": number(
          NvidiaRules.entropy(Histogram(counts: withoutZeros, largest: largest), keepsArtefact: true)),
        "amax_skip_empty": number(NvidiaRules.entropy(histogram)),
      ]
      value["mse_nvidia"] = [
        "amax": number(NvidiaRules.meanSquaredError(histogram)),
        "amax_4bit": number(NvidiaRules.meanSquaredError(histogram, bits: 4)),
      ]
      value["percentile_nvidia"] = .object(
        [("p99", 99.0), ("p99.9", 99.9), ("p99.99", 99.99)].map {
          JSONValue.Member($0.0, number(NvidiaRules.percentile(histogram, $0.1)))
        })
    }
    if let found = tensor.histogram(.nonzeroMagnitudes).flatMap({ NcnnRules.entropy($0) }) {
      value["kl_ncnn"] = [
        "bin": .integer(Int64(found.bin)), "threshold": number(found.threshold),
        "scale_mult": number(127 / found.threshold), "kl_min": number(found.divergence),
      ]
    }
    if let found = tensor.histogram(.positives).flatMap({ TableToolRule.entropy($0) }) {
      value["kl_mxnet_easyquant_tool"] = [
        "bin": .integer(Int64(found.bin)), "threshold": number(found.threshold),
      ]
    }
    value["aciq"] = [
      "gauss": number(NcnnRules.gaussianThreshold(largest: largest, count: tensor.statistics.count, bits: 8)),
      "laplace": number(
        NcnnRules.laplaceThreshold(meanDeviation: tensor.meanDeviation, largest: largest, bits: 8)),
    ]
    value["few_valued"] = .flag(tensor.statistics.isFewValued)
  }

  private static func weight(_ weight: Tensor) -> JSONValue {
    let channels = QuantizedWeight.thresholds(weight, .perChannel)
    func scales(_ thresholds: [Double]) -> [JSONValue] {
      thresholds.map { number(AffineQuantizer.symmetric(threshold: $0, bits: 8).scale) }
    }
    return [
      "absmax": number(weight.absoluteMaximum), "absmax_per_out_channel": .array(channels.map { .number($0) }),
      "scale_int8_per_tensor": scales([Double(weight.absoluteMaximum)])[0],
      "scale_int8_per_channel": .array(scales(channels)),
      "aciq_gauss_ncnn_threshold_int8_per_tensor": number(
        NcnnRules.gaussianThreshold(largest: weight.absoluteMaximum, count: weight.count, bits: 8)),
    ]
  }
}
