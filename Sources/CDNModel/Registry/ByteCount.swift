/// A size as people write it: `4096`, `64KiB`, `1.5GiB`, `20TB`. SI prefixes are decimal, IEC prefixes binary.
public struct ByteCount: Sendable, Equatable {
  /// The size in bytes.
  public let bytes: Int64

  /// Reads a size; nil if it is not one, is negative, or is no whole number of bytes below 2^62.
  public init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !digits.isEmpty, let unit = ByteCount.unit(text.dropFirst(digits.count)) else { return nil }
    if let whole = Int64(digits) {
      let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
      if overflow || product >= 1 << 62 { return nil }
      bytes = product
    } else {
      guard let number = Double(digits), number * Double(unit) < 0x1p62 else { return nil }
      bytes = Int64((number * Double(unit)).rounded())
    }
  }

  private static func unit(_ text: Substring) -> Int64? {
    let name = text.drop { $0 == " " }
    let units: [(String, Int64)] = [
      ("", 1), ("B", 1), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
      ("TB", 1_000_000_000_000), ("PB", 1_000_000_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
      ("TiB", 1 << 40), ("PiB", 1 << 50),
    ]
    return units.first { $0.0 == name }?.1
  }
}
