/// A sample to be written.
public struct SampleToWrite: Sendable {
  /// Media ticks.
  public var duration: UInt32
  /// Composition time less decode time, media ticks.
  public var compositionOffset: Int32
  /// True if decoding can start here.
  public var isSync: Bool
  /// Payload.
  public var payload: [UInt8]

  /// A sample.
  public init(duration: UInt32, compositionOffset: Int32 = 0, isSync: Bool, payload: [UInt8]) {
    self.duration = duration
    self.compositionOffset = compositionOffset
    self.isSync = isSync
    self.payload = payload
  }
}

/// Writes media segments: a movie fragment and its payload (ISO/IEC 14496-12 section 8.8).
///
/// One data offset is computed in one place, from sizes that are known before anything is written. Values that all
/// samples of a run share go into the defaults. The same samples give the same bytes.
public struct FragmentWriter: Sendable {
  /// Flags of a sample at which decoding can start: depends on no other.
  static let syncFlags: UInt32 = 0x0200_0000
  /// Flags of any other sample: depends on others, not a sync sample.
  static let otherFlags: UInt32 = 0x0101_0000

  /// Samples of one track in one fragment.
  public struct Part: Sendable {
    /// track_ID.
    public var trackID: UInt32
    /// Decode time of the first sample, media ticks.
    public var decodeTime: UInt64
    /// Samples in decode order.
    public var samples: [SampleToWrite]

    /// A part.
    public init(trackID: UInt32, decodeTime: UInt64, samples: [SampleToWrite]) {
      self.trackID = trackID
      self.decodeTime = decodeTime
      self.samples = samples
    }
  }

  /// Sequence number of the next fragment.
  public private(set) var sequenceNumber: UInt32

  /// A writer that starts with a sequence number.
  public init(sequenceNumber: UInt32 = 1) { self.sequenceNumber = sequenceNumber }

  /// A fragment with the samples of one or more tracks.
  ///
  /// - Throws: `MediaError` if payload or offsets exceed what the fields hold.
  public mutating func fragment(_ parts: [Part]) throws(MediaError) -> [UInt8] {
    var header = MovieFragmentHeaderBox()
    header.sequenceNumber = sequenceNumber
    let tables = parts.map { Self.table($0.samples) }
    // Every field has its final width already, so the size does not depend on the offsets.
    let size = try Self.movieFragment(header, parts, tables, offsets: parts.map { _ in 0 }).count
    let payloadSize = parts.reduce(0) { $0 + $1.samples.reduce(0) { $0 + $1.payload.count } }
    let payloadHeader = payloadSize > Int(UInt32.max) - 8 ? 16 : 8
    var offsets: [Int32] = []
    var position = size + payloadHeader
    for part in parts {
      guard let offset = Int32(exactly: position) else {
        throw MediaError(.overflow, at: position, path: "moof/traf/trun", "cannot write: the payload exceeds 2 GiB")
      }
      offsets.append(offset)
      position += part.samples.reduce(0) { $0 + $1.payload.count }
    }
    var output = try Self.movieFragment(header, parts, tables, offsets: offsets)
    output.reserveCapacity(output.count + payloadHeader + payloadSize)
    output += Self.payloadHeader(size: payloadSize, isLarge: payloadHeader == 16)
    for part in parts {
      for sample in part.samples { output += sample.payload }
    }
    sequenceNumber &+= 1
    return output
  }

  private static func payloadHeader(size: Int, isLarge: Bool) -> [UInt8] {
    var header = PackedEntries()
    header.append32(isLarge ? 1 : UInt32(size + 8))
    header.append32(FourCC("mdat").code)
    if isLarge {
      let total = UInt64(size + 16)
      header.append32(UInt32(truncatingIfNeeded: total >> 32))
      header.append32(UInt32(truncatingIfNeeded: total))
    }
    return header.bytes
  }

  private static func movieFragment(
    _ header: MovieFragmentHeaderBox, _ parts: [Part], _ tables: [(TrackFragmentHeaderBox, TrackRunBox)],
    offsets: [Int32]
  ) throws(MediaError) -> [UInt8] {
    var builder = BoxBuilder()
    try builder.box("moof") { (moof: inout BoxBuilder) throws(MediaError) in
      try moof.box("mfhd", header)
      for index in parts.indices {
        var (defaults, run) = tables[index]
        defaults.trackID = parts[index].trackID
        run.dataOffset = offsets[index]
        var time = TrackFragmentDecodeTimeBox()
        time.baseMediaDecodeTime = parts[index].decodeTime
        try moof.box("traf") { (traf: inout BoxBuilder) throws(MediaError) in
          try traf.box("tfhd", defaults)
          try traf.box("tfdt", time)
          try traf.box("trun", run)
        }
      }
    }
    return builder.bytes
  }

  /// The smallest run for the samples: what is equal for all becomes a default.
  private static func table(_ samples: [SampleToWrite]) -> (TrackFragmentHeaderBox, TrackRunBox) {
    var defaults = TrackFragmentHeaderBox()
    var run = TrackRunBox()
    run.flags = TrackRunBox.hasDataOffset
    run.count = UInt32(clamping: samples.count)
    guard let first = samples.first else { return (defaults, run) }
    if samples.allSatisfy({ $0.duration == first.duration }) {
      defaults.flags |= TrackFragmentHeaderBox.hasDuration
      defaults.sampleDuration = first.duration
    } else {
      run.flags |= TrackRunBox.hasDuration
    }
    if samples.allSatisfy({ $0.payload.count == first.payload.count }) {
      defaults.flags |= TrackFragmentHeaderBox.hasSize
      defaults.sampleSize = UInt32(clamping: first.payload.count)
    } else {
      run.flags |= TrackRunBox.hasSize
    }
    let rest = samples.dropFirst()
    defaults.flags |= TrackFragmentHeaderBox.hasFlags
    if let second = rest.first, !rest.allSatisfy({ $0.isSync == second.isSync }) {
      run.flags |= TrackRunBox.hasFlags
    } else {
      defaults.sampleFlags = flags((rest.first ?? first).isSync)
      if let second = rest.first, second.isSync != first.isSync {
        run.flags |= TrackRunBox.hasFirstFlags
        run.firstSampleFlags = flags(first.isSync)
      }
    }
    if samples.contains(where: { $0.compositionOffset != 0 }) { run.flags |= TrackRunBox.hasCompositionOffset }
    // Negative offsets need the signed form; a reader of version 0 takes them for huge.
    if samples.contains(where: { $0.compositionOffset < 0 }) { run.version = 1 }
    var entries = PackedEntries()
    for sample in samples {
      if run.flags & TrackRunBox.hasDuration != 0 { entries.append32(sample.duration) }
      if run.flags & TrackRunBox.hasSize != 0 { entries.append32(UInt32(clamping: sample.payload.count)) }
      if run.flags & TrackRunBox.hasFlags != 0 { entries.append32(flags(sample.isSync)) }
      if run.flags & TrackRunBox.hasCompositionOffset != 0 {
        entries.append32(UInt32(bitPattern: sample.compositionOffset))
      }
    }
    run.entries = entries.field
    return (defaults, run)
  }

  private static func flags(_ isSync: Bool) -> UInt32 { isSync ? syncFlags : otherFlags }
}
