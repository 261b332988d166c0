// Zip archives, as far as NumPy writes them: stored or deflated members, found through the central directory.
// APPNOTE.TXT 6.3.10 (PKWARE), sections 4.3.12, 4.3.16 and 4.5.3 (zip64 sizes).

internal import CZlib
internal import TextFormats

/// The members of a zip archive in memory.
struct ZipArchive {
  private struct Member {
    let name: String
    let isDeflated: Bool
    let storedBytes: Int
    let bytes: Int
    let headerOffset: Int
  }

  private let file: [UInt8]
  private let source: String
  private var members: [Member] = []

  /// Names of the members in the order of the directory.
  var names: [String] { members.map(\.name) }

  /// Reads the directory.
  /// - Throws: `InputError` with the byte offset where the file is no archive or is cut off.
  init(_ file: [UInt8], source: String) throws(InputError) {
    self.file = file
    self.source = source
    // The end record has 22 bytes and a comment of up to 65535 after it.
    var end = file.count - 22
    while end >= 0, end >= file.count - 22 - 65_535, word(end, 4) != 0x0605_4B50 { end -= 1 }
    guard end >= 0, word(end, 4) == 0x0605_4B50 else {
      throw InputError(InputPlace(source: source), "there is no zip directory at its end")
    }
    var offset = Int(word(end + 16, 4))
    let count = Int(word(end + 10, 2))
    for _ in 0..<count {
      guard offset + 46 <= file.count, word(offset, 4) == 0x0201_4B50 else {
        throw error("an entry of the directory is cut off or damaged", at: offset)
      }
      let (nameBytes, extraBytes) = (Int(word(offset + 28, 2)), Int(word(offset + 30, 2)))
      let tail = offset + 46 + nameBytes
      guard tail + extraBytes <= file.count else { throw error("an entry of the directory is cut off", at: offset) }
      let method = word(offset + 10, 2)
      let name = String(decoding: file[offset + 46..<tail], as: UTF8.self)
      guard method == 0 || method == 8 else { throw error("'\(name)' is packed in an unknown way", at: offset) }
      var sizes = [word(offset + 24, 4), word(offset + 20, 4), word(offset + 42, 4)]
      widen(&sizes, tail..<tail + extraBytes)
      guard sizes.allSatisfy({ $0 <= UInt64(1) << 40 }) else {
        throw error("'\(name)' is impossibly large", at: offset)
      }
      members.append(
        Member(
          name: name, isDeflated: method == 8, storedBytes: Int(sizes[1]), bytes: Int(sizes[0]),
          headerOffset: Int(sizes[2])))
      offset = tail + extraBytes + Int(word(offset + 32, 2))
    }
  }

  /// Replaces sizes that are all ones by those of the zip64 extra field.
  private func widen(_ sizes: inout [UInt64], _ extra: Range<Int>) {
    var position = extra.lowerBound
    while position + 4 <= extra.upperBound {
      let (identifier, length) = (word(position, 2), Int(word(position + 2, 2)))
      position += 4
      guard position + length <= extra.upperBound else { return }
      if identifier == 1 {
        var field = position
        for index in sizes.indices where sizes[index] == 0xFFFF_FFFF && field + 8 <= position + length {
          sizes[index] = word(field, 8)
          field += 8
        }
      }
      position += length
    }
  }

  /// The bytes of a member; `nil` if there is none of this name.
  /// - Throws: `InputError` where it is cut off or its packed bytes are damaged.
  func bytes(of name: String) throws(InputError) -> [UInt8]? {
    guard let member = members.first(where: { $0.name == name }) else { return nil }
    let header = member.headerOffset
    guard header + 30 <= file.count, word(header, 4) == 0x0403_4B50 else {
      throw error("the member '\(name)' is not where the directory says", at: header)
    }
    let start = header + 30 + Int(word(header + 26, 2)) + Int(word(header + 28, 2))
    guard start + member.storedBytes <= file.count else { throw error("the member '\(name)' is cut off", at: start) }
    let stored = file[start..<start + member.storedBytes]
    guard member.isDeflated else { return Array(stored) }
    // Deflate packs at most about 1030 to one; a directory that promises more lies.
    guard member.bytes <= 1040 * (member.storedBytes + 16) else {
      throw error("the member '\(name)' cannot be as large as the directory says", at: start)
    }
    guard let bytes = Self.inflate(Array(stored), count: member.bytes) else {
      throw error("the packed bytes of the member '\(name)' are damaged", at: start)
    }
    return bytes
  }

  /// Unpacked bytes; `nil` unless the data are whole and as long as they should be.
  private static func inflate(_ packed: [UInt8], count: Int) -> [UInt8]? {
    var stream = z_stream()
    guard czlib_inflate_start(&stream) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var packed = packed
    var bytes = [UInt8](repeating: 0, count: count + 1)
    let result = packed.withUnsafeMutableBufferPointer { input in
      bytes.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(truncatingIfNeeded: input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(truncatingIfNeeded: output.count)
        return CZlib.inflate(&stream, Z_FINISH)
      }
    }
    guard result == Z_STREAM_END, stream.total_out == UInt(count) else { return nil }
    bytes.removeLast()
    return bytes
  }

  private func word(_ offset: Int, _ bytes: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<bytes where offset + index < file.count && offset >= 0 {
      value |= UInt64(file[offset + index]) << UInt64(8 * index)
    }
    return value
  }

  private func error(_ message: String, at offset: Int) -> InputError {
    InputError(InputPlace(source: source, byteOffset: UInt64(max(0, offset))), message)
  }
}
