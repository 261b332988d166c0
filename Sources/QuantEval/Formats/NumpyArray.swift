// Arrays as NumPy saves them: .npy (NumPy enhancement proposal 1) and members of .npz.

public import TextFormats

/// An array read from a `.npy` file or a member of a `.npz` archive; numbers of any stored type become doubles.
public struct NumpyArray: Sendable {
  /// Extent of each axis.
  public let shape: [Int]
  /// The elements in row-major order.
  public let values: [Double]

  /// The elements as 32-bit floats.
  public var tensor: Tensor { Tensor(shape: shape, values: values.map { Float($0) }) }

  /// Decodes a `.npy` file.
  /// - Throws: `InputError` for a wrong magic, an unknown type, a bad header, or a wrong number of bytes.
  public init(bytes: [UInt8], source: String) throws(InputError) {
    func error(_ message: String, at offset: Int = 0) -> InputError {
      InputError(InputPlace(source: source, byteOffset: UInt64(offset)), message)
    }
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) else {
      throw error("it does not start like a .npy file")
    }
    let wide = bytes[6] >= 2
    guard (1...3).contains(bytes[6]), bytes.count >= 12 else { throw error("its version is unknown", at: 6) }
    let length =
      wide
      ? (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) } : Int(bytes[8]) | Int(bytes[9]) << 8
    let start = (wide ? 12 : 10) + length
    guard start <= bytes.count else { throw error("its header is cut off", at: 8) }
    let header = String(decoding: bytes[(wide ? 12 : 10)..<start], as: UTF8.self)
    guard let type = Self.quoted(after: "'descr':", in: header) else { throw error("its header has no type") }
    guard let isFortran = Self.text(after: "'fortran_order':", in: header)?.hasPrefix("True") else {
      throw error("its header has no order")
    }
    guard let shape = Self.shape(in: header) else { throw error("its header has no shape") }
    guard let decode = Self.decoder(type) else { throw error("the element type '\(type)' is not supported") }
    var count = 1
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard !overflows, product <= Shapes.elementLimit else { throw error("the shape \(shape) is too large") }
      count = product
    }
    guard bytes.count - start == count * decode.bytes else {
      throw error("\(bytes.count - start) bytes for the shape \(shape) of '\(type)'", at: start)
    }
    let stored = (0..<count).map { decode.number(bytes, start + $0 * decode.bytes) }
    self.shape = shape
    guard isFortran, shape.count > 1 else {
      values = stored
      return
    }
    // Column-major order is the row-major order of the reversed axes.
    var moves = [Int](repeating: 1, count: shape.count)
    for axis in 1..<shape.count { moves[axis] = moves[axis - 1] * shape[axis - 1] }
    var ordered = stored
    Rearrangement.walk(shape, moves) { index, other in ordered[index] = stored[other] }
    values = ordered
  }

  /// Reads `FILE.npy` or `FILE.npz:NAME`; the name may be left out where the archive has one member.
  /// - Throws: `FileError` when the file cannot be read, `InputError` for what is wrong with it.
  public static func read(_ path: String) throws -> NumpyArray {
    guard let colon = path.range(of: ".npz") else {
      return try NumpyArray(bytes: InputFile.bytes(path), source: path)
    }
    let file = String(path[..<colon.upperBound])
    let rest = path[colon.upperBound...]
    let archive = try ZipArchive(InputFile.bytes(file), source: file)
    let name = rest.hasPrefix(":") ? String(rest.dropFirst()) : ""
    let known = archive.names.map { $0.hasSuffix(".npy") ? String($0.dropLast(4)) : $0 }
    guard let member = name.isEmpty && known.count == 1 ? known.first : known.first(where: { $0 == name }),
      let bytes = try archive.bytes(of: member + ".npy") ?? archive.bytes(of: member)
    else {
      throw InputError(
        InputPlace(source: file), name.isEmpty ? "it has \(known.count) arrays" : "it has no array '\(name)'",
        suggestion: name.isEmpty
          ? "FILE.npz:NAME with \(known.prefix(8).joined(separator: ", "))"
          : NameSuggestion.phrase(for: name, in: known))
    }
    return try NumpyArray(bytes: bytes, source: "\(file):\(member)")
  }

  private static func text(after key: String, in header: String) -> Substring? {
    guard let found = header.range(of: key) else { return nil }
    return header[found.upperBound...].drop { $0 == " " }
  }

  private static func quoted(after key: String, in header: String) -> String? {
    guard let rest = text(after: key, in: header), rest.first == "'" else { return nil }
    return String(rest.dropFirst().prefix { $0 != "'" })
  }

  private static func shape(in header: String) -> [Int]? {
    guard let rest = text(after: "'shape':", in: header), rest.first == "(", let end = rest.firstIndex(of: ")")
    else { return nil }
    var shape: [Int] = []
    for part in rest[rest.index(after: rest.startIndex)..<end].split(separator: ",") {
      guard let extent = Int(part.filter { $0 != " " }), extent >= 0 else { return nil }
      shape.append(extent)
    }
    return shape
  }

  private static func decoder(_ type: String) -> (bytes: Int, number: ([UInt8], Int) -> Double)? {
    func word(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
      (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
    switch type {
    case "<f4": return (4, { Double(Float(bitPattern: UInt32(truncatingIfNeeded: word($0, $1, 4)))) })
    case "<f8": return (8, { Double(bitPattern: word($0, $1, 8)) })
    case "<f2": return (2, { Double(OnnxTensor.half(UInt16(truncatingIfNeeded: word($0, $1, 2)))) })
    case "|i1": return (1, { Double(Int8(truncatingIfNeeded: word($0, $1, 1))) })
    case "|u1", "|b1": return (1, { Double(word($0, $1, 1)) })
    case "<i2": return (2, { Double(Int16(truncatingIfNeeded: word($0, $1, 2))) })
    case "<u2": return (2, { Double(word($0, $1, 2)) })
    case "<i4": return (4, { Double(Int32(truncatingIfNeeded: word($0, $1, 4))) })
    case "<u4": return (4, { Double(word($0, $1, 4)) })
    case "<i8": return (8, { Double(Int64(bitPattern: word($0, $1, 8))) })
    case "<u8": return (8, { Double(word($0, $1, 8)) })
    default: return nil
    }
  }
}

extension String {
  /// The first place of a text in this one.
  fileprivate func range(of text: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
