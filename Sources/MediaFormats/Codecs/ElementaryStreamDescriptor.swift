/// What an MPEG-4 elementary stream descriptor says about the codec (ISO/IEC 14496-1 section 7.2.6).
public struct ElementaryStreamDescriptor: Equatable, Sendable {
  /// objectTypeIndication: 0x40 MPEG-4 audio, 0x20 MPEG-4 visual, 0x69 and 0x6B MP3, ...
  public private(set) var objectType: UInt8 = 0
  /// Decoder specific information, for AAC the AudioSpecificConfig.
  public private(set) var decoderSpecific: [UInt8] = []

  private static let streamTag: UInt8 = 3
  private static let configurationTag: UInt8 = 4
  private static let specificTag: UInt8 = 5

  /// Reads the descriptors of an `esds` box.
  ///
  /// - Throws: `MediaError` where a descriptor leaves its parent or a length does not end within four bytes.
  public init(_ source: MediaBytes, _ box: ElementaryStreamBox) throws(MediaError) {
    guard case .mapped(let offset, let count) = box.descriptor else { return }
    try read(source, offset..<offset + count)
  }

  private mutating func read(_ source: MediaBytes, _ range: Range<Int>) throws(MediaError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let tag = source.load(position, as: UInt8.self)
      // Zero bytes after the last descriptor are padding.
      if tag == 0 { return }
      let (length, start) = try Self.length(source, position + 1, range.upperBound)
      guard length <= range.upperBound - start else {
        throw MediaError(
          .count, at: position, "descriptor \(tag) of \(length) bytes exceeds the \(range.upperBound - start) left")
      }
      var inner = start..<start + length
      switch tag {
      case Self.streamTag:
        guard inner.count >= 3 else { throw MediaError(.truncated, at: start, "ES_Descriptor is cut") }
        // ES_ID, then a byte whose top bits announce optional fields.
        let flags = source.load(start + 2, as: UInt8.self)
        var skipped = 3
        if flags & 0x80 != 0 { skipped += 2 }
        if flags & 0x40 != 0, inner.count > skipped { skipped += 1 + Int(source.load(start + skipped, as: UInt8.self)) }
        if flags & 0x20 != 0 { skipped += 2 }
        guard skipped <= inner.count else { throw MediaError(.truncated, at: start, "ES_Descriptor is cut") }
        inner = start + skipped..<inner.upperBound
        try read(source, inner)
      case Self.configurationTag:
        guard inner.count >= 13 else { throw MediaError(.truncated, at: start, "DecoderConfigDescriptor is cut") }
        objectType = source.load(start, as: UInt8.self)
        try read(source, start + 13..<inner.upperBound)
      case Self.specificTag:
        decoderSpecific = source.copy(inner)
      default: break
      }
      position = start + length
    }
  }

  /// An expandable length: seven bits a byte, at most four bytes (section 8.3.3).
  private static func length(
    _ source: MediaBytes, _ position: Int, _ end: Int
  ) throws(MediaError) -> (length: Int, start: Int) {
    var length = 0
    for index in 0..<4 {
      guard position + index < end else { throw MediaError(.truncated, at: position, "descriptor length is cut") }
      let byte = source.load(position + index, as: UInt8.self)
      length = length << 7 | Int(byte & 0x7F)
      if byte & 0x80 == 0 { return (length, position + index + 1) }
    }
    throw MediaError(.count, at: position, "descriptor length does not end within four bytes")
  }

  /// MPEG-4 audio object type of an AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1), 0 if there is none.
  public var audioObjectType: Int {
    guard let first = decoderSpecific.first else { return 0 }
    let type = Int(first >> 3)
    guard type == 31 else { return type }
    guard decoderSpecific.count >= 2 else { return 0 }
    return 32 + Int((first & 7) << 3 | decoderSpecific[1] >> 5)
  }
}
