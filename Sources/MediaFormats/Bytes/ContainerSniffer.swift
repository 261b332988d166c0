/// A media container.
public enum MediaContainer: String, Sendable, CaseIterable {
  /// ISO base media with sample tables, QuickTime included.
  case mp4
  /// ISO base media in movie fragments.
  case fragmentedMP4 = "fmp4"
  /// Matroska and WebM.
  case matroska
  /// MPEG-2 transport stream.
  case mpegTS = "mpegts"
  /// RIFF/WAVE, RF64 and BW64.
  case wav
  /// MPEG audio layer 3 (and 1, 2).
  case mp3
  /// AAC with ADTS headers.
  case adts
  /// Ogg.
  case ogg
  /// FLAC.
  case flac
}

/// Tells containers apart by their first bytes, as an extractor chain does: every format says how sure it is, the
/// surest wins.
public enum ContainerSniffer {
  /// Bytes that are looked at, at most.
  public static let prefixBytes = 65_536

  /// One format's claim.
  public struct Claim: Equatable, Sendable {
    /// The container.
    public var container: MediaContainer
    /// 0 to 1.
    ///
    /// A magic number of 32 bits and more that is followed by valid structure gives 0.9 and above; a sync word alone
    /// stays below 0.5, because ordinary bytes hold one now and then.
    public var confidence: Double
  }

  /// All claims above zero, surest first; equal ones in the order of `MediaContainer.allCases`.
  public static func claims(_ bytes: MediaBytes) -> [Claim] {
    let head = bytes.copy(0..<min(bytes.count, prefixBytes))
    var claims: [Claim] = []
    for container in MediaContainer.allCases {
      let confidence = confidence(of: container, bytes, head)
      if confidence > 0 { claims.append(Claim(container: container, confidence: confidence)) }
    }
    var sorted: [Claim] = []
    for claim in claims {
      sorted.insert(claim, at: sorted.firstIndex { $0.confidence < claim.confidence } ?? sorted.count)
    }
    return sorted
  }

  /// The surest claim, or `nil` if no format recognises the bytes.
  public static func container(_ bytes: MediaBytes) -> Claim? { claims(bytes).first }

  private static func confidence(of container: MediaContainer, _ bytes: MediaBytes, _ head: [UInt8]) -> Double {
    switch container {
    case .mp4: return isoBaseMedia(bytes, fragmented: false)
    case .fragmentedMP4: return isoBaseMedia(bytes, fragmented: true)
    case .matroska: return matroska(head)
    case .mpegTS: return transportStream(head)
    case .wav: return wave(head)
    case .mp3: return frames(head, mpegAudioFrame)
    case .adts: return frames(head, adtsFrame)
    case .ogg: return starts(head, "OggS") && head.count > 4 && head[4] == 0 ? 0.95 : 0
    case .flac: return flac(head)
    }
  }

  private static func starts(_ head: [UInt8], _ magic: String, at offset: Int = 0) -> Bool {
    let magic = Array(magic.utf8)
    return head.count >= offset + magic.count && head[offset..<offset + magic.count].elementsEqual(magic)
  }

  private static func word(_ head: [UInt8], _ offset: Int) -> Int {
    Int(head[offset]) << 24 | Int(head[offset + 1]) << 16 | Int(head[offset + 2]) << 8 | Int(head[offset + 3])
  }

  /// Walks up to 64 top-level boxes; `moof`, `styp`, `sidx` or `mvex` decide for fragments.
  private static func isoBaseMedia(_ bytes: MediaBytes, fragmented: Bool) -> Double {
    var position = 0
    var known = 0
    var isFragmented = false
    var hasMovie = false
    for _ in 0..<64 {
      guard position + 16 <= bytes.count || position + 8 == bytes.count else { break }
      var size = Int(bytes.load(position, as: UInt32.self))
      let type = FourCC(bytes.load(position + 4, as: UInt32.self))
      if size == 1 {
        guard position + 16 <= bytes.count else { break }
        size = Int(clamping: bytes.load(position + 8, as: UInt64.self))
      }
      if size == 0 { size = bytes.count - position }
      guard size >= 8 else { break }
      switch type {
      case "ftyp", "free", "skip", "wide", "mdat", "pnot", "meta", "uuid", "mfra", "emsg", "prft": known += 1
      case "moof", "styp", "sidx", "ssix":
        known += 1
        isFragmented = true
      case "moov":
        known += 1
        hasMovie = true
        if holdsFragmentDefaults(bytes, position..<min(bytes.count, position + size)) { isFragmented = true }
      default: if known == 0 { return 0 }
      }
      let (next, overflow) = position.addingReportingOverflow(size)
      if overflow || next >= bytes.count { break }
      position = next
    }
    guard known > 0, isFragmented == fragmented else { return 0 }
    return hasMovie || isFragmented || known > 1 ? 0.98 : 0.7
  }

  private static func holdsFragmentDefaults(_ bytes: MediaBytes, _ movie: Range<Int>) -> Bool {
    var position = movie.lowerBound + 8
    while position + 8 <= movie.upperBound {
      if FourCC(bytes.load(position + 4, as: UInt32.self)) == "mvex" { return true }
      let size = Int(bytes.load(position, as: UInt32.self))
      guard size >= 8 else { return false }
      position += size
    }
    return false
  }

  /// EBML header (RFC 8794 section 11.2) with DocType `matroska` or `webm`.
  private static func matroska(_ head: [UInt8]) -> Double {
    guard head.count >= 4, word(head, 0) == 0x1A45_DFA3 else { return 0 }
    let text = head.prefix(256)
    for name in ["matroska", "webm"] {
      let pattern = [0x42, 0x82, 0x80 | UInt8(name.utf8.count)] + Array(name.utf8)
      if text.indices.contains(where: { text[$0...].starts(with: pattern) }) { return 0.99 }
    }
    return 0.6
  }

  /// Sync bytes 188, 192 or 204 bytes apart (ISO/IEC 13818-1 section 2.4.3.2; M2TS, Reed-Solomon).
  private static func transportStream(_ head: [UInt8]) -> Double {
    for (stride, first) in [(188, 0), (192, 4), (204, 0)] {
      var count = 0
      var position = first
      while position < head.count, head[position] == 0x47, count < 10 {
        count += 1
        position += stride
      }
      // Fewer packets than ten are enough where the data ends.
      if count >= 3, count >= 10 || position >= head.count { return min(0.95, 0.5 + 0.05 * Double(count)) }
    }
    return 0
  }

  private static func wave(_ head: [UInt8]) -> Double {
    let isRiff = starts(head, "RIFF") || starts(head, "RF64") || starts(head, "BW64")
    return isRiff && starts(head, "WAVE", at: 8) ? 0.98 : 0
  }

  private static func flac(_ head: [UInt8]) -> Double {
    let start = afterTag(head)
    guard starts(head, "fLaC", at: start) else { return 0 }
    // The first metadata block is STREAMINFO of 34 bytes (RFC 9639 section 8.2).
    guard head.count >= start + 8 else { return 0.8 }
    return head[start + 4] & 0x7F == 0 && word(head, start + 4) & 0xFF_FFFF == 34 ? 0.98 : 0.5
  }

  /// Bytes of an ID3 version 2 tag at the start, sizes in 7 bits a byte (ID3v2.4 section 3.1).
  private static func afterTag(_ head: [UInt8]) -> Int {
    guard starts(head, "ID3"), head.count >= 10 else { return 0 }
    let size = head[6..<10].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
    return 10 + size + (head[5] & 0x10 != 0 ? 10 : 0)
  }

  /// Confidence from frames that follow each other without a gap, `length` giving the bytes of one.
  private static func frames(_ head: [UInt8], _ length: ([UInt8], Int) -> Int?) -> Double {
    let start = afterTag(head)
    var position = start
    var count = 0
    while count < 8, let size = length(head, position) {
      count += 1
      position += size
    }
    if count == 0 { return 0 }
    let hasTag = start > 0
    if count >= 3 { return min(0.9, 0.6 + 0.05 * Double(count)) + (hasTag ? 0.05 : 0) }
    return position >= head.count ? 0.5 : (hasTag ? 0.4 : 0.2)
  }

  /// MPEG audio frame (ISO/IEC 11172-3 section 2.4.2.3, 13818-3 for the low rates).
  private static func mpegAudioFrame(_ head: [UInt8], _ position: Int) -> Int? {
    guard position + 4 <= head.count else { return nil }
    let header = word(head, position)
    guard header >> 21 == 0x7FF else { return nil }
    let version = header >> 19 & 3
    let layer = header >> 17 & 3
    let rateIndex = header >> 12 & 15
    let frequencyIndex = header >> 10 & 3
    guard version != 1, layer != 0, rateIndex != 0, rateIndex != 15, frequencyIndex != 3 else { return nil }
    let frequency = [44_100, 48_000, 32_000][frequencyIndex] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
    let tables: [[Int]] = [
      [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
      [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
      [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
      [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
      [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]
    let isFirstVersion = version == 3
    let table = isFirstVersion ? 3 - layer : (layer == 3 ? 3 : 4)
    let bitsPerSecond = tables[table][rateIndex - 1] * 1000
    let padding = header >> 9 & 1
    switch layer {
    case 3: return (12 * bitsPerSecond / frequency + padding) * 4
    case 2: return 144 * bitsPerSecond / frequency + padding
    default: return (isFirstVersion ? 144 : 72) * bitsPerSecond / frequency + padding
    }
  }

  /// ADTS frame (ISO/IEC 13818-7 section 6.2).
  private static func adtsFrame(_ head: [UInt8], _ position: Int) -> Int? {
    guard position + 7 <= head.count, head[position] == 0xFF, head[position + 1] & 0xF6 == 0xF0 else { return nil }
    guard head[position + 2] >> 2 & 15 < 13 else { return nil }
    let length =
      Int(head[position + 3] & 3) << 11 | Int(head[position + 4]) << 3 | Int(head[position + 5]) >> 5
    return length >= 7 ? length : nil
  }
}
