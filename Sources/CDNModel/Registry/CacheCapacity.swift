public import TextFormats

/// A cache size as people write it: bytes or objects as a plain number, bytes with a unit, or a share of the footprint.
public enum CacheCapacity: Sendable, Equatable {
  /// Bytes, or objects where sizes are ignored.
  case absolute(Int64)
  /// Share of the footprint, above 0.
  case share(Double)

  /// Reads `4096`, `64KiB`, `20TB` or `10%`.
  ///
  /// - Throws: `QuantityError` that says what is wrong.
  public init(_ text: String) throws(QuantityError) {
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent.isFinite, percent > 0 else {
        throw QuantityError("'\(text)' is not a share of the footprint", suggestion: "write for example 10%")
      }
      self = .share(percent / 100)
    } else {
      self = .absolute(try CacheCapacity.bytes(text))
    }
  }

  /// Bytes of a plain number or a quantity with a unit.
  static func bytes(_ text: String) throws(QuantityError) -> Int64 {
    if let plain = Int64(text), plain >= 0 { return plain }
    return try Quantity.bytes(text)
  }

  /// The capacity for a footprint, shares truncated.
  public func resolved(footprint: Int64) -> Int64 {
    switch self {
    case .absolute(let bytes): bytes
    case .share(let share): Int64(Double(footprint) * share)
    }
  }
}
