// Collecting: a network runs over the calibration rows, and every tensor of interest leaves statistics and histograms.

internal import TextFormats

/// What the calibration rows say about one tensor.
public struct CalibratedTensor: Sendable {
  /// Name of the tensor.
  public let name: String
  /// Range, moments, zeros.
  public internal(set) var statistics: TensorStatistics
  /// One histogram a binning that was asked for.
  public internal(set) var histograms: [Histogram] = []
  /// Mean distance of the values from their mean; 0 where no histogram was asked for.
  public internal(set) var meanDeviation = 0.0
  /// Magnitudes in ascending order, where they were asked for and are few enough.
  public internal(set) var sortedMagnitudes: [Float] = []

  /// The histogram of a binning.
  public func histogram(_ binning: Histogram.Binning) -> Histogram? { histograms.first { $0.binning == binning } }

  /// The magnitude below which a percentage of the values lie, between neighbours by straight line (numpy.percentile);
  /// from the histogram where the values were not kept.
  public func percentile(_ percent: Double) -> Double {
    guard let last = sortedMagnitudes.last else {
      return Double(histogram(.magnitudes).map { NvidiaRules.percentile($0, percent) } ?? statistics.absoluteMaximum)
    }
    let position = Double(sortedMagnitudes.count - 1) * percent / 100
    let below = Int(position)
    guard below + 1 < sortedMagnitudes.count else { return Double(last) }
    let (low, high) = (Double(sortedMagnitudes[below]), Double(sortedMagnitudes[below + 1]))
    return low + (high - low) * (position - Double(below))
  }
}

/// Calibrated tensors of a network.
public struct Calibration: Sendable {
  /// The tensors, the input first and then in execution order.
  public let tensors: [CalibratedTensor]
  /// Number of calibration rows.
  public let rowCount: Int

  /// Values of one tensor that are kept for exact percentiles.
  static let keptValues = 1 << 24

  /// Runs a network over rows: ranges first, then once more for histograms and what else depends on the ranges, if
  /// anything of that is asked for.
  /// - Parameters:
  ///   - names: Which tensors; all computed ones and the input where `nil`.
  ///   - binnings: Which histograms.
  ///   - keepsMagnitudes: Whether percentiles shall be exact, for tensors of up to 2^24 values.
  /// - Throws: `InputError` when there are no rows, or naming a tensor that overflows.
  public init(
    _ network: Network, rows: Tensor, tensors names: Set<String>? = nil, binnings: [Histogram.Binning] = [.magnitudes],
    keepsMagnitudes: Bool = true
  ) throws {
    guard let count = rows.shape.first, count > 0 else {
      throw InputError(InputPlace(source: "calibration"), "there are no calibration rows")
    }
    rowCount = count
    let forward = Forward(network)
    let all = [network.inputName] + network.nodes.map(\.output)
    let wanted = all.indices.filter { names?.contains(all[$0]) ?? true }
    var slots = [Int?](repeating: nil, count: all.count)
    for (slot, index) in wanted.enumerated() { slots[index] = slot }
    var tensors = wanted.map { CalibratedTensor(name: all[$0], statistics: TensorStatistics()) }
    Self.visit(forward, rows) { index, tensor in
      if let slot = slots[index + 1] { tensors[slot].statistics.add(tensor) }
    }
    if let tensor = tensors.first(where: { !$0.statistics.isQuantizable }) {
      throw InputError(
        InputPlace(source: "calibration", path: "tensor '\(tensor.name)'"),
        "its values overflow 32-bit floats over the calibration rows: there is no range to quantize")
    }
    for slot in tensors.indices {
      let largest = tensors[slot].statistics.absoluteMaximum
      tensors[slot].histograms = binnings.map { binning in
        switch binning {
        case .positives: Histogram(bins: TableToolRule.bins, largest: largest, binning: binning)
        case .signed(let bins): Histogram(bins: bins, lowest: -largest, largest: largest, binning: binning)
        case .spreadMagnitudes:
          Histogram(
            bins: 2048, lowest: tensors[slot].statistics.leastMagnitude, largest: largest, binning: binning)
        case .spreadValues:
          Histogram(
            bins: TorchRules.bins, lowest: tensors[slot].statistics.minimum, largest: tensors[slot].statistics.maximum,
            binning: binning)
        case .magnitudes, .nonzeroMagnitudes: Histogram(bins: 2048, largest: largest, binning: binning)
        }
      }
    }
    guard !binnings.isEmpty || keepsMagnitudes else {
      self.tensors = tensors
      return
    }
    var deviations = [Double](repeating: 0, count: tensors.count)
    Self.visit(forward, rows) { index, tensor in
      guard let slot = slots[index + 1] else { return }
      for place in tensors[slot].histograms.indices { tensors[slot].histograms[place].add(tensor.values) }
      let mean = tensors[slot].statistics.mean
      for value in tensor.values { deviations[slot] += abs(Double(value) - mean) }
      if keepsMagnitudes, tensors[slot].statistics.count <= Self.keptValues {
        tensors[slot].sortedMagnitudes.append(contentsOf: tensor.values.map(\.magnitude))
      }
    }
    for slot in tensors.indices {
      tensors[slot].meanDeviation = deviations[slot] / Double(max(1, tensors[slot].statistics.count))
      tensors[slot].sortedMagnitudes.sort()
    }
    self.tensors = tensors
  }

  /// Shows every tensor of every batch, rows that only fill up a batch cut off.
  private static func visit(_ forward: Forward, _ rows: Tensor, _ body: (Int, Tensor) -> Void) {
    forward.forEachBatch(rows) { batch, count in
      _ = forward.run(
        batch,
        observe: { index, tensor in
          body(index, tensor.shape[0] == count ? tensor : tensor.rows(0..<min(count, tensor.shape[0])))
        })
    }
  }

  /// The tensor of a name.
  public subscript(name: String) -> CalibratedTensor? { tensors.first { $0.name == name } }
}
