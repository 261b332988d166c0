internal import SimEngine

/// How much the result hangs on the number and choice of calibration rows.
public enum CalibrationSweep {
  /// One calibration set.
  public struct Point: Sendable {
    /// Number of rows in it.
    public let rows: Int
    /// Which random choice of that size.
    public let draw: Int
    /// How the network does at 8 bits per channel with min-max ranges.
    public let score: ModelScore
  }

  /// Random subsets of growing size (1, 2, 5, 10, 20 and so on up to all rows), several of each.
  ///
  /// - Parameter seed: Chooses the rows; the same seed gives the same subsets.
  public static func points(_ study: EvaluationStudy, draws: Int = 3, seed: UInt64 = 1) -> [Point] {
    let total = study.calibrationRows.shape[0]
    var sizes: [Int] = []
    var decade = 1
    while decade < total {
      sizes += [1, 2, 5].map { $0 * decade }.filter { $0 < total }
      decade *= 10
    }
    sizes.append(total)
    let inputs = Set(study.network.quantizableNodes.map { study.network.nodes[$0].inputs[0] })
    return sizes.flatMap { size in
      (0..<(size == total ? 1 : draws)).compactMap { draw -> Point? in
        var random = RandomStream(
          StreamKey(seed: seed, replication: UInt64(draw), entity: "calibration", purpose: "rows of \(size)"))
        var order = Array(0..<total)
        random.shuffle(&order)
        let rows = study.calibrationRows.rows(order.prefix(size).sorted())
        guard
          let calibration = try? Calibration(
            study.network, rows: rows, tensors: inputs, binnings: [], keepsMagnitudes: false)
        else { return nil }
        let plan = QuantizationPlan(
          study.network, calibration: calibration, weightBits: 8, granularity: .perChannel, inputBits: 8,
          method: .minMax)
        return Point(rows: size, draw: draw, score: study.score(plan))
      }
    }
  }
}
