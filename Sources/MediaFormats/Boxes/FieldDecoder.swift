/// Fills fields from a bounded part of a file; nothing outside the part is ever read.
struct FieldDecoder: FieldCoder {
  let source: MediaBytes
  private(set) var position: Int
  let end: Int
  private(set) var violations: [(offset: Int, message: String)] = []

  init(_ source: MediaBytes, _ range: Range<Int>) {
    self.source = source
    position = range.lowerBound
    end = min(range.upperBound, source.count)
  }

  var isDecoding: Bool { true }
  var remaining: Int { end - position }

  @inline(__always)
  mutating func unsigned(_ name: StaticString, _ value: inout UInt64, width: Int) throws(MediaError) {
    guard remaining >= width else { throw short(name, width) }
    switch width {
    case 1: value = UInt64(source.load(position, as: UInt8.self))
    case 2: value = UInt64(source.load(position, as: UInt16.self))
    case 3:
      value = UInt64(source.load(position, as: UInt16.self)) << 8 | UInt64(source.load(position + 2, as: UInt8.self))
    case 4: value = UInt64(source.load(position, as: UInt32.self))
    case 8: value = source.load(position, as: UInt64.self)
    default:
      value = 0
      for index in 0..<width { value = value << 8 | UInt64(source.load(position + index, as: UInt8.self)) }
    }
    position += width
  }

  mutating func bytes(_ name: StaticString, _ value: inout ByteField, count: Int) throws(MediaError) {
    guard count >= 0, remaining >= count else { throw short(name, count) }
    value = .mapped(offset: position, count: count)
    position += count
  }

  mutating func terminated(_ name: StaticString, _ value: inout ByteField) throws(MediaError) {
    let rest = source.slice(position..<end)
    guard let length = rest.firstIndex(of: 0) else {
      throw MediaError(.truncated, at: position, "\(name) has no terminating zero byte")
    }
    value = .mapped(offset: position, count: length)
    position += length + 1
  }

  mutating func violation(_ message: @autoclosure () -> String) {
    violations.append((position, message()))
  }

  func refuse(_ fault: MediaError.Fault, _ message: String) -> MediaError {
    MediaError(fault, at: position, message)
  }

  private func short(_ name: StaticString, _ needed: Int) -> MediaError {
    MediaError(.truncated, at: position, "\(name) needs \(needed) bytes, but \(max(0, remaining)) are left")
  }
}

extension BoxFields {
  /// Reads the fields from the start of a part of a file; bytes left over are the caller's.
  init(_ source: MediaBytes, _ range: Range<Int>) throws(MediaError) {
    self.init()
    var decoder = FieldDecoder(source, range)
    try visit(&decoder)
  }
}
