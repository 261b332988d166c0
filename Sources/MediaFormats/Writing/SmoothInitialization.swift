/// Makes the initialisation segment that Smooth Streaming leaves out, from what the manifest says about a quality
/// level ([MS-SSTR] section 2.2.2.5).
public enum SmoothInitialization {
  /// The bytes of an initialisation segment for the fragments of a representation.
  ///
  /// - Parameter trackID: the track_ID that the fragments carry, 1 unless they say otherwise.
  /// - Throws: `MediaError` for codecs that cannot be set up from the manifest, and for broken CodecPrivateData.
  public static func bytes(_ representation: Representation, trackID: UInt32 = 1) throws(MediaError) -> [UInt8] {
    guard let quality = representation.smooth else {
      throw MediaError(.missing, at: 0, "representation \(representation.id) is not from a Smooth Streaming manifest")
    }
    var track: TrackDescription
    switch quality.fourCC.uppercased() {
    case "H264", "AVC1", "DAVC", "X264":
      track = video(trackID, representation, try avcEntry(quality, representation))
    case "HVC1", "HEV1", "H265", "HEVC":
      track = video(trackID, representation, try hevcEntry(quality, representation))
    case "AACL", "AACH", "AACP", "MP4A":
      track = TrackDescription(id: trackID, kind: .audio, timescale: 0, sampleEntry: try aacEntry(quality))
    default:
      throw MediaError(.value, at: 0, "no initialisation segment can be made for FourCC \"\(quality.fourCC)\"")
    }
    track.timescale = UInt32(clamping: quality.timescale)
    if quality.language.utf8.count == 3 { track.language = quality.language }
    return try InitializationWriter.bytes([track])
  }

  private static func video(_ id: UInt32, _ representation: Representation, _ entry: [UInt8]) -> TrackDescription {
    var track = TrackDescription(id: id, kind: .video, timescale: 0, sampleEntry: entry)
    track.width = representation.width ?? 0
    track.height = representation.height ?? 0
    return track
  }

  private static func visualEntry(
    _ type: FourCC, _ representation: Representation, _ configuration: FourCC, _ box: some BoxFields
  ) throws(MediaError) -> [UInt8] {
    var entry = VisualSampleEntry()
    entry.width = UInt16(clamping: representation.width ?? 0)
    entry.height = UInt16(clamping: representation.height ?? 0)
    var builder = BoxBuilder()
    try builder.box(type, entry) { (children: inout BoxBuilder) throws(MediaError) in
      try children.box(configuration, box)
    }
    return builder.bytes
  }

  private static func avcEntry(
    _ quality: SmoothQuality, _ representation: Representation
  ) throws(MediaError) -> [UInt8] {
    var box = AVCConfigurationBox()
    for unit in AnnexB.units(quality.codecPrivateData) {
      // nal_unit_type (ISO/IEC 14496-10 table 7-1): 7 sequence, 8 picture parameter set.
      switch unit[0] & 31 {
      case 7: box.sequenceSets.append(.owned(unit))
      case 8: box.pictureSets.append(.owned(unit))
      default: break
      }
    }
    guard case .owned(let sequence)? = box.sequenceSets.first, sequence.count >= 4, !box.pictureSets.isEmpty,
      box.sequenceSets.count < 32, box.pictureSets.count < 256
    else { throw MediaError(.missing, at: 0, "CodecPrivateData holds no sequence and picture parameter sets of H.264") }
    (box.profile, box.compatibility, box.level) = (sequence[1], sequence[2], sequence[3])
    box.lengthSize = 0xFC | UInt8(clamping: max(1, min(4, quality.lengthFieldSize)) - 1)
    box.sequenceSetCount = 0xE0 | UInt8(box.sequenceSets.count)
    box.pictureSetCount = UInt8(box.pictureSets.count)
    return try visualEntry("avc1", representation, "avcC", box)
  }

  private static func hevcEntry(
    _ quality: SmoothQuality, _ representation: Representation
  ) throws(MediaError) -> [UInt8] {
    let units = AnnexB.units(quality.codecPrivateData).filter { $0.count > 2 }
    guard let box = HEVCParameterSets(units).configuration(lengthFieldSize: quality.lengthFieldSize) else {
      throw MediaError(.missing, at: 0, "CodecPrivateData holds no video, sequence and picture parameter sets of HEVC")
    }
    return try visualEntry(quality.fourCC.uppercased() == "HEV1" ? "hev1" : "hvc1", representation, "hvcC", box)
  }

  private static func aacEntry(_ quality: SmoothQuality) throws(MediaError) -> [UInt8] {
    let specific = quality.codecPrivateData.isEmpty ? try audioConfiguration(quality) : quality.codecPrivateData
    guard specific.count >= 2, specific.count <= 64 else {
      throw MediaError(.value, at: 0, "CodecPrivateData of \(specific.count) bytes is not an AudioSpecificConfig")
    }
    var entry = AudioSampleEntry()
    entry.channelCount = UInt16(clamping: quality.channels == 0 ? Int(specific[1] >> 3 & 15) : quality.channels)
    entry.sampleSize = UInt16(clamping: quality.bitsPerSample)
    entry.sampleRate = UInt32(clamping: min(quality.samplingRate, 65_535)) << 16
    // ISO/IEC 14496-1 section 7.2.6: ES_Descriptor > DecoderConfigDescriptor > DecoderSpecificInfo, SLConfigDescriptor.
    let decoder = [5, UInt8(specific.count)] + specific
    let configuration = [4, UInt8(13 + decoder.count), 0x40, 0x15] + [UInt8](repeating: 0, count: 11) + decoder
    let layer: [UInt8] = [6, 1, 2]
    var box = ElementaryStreamBox()
    box.descriptor = .owned([3, UInt8(3 + configuration.count + layer.count), 0, 0, 0] + configuration + layer)
    var builder = BoxBuilder()
    try builder.box("mp4a", entry) { (children: inout BoxBuilder) throws(MediaError) in
      try children.box("esds", box)
    }
    return builder.bytes
  }

  /// AudioSpecificConfig from rate and channels where the manifest has none (ISO/IEC 14496-3 table 1.16).
  private static func audioConfiguration(_ quality: SmoothQuality) throws(MediaError) -> [UInt8] {
    let rates = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350]
    guard let rate = rates.firstIndex(of: quality.samplingRate), (1...7).contains(quality.channels) else {
      throw MediaError(
        .missing, at: 0,
        "no CodecPrivateData, and \(quality.samplingRate) Hz with \(quality.channels) channels has no code")
    }
    // AAC low complexity (2), rate index, channels, and three zero bits.
    let bits = UInt16(2) << 11 | UInt16(rate) << 7 | UInt16(quality.channels) << 3
    return [UInt8(bits >> 8), UInt8(truncatingIfNeeded: bits)]
  }
}

/// The byte stream format of H.264 and HEVC (ISO/IEC 14496-10 annex B): units between start codes.
enum AnnexB {
  /// NAL units without start codes and trailing zeros; empty ones are left out.
  static func units(_ bytes: [UInt8]) -> [[UInt8]] {
    var starts: [Int] = []
    var position = 0
    while position + 3 <= bytes.count {
      if bytes[position] == 0, bytes[position + 1] == 0, bytes[position + 2] == 1 {
        starts.append(position)
        position += 3
      } else {
        position += 1
      }
    }
    return starts.enumerated().compactMap { index, start in
      var unit = bytes[start + 3..<(index + 1 < starts.count ? starts[index + 1] : bytes.count)]
      while unit.last == 0 { unit.removeLast() }
      return unit.isEmpty ? nil : Array(unit)
    }
  }
}
