// A title with the real size of every segment, as a file described it.

internal import SimEngine

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
  /// Playing time of every segment in milliseconds where they differ, else empty.
  public var durationsMs: [Double]

  /// A title; units as in the properties.
  /// - Precondition: the bitrates form a ladder, and the table has full rows, at least one.
  public init(
    source: String, segmentMs: Double, bitratesKbps: [Double], sizesBits: [Double], durationsMs: [Double] = []
  ) {
    precondition(QualityLadder.isLadder(bitratesKbps) && segmentMs > 0, "a title has a ladder and a segment duration")
    precondition(!sizesBits.isEmpty && sizesBits.count % bitratesKbps.count == 0, "a size table has full rows")
    self.source = source
    self.segmentMs = segmentMs
    self.bitratesKbps = bitratesKbps
    self.sizesBits = sizesBits
    self.durationsMs = durationsMs
  }

  /// Number of rows of the size table.
  public var segmentCount: Int { sizesBits.count / bitratesKbps.count }

  /// The ladder of the title.
  public func ladder(_ logarithm: QualityLadder.Logarithm = .deterministic) -> QualityLadder {
    QualityLadder(
      bitratesKbps: bitratesKbps, segmentDuration: .seconds(segmentMs / 1000), logarithm: logarithm)
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
