// A title with the real size of every segment, as a file described it.

public import SimEngine

/// A title on demand: a ladder and a table of segment sizes.
public struct PlayTitle: Sendable {
  /// Where it came from, for messages.
  public var source: String
  /// Playing time of a full segment in milliseconds.
  public var segmentMs: Double
  /// Bitrates in kbit/s, ascending.
  public var bitratesKbps: [Double]
  /// Sizes in bits, segment by segment, `bitratesKbps.count` each.
  public var sizesBits: [Double]
  /// Where every segment starts, and where the last one ends; empty where all last `segmentMs`.
  public var starts: [SimDuration]

  /// A title; units as in the properties.
  /// - Precondition: the bitrates form a ladder, and the table has full rows, at least one.
  public init(
    source: String, segmentMs: Double, bitratesKbps: [Double], sizesBits: [Double], starts: [SimDuration] = []
  ) {
    precondition(QualityLadder.isLadder(bitratesKbps) && segmentMs > 0, "a title has a ladder and a segment duration")
    precondition(!sizesBits.isEmpty && sizesBits.count % bitratesKbps.count == 0, "a size table has full rows")
    precondition(
      starts.isEmpty || starts.count == sizesBits.count / bitratesKbps.count + 1, "every segment has a start")
    self.source = source
    self.segmentMs = segmentMs
    self.bitratesKbps = bitratesKbps
    self.sizesBits = sizesBits
    self.starts = starts
  }

  /// Number of rows of the size table.
  public var segmentCount: Int { sizesBits.count / bitratesKbps.count }

  /// The ladder of the title.
  public func ladder(_ logarithm: QualityLadder.Logarithm = .deterministic) -> QualityLadder {
    QualityLadder(
      bitratesKbps: bitratesKbps, segmentDuration: .seconds(segmentMs / 1000), logarithm: logarithm)
  }

  /// Where the first `count` segments start; a longer title repeats.
  ///
  /// Every start is computed from its own tick, so that nothing drifts.
  func starts(count: Int) -> [SimDuration] {
    (0..<count).map { index in
      guard let total = starts.last else {
        return .nanoseconds(Int64((Double(index) * segmentMs * 1e6).rounded()))
      }
      return total * Int64(index / segmentCount) + starts[index % segmentCount]
    }
  }

  /// Lends the size table to `body`.
  public func withSizes<Result, Failure: Error>(
    _ body: (SegmentSizes) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try sizesBits.withUnsafeBufferPointer { buffer throws(Failure) in
      // `init` has made sure that the table has a row.
      guard let base = buffer.baseAddress else { preconditionFailure("the size table is empty") }
      return try body(SegmentSizes(bits: base, rows: segmentCount, columns: bitratesKbps.count))
    }
  }
}
