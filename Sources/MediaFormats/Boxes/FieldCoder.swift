/// Visits the fields of a box in file order.
///
/// A box describes its layout once, as a sequence of calls on a coder; reading, writing, measuring and printing are
/// four coders over that one description. Conditions on versions and flags are plain `if`s on fields already visited,
/// which holds for all four because each visits the same struct in the same order.
public protocol FieldCoder {
  /// True while fields are being filled from bytes.
  var isDecoding: Bool { get }
  /// Bytes left in the box payload; only meaningful while decoding, zero otherwise.
  var remaining: Int { get }
  /// An unsigned big-endian integer of 1 to 8 bytes.
  mutating func unsigned(_ name: StaticString, _ value: inout UInt64, width: Int) throws(MediaError)
  /// A run of bytes of known length.
  mutating func bytes(_ name: StaticString, _ value: inout ByteField, count: Int) throws(MediaError)
  /// Bytes up to and including a zero byte; the value excludes it.
  mutating func terminated(_ name: StaticString, _ value: inout ByteField) throws(MediaError)
  /// Notes that a legal layout carries a value which the format forbids; reading goes on.
  mutating func violation(_ message: @autoclosure () -> String)
  /// Refuses the box at the current position.
  func refuse(_ fault: MediaError.Fault, _ message: String) -> MediaError
}

extension FieldCoder {
  /// An unsigned integer of the value's own width.
  @inline(__always)
  mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
    _ name: StaticString, _ value: inout T
  ) throws(MediaError) {
    try integer(name, &value, width: MemoryLayout<T>.size)
  }

  /// An unsigned integer stored in `width` bytes.
  @inline(__always)
  mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
    _ name: StaticString, _ value: inout T, width: Int
  ) throws(MediaError) {
    var wide = UInt64(value)
    try unsigned(name, &wide, width: width)
    value = T(truncatingIfNeeded: wide)
  }

  /// A two's complement integer of the value's own width.
  @inline(__always)
  mutating func signed<T: FixedWidthInteger & SignedInteger>(
    _ name: StaticString, _ value: inout T
  ) throws(MediaError) {
    var wide = UInt64(truncatingIfNeeded: value) & (UInt64.max >> UInt64(64 - T.bitWidth))
    try unsigned(name, &wide, width: MemoryLayout<T>.size)
    value = T(truncatingIfNeeded: wide)
  }

  /// A signed value stored as 32 or 64 bits.
  mutating func signed(_ name: StaticString, _ value: inout Int64, wide: Bool) throws(MediaError) {
    if wide { return try signed(name, &value) }
    var narrow = Int32(truncatingIfNeeded: value)
    try signed(name, &narrow)
    value = Int64(narrow)
  }

  /// An unsigned value stored as 32 or 64 bits.
  @inline(__always)
  mutating func integer(_ name: StaticString, _ value: inout UInt64, wide: Bool) throws(MediaError) {
    try unsigned(name, &value, width: wide ? 8 : 4)
  }

  /// A four-character code.
  mutating func code(_ name: StaticString, _ value: inout FourCC) throws(MediaError) {
    var wide = UInt64(value.code)
    try unsigned(name, &wide, width: 4)
    value = FourCC(UInt32(truncatingIfNeeded: wide))
  }

  /// Version and flags of a full box (ISO/IEC 14496-12 section 4.2).
  @inline(__always)
  mutating func versionAndFlags(
    _ version: inout UInt8, _ flags: inout UInt32, latest: UInt8 = 0
  ) throws(MediaError) {
    try integer("version", &version)
    try integer("flags", &flags, width: 3)
    if isDecoding, version > latest { violation("version \(version) is not defined") }
  }

  /// All bytes that are left.
  mutating func rest(_ name: StaticString, _ value: inout ByteField) throws(MediaError) {
    try bytes(name, &value, count: isDecoding ? remaining : value.count)
  }

  /// A table of `count` entries of `stride` bytes; the entries stay where they are in the file.
  mutating func table(
    _ name: StaticString, _ value: inout ByteField, count: some BinaryInteger, stride: Int
  ) throws(MediaError) {
    let (length, overflow) = Int(clamping: count).multipliedReportingOverflow(by: stride)
    if isDecoding, overflow || length > remaining {
      throw refuse(.count, "\(name) has \(count) entries of \(stride) bytes, but \(remaining) bytes are left")
    }
    try bytes(name, &value, count: length)
  }
}

/// Bytes of a field: a place in the file that was read, or bytes that were made.
public enum ByteField: Equatable, Sendable {
  /// A place in the file.
  case mapped(offset: Int, count: Int)
  /// Bytes in memory.
  case owned([UInt8])

  /// No bytes.
  public static let empty = ByteField.owned([])

  /// Length in bytes.
  public var count: Int {
    switch self {
    case .mapped(_, let count): count
    case .owned(let bytes): bytes.count
    }
  }

  /// The bytes, copied; `source` is the file that the field was read from.
  public func copy(from source: MediaBytes) -> [UInt8] {
    switch self {
    case .mapped(let offset, let count): source.copy(offset..<offset + count)
    case .owned(let bytes): bytes
    }
  }

  /// The bytes as text, one scalar a byte where they are not UTF-8.
  public func text(from source: MediaBytes) -> String {
    let bytes = copy(from: source)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}

/// The payload of one box type, as named fields.
public protocol BoxFields: Sendable {
  /// An empty payload, to be filled.
  init()
  /// Visits every field in file order.
  mutating func visit<C: FieldCoder>(_ coder: inout C) throws(MediaError)
}
