// The real sizes of a title's segments, where a file told them.

/// A borrowed table of segment sizes in bits: one row a segment, one column a quality.
///
/// Titles without a table are assumed to have segments of exactly bitrate times duration. Like `LadderView`, it must not
/// outlive the table's owner.
@frozen public struct SegmentSizes: BitwiseCopyable {
  @usableFromInline let bits: UnsafePointer<Double>
  /// Number of rows; later segments repeat the table from its start.
  public let rows: Int
  /// Number of qualities.
  public let columns: Int

  /// A table over `rows * columns` sizes in bits that the caller keeps alive.
  @inlinable public init(bits: UnsafePointer<Double>, rows: Int, columns: Int) {
    precondition(rows > 0 && columns > 0, "a size table has rows and columns")
    self.bits = bits
    self.rows = rows
    self.columns = columns
  }

  /// Size of a segment in bits.
  @inlinable public func bits(segment: Int, quality: Int) -> Double {
    assert(segment >= 0 && quality >= 0 && quality < columns)
    return bits[(segment < rows ? segment : segment % rows) * columns + quality]
  }
}
