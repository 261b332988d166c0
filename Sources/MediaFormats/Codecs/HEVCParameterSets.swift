/// Parameter sets of HEVC, and the decoder configuration made from them (ISO/IEC 14496-15 section 8.3.3.1).
struct HEVCParameterSets {
  private static let videoSet: UInt8 = 32
  private static let sequenceSet: UInt8 = 33
  private static let pictureSet: UInt8 = 34
  private let units: [[UInt8]]

  /// - Parameter units: NAL units of at least three bytes.
  init(_ units: [[UInt8]]) { self.units = units }

  private static func type(_ unit: [UInt8]) -> UInt8 { unit[0] >> 1 & 63 }

  /// The configuration, or `nil` if a kind of set is absent or the sequence set is cut.
  func configuration(lengthFieldSize: Int) -> HEVCConfigurationBox? {
    guard let sequence = units.first(where: { Self.type($0) == Self.sequenceSet }) else { return nil }
    let payload = Self.withoutEmulationPrevention(sequence.dropFirst(2))
    // sps_video_parameter_set_id, max sub layers and nesting take one byte, profile_tier_level the next twelve
    // (ITU-T H.265 sections 7.3.2.2 and 7.3.3).
    guard payload.count >= 13, let chroma = Self.chromaAndDepth(payload) else { return nil }
    let layers = payload[0] >> 1 & 7
    let nesting = payload[0] & 1
    var box = HEVCConfigurationBox()
    box.profileByte = payload[1]
    box.compatibility = payload[2..<6].reduce(0) { $0 << 8 | UInt32($1) }
    box.constraints = payload[6..<12].reduce(0) { $0 << 8 | UInt64($1) }
    box.level = payload[12]
    // Reserved ones, no segmentation and parallelism claims, formats, frame rate unknown, layers and length size.
    var rest: [UInt8] = [0xF0, 0, 0xFC, 0xFC | chroma.format, 0xF8 | chroma.luma, 0xF8 | chroma.chroma, 0, 0]
    rest.append((layers + 1) << 3 | nesting << 2 | UInt8(clamping: max(1, min(4, lengthFieldSize)) - 1))
    rest.append(3)
    for type in [Self.videoSet, Self.sequenceSet, Self.pictureSet] {
      let sets = units.filter { Self.type($0) == type }
      guard !sets.isEmpty, sets.allSatisfy({ $0.count <= Int(UInt16.max) }), sets.count < 1 << 16 else { return nil }
      rest += [0x80 | type, UInt8(sets.count >> 8), UInt8(truncatingIfNeeded: sets.count)]
      for set in sets { rest += [UInt8(set.count >> 8), UInt8(truncatingIfNeeded: set.count)] + set }
    }
    box.rest = .owned(rest)
    return box
  }

  /// Bytes without the 3 of each 0 0 3 (section 7.4.2).
  private static func withoutEmulationPrevention(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var zeros = 0
    for byte in bytes {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      result.append(byte)
    }
    return result
  }

  /// chroma_format_idc and the bit depths less eight, which follow profile_tier_level in the sequence set.
  private static func chromaAndDepth(_ payload: [UInt8]) -> (format: UInt8, luma: UInt8, chroma: UInt8)? {
    var bits = BitReader(payload, position: 8 + 96)
    let layers = Int(payload[0] >> 1 & 7)
    if layers > 0 {
      let present = (0..<8).map { _ in (bits.read(1) ?? 0, bits.read(1) ?? 0) }
      for layer in 0..<layers {
        if present[layer].0 == 1 { bits.skip(88) }
        if present[layer].1 == 1 { bits.skip(8) }
      }
    }
    guard bits.exponential() != nil, let format = bits.exponential(), format <= 3 else { return nil }
    if format == 3 { bits.skip(1) }
    guard bits.exponential() != nil, bits.exponential() != nil, let window = bits.read(1) else { return nil }
    if window == 1 { for _ in 0..<4 { _ = bits.exponential() } }
    guard let luma = bits.exponential(), let chroma = bits.exponential(), luma <= 8, chroma <= 8 else { return nil }
    return (UInt8(format), UInt8(luma), UInt8(chroma))
  }
}

/// Reads bits, most significant first.
struct BitReader {
  private let bytes: [UInt8]
  private var position: Int

  init(_ bytes: [UInt8], position: Int) {
    self.bytes = bytes
    self.position = position
  }

  mutating func skip(_ count: Int) { position += count }

  mutating func read(_ count: Int) -> UInt32? {
    guard position + count <= bytes.count * 8 else { return nil }
    var value: UInt32 = 0
    for _ in 0..<count {
      value = value << 1 | UInt32(bytes[position / 8] >> UInt8(7 - position % 8) & 1)
      position += 1
    }
    return value
  }

  /// An unsigned Exp-Golomb code (ITU-T H.265 section 9.2).
  mutating func exponential() -> UInt32? {
    var zeros = 0
    while let bit = read(1) {
      if bit == 1 {
        guard let rest = read(zeros) else { return nil }
        return (1 << UInt32(zeros)) - 1 + rest
      }
      zeros += 1
      if zeros > 31 { return nil }
    }
    return nil
  }
}
