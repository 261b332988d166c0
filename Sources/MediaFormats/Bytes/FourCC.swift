/// A four-character code: the type of a box, a brand, a handler or a codec (ISO/IEC 14496-12 section 4.2).
///
/// Codes are four arbitrary bytes; the text form reads each byte as Latin-1, so every code has one.
public struct FourCC: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The four bytes, first character in the most significant byte.
  public let code: UInt32

  /// A code from its four bytes, first character in the most significant byte.
  @inline(__always)
  public init(_ code: UInt32) { self.code = code }

  /// A code written as four ASCII characters.
  @inline(__always)
  public init(stringLiteral value: StaticString) {
    precondition(value.utf8CodeUnitCount == 4, "a four-character code has four characters")
    let bytes = value.utf8Start
    code = UInt32(bytes[0]) << 24 | UInt32(bytes[1]) << 16 | UInt32(bytes[2]) << 8 | UInt32(bytes[3])
  }

  /// A code from text of exactly four Latin-1 characters, or `nil`.
  public init?(text: String) {
    var code: UInt32 = 0
    var count = 0
    for scalar in text.unicodeScalars {
      guard scalar.value < 256, count < 4 else { return nil }
      code = code << 8 | scalar.value
      count += 1
    }
    guard count == 4 else { return nil }
    self.code = code
  }

  /// The four bytes as Latin-1 text.
  public var description: String {
    var text = ""
    for shift: UInt32 in [24, 16, 8, 0] {
      text.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: code >> shift)))
    }
    return text
  }

  /// The text with unprintable bytes shown as `.`, for messages.
  var printable: String {
    String(
      String.UnicodeScalarView(description.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "." : $0 }))
  }
}
