/// Reads movie fragments into the tables of their tracks (ISO/IEC 14496-12 section 8.8).
struct FragmentReader {
  let source: MediaBytes
  let tree: BoxTree
  /// True if the tracks come from a `moov`, so that an unknown track is a fault.
  let hasMovie: Bool
  var tracks: [MediaTrack]
  var log: DiagnosticLog
  private(set) var fragments: [MovieFragment] = []
  /// True if sample bytes should lie in this file: it holds payload at all.
  private let holdsPayload: Bool

  init(_ source: MediaBytes, _ tree: BoxTree, tracks: [MediaTrack], hasMovie: Bool, log: DiagnosticLog) {
    self.source = source
    self.tree = tree
    self.tracks = tracks
    self.hasMovie = hasMovie
    self.log = log
    holdsPayload = tree.roots.contains { tree.records[$0].type == "mdat" }
  }

  mutating func read() throws(MediaError) {
    for root in tree.roots where tree.records[root].type == "moof" {
      // A fragment that the end of the file cuts has no children in the tree.
      guard Int(tree.records[root].subtreeEnd) > root + 1 else { continue }
      try readFragment(root)
    }
  }

  private mutating func readFragment(_ root: Int) throws(MediaError) {
    let record = tree.records[root]
    var fragment = MovieFragment(offset: record.offset, size: record.size)
    let number = fragments.count + 1
    // Where a traf without a base of its own starts: after the data of the traf before it (section 8.8.7.1).
    var previousEnd: Int64?
    var next = root + 1
    while next < Int(record.subtreeEnd) {
      let child = tree.records[next]
      if child.type == "mfhd" {
        fragment.sequenceNumber = try tree.fields(MovieFragmentHeaderBox.self, at: next, in: source).sequenceNumber
      } else if child.type == "traf" {
        fragment.tracks.append(
          try readTrackFragment(next, number, base: Int64(record.offset), previousEnd: &previousEnd))
      }
      next = Int(child.subtreeEnd)
    }
    fragments.append(fragment)
  }

  private mutating func violation(_ index: Int, _ message: String) {
    log.violation(at: tree.records[index].offset, path: tree.path(of: index), message)
  }

  private mutating func trackIndex(_ id: UInt32, _ traf: Int) -> Int {
    if let index = tracks.firstIndex(where: { $0.id == id }) { return index }
    if hasMovie { violation(traf, "tfhd names track \(id), which the moov does not have") }
    tracks.append(MediaTrack(id: id))
    return tracks.count - 1
  }

  private mutating func readTrackFragment(
    _ traf: Int, _ number: Int, base moofOffset: Int64, previousEnd: inout Int64?
  ) throws(MediaError) -> TrackFragment {
    guard let headerIndex = tree.child("tfhd", of: traf) else {
      throw MediaError(
        .missing, at: tree.records[traf].offset, path: tree.path(of: traf), "tfhd is missing")
    }
    let header = try tree.fields(TrackFragmentHeaderBox.self, at: headerIndex, in: source)
    let track = trackIndex(header.trackID, traf)
    let defaults = resolve(header, tracks[track].defaults)
    var base = moofOffset
    if header.flags & TrackFragmentHeaderBox.hasBaseDataOffset != 0 {
      if let explicit = Int64(exactly: header.baseDataOffset) {
        base = explicit
      } else {
        violation(headerIndex, "base_data_offset \(header.baseDataOffset) lies beyond 63 bits")
      }
    } else if header.flags & TrackFragmentHeaderBox.defaultBaseIsMoof == 0, let previousEnd {
      base = previousEnd
    }
    // The table moves out of the track while it grows, so that it is never copied.
    var samples = SampleTable()
    swap(&samples, &tracks[track].samples)
    defer { swap(&samples, &tracks[track].samples) }
    var result = TrackFragment(
      trackID: header.trackID, flags: header.flags, baseDataOffset: header.baseDataOffset,
      rows: samples.count..<samples.count, startDecodeTime: 0, endDecodeTime: 0, duration: 0, bytes: 0)
    if let index = tree.child("tfdt", of: traf) {
      let box = try tree.fields(TrackFragmentDecodeTimeBox.self, at: index, in: source)
      result.decodeTime = box.baseMediaDecodeTime
      result.decodeTimeVersion = box.version
      if let time = Int64(exactly: box.baseMediaDecodeTime) {
        samples.seek(toDecodeTime: time)
      } else {
        violation(index, "decode time \(box.baseMediaDecodeTime) lies beyond 63 bits")
      }
    }
    result.startDecodeTime = samples.endDecodeTime
    samples.setOrigin(SampleOrigin(fragment: number, description: defaults.description))
    let before = (duration: samples.totalDuration, bytes: samples.totalBytes)
    var position = base
    var next = traf + 1
    while next < Int(tree.records[traf].subtreeEnd) {
      let record = tree.records[next]
      switch record.type {
      case "trun":
        try readRun(next, defaults, base: base, position: &position, &samples, &result)
      case "uuid":
        try readSmooth(next, &result)
      case "senc":
        checkEncryption(next, vectorSize: tracks[track].vectorSize)
      default: break
      }
      next = Int(record.subtreeEnd)
    }
    previousEnd = position
    result.rows = result.rows.lowerBound..<samples.count
    result.endDecodeTime = samples.endDecodeTime
    result.duration = samples.totalDuration - before.duration
    result.bytes = samples.totalBytes - before.bytes
    return result
  }

  /// Defaults of the fragment where it has them, else those of the track.
  private func resolve(_ header: TrackFragmentHeaderBox, _ track: FragmentDefaults) -> FragmentDefaults {
    var result = track
    if header.flags & TrackFragmentHeaderBox.hasDescriptionIndex != 0 {
      result.description = max(0, Int(header.sampleDescriptionIndex) - 1)
    }
    if header.flags & TrackFragmentHeaderBox.hasDuration != 0 { result.duration = header.sampleDuration }
    if header.flags & TrackFragmentHeaderBox.hasSize != 0 { result.size = header.sampleSize }
    if header.flags & TrackFragmentHeaderBox.hasFlags != 0 { result.flags = header.sampleFlags }
    return result
  }

  /// Bit of the sample flags that marks a sample at which decoding cannot start (section 8.8.3.1).
  private static let nonSync: UInt32 = 0x1_0000

  private mutating func readRun(
    _ index: Int, _ defaults: FragmentDefaults, base: Int64, position: inout Int64, _ samples: inout SampleTable,
    _ result: inout TrackFragment
  ) throws(MediaError) {
    var box = TrackRunBox()
    var decoder = FieldDecoder(source, tree.records[index].payload)
    do { try box.visit(&decoder) } catch { throw tree.located(error, at: index) }
    if decoder.remaining > 0 { violation(index, "\(decoder.remaining) bytes after the last sample") }
    result.runs.append(
      TrackFragment.Run(
        flags: box.flags, version: box.version, count: box.count, dataOffset: box.dataOffset,
        firstSampleFlags: box.firstSampleFlags))
    if box.stride == 0, Int(box.count) > ProgressiveTables.plausibleSamples(fileSize: source.count) {
      throw MediaError(
        .count, at: tree.records[index].offset, path: tree.path(of: index),
        "trun claims \(box.count) samples in a file of \(source.count) bytes")
    }
    if box.flags & TrackRunBox.hasDataOffset != 0 {
      let (sum, overflow) = base.addingReportingOverflow(Int64(box.dataOffset))
      if overflow || sum < 0 {
        violation(index, "data_offset \(box.dataOffset) leads before the start of the file")
      }
      position = overflow ? base : sum
    }
    guard box.count > 0 else { return }
    samples.seek(toOffset: position)
    if result.firstOffset == nil { result.firstOffset = position }
    let bytesBefore = samples.totalBytes
    guard append(box, defaults, &samples) else {
      violation(index, "times or offsets of the samples lie beyond 63 bits")
      return
    }
    position += samples.totalBytes - bytesBefore
    if holdsPayload, position > Int64(source.count) {
      violation(index, "samples end at byte \(position), after the end of the file")
    }
  }

  /// Appends the samples of a run; false if a sum leaves 63 bits.
  @inline(__always)
  private func append(_ box: TrackRunBox, _ defaults: FragmentDefaults, _ samples: inout SampleTable) -> Bool {
    let hasFirst = box.flags & (TrackRunBox.hasFirstFlags | TrackRunBox.hasFlags) == TrackRunBox.hasFirstFlags
    let firstSync = (hasFirst ? box.firstSampleFlags : defaults.flags) & Self.nonSync == 0
    let restSync = defaults.flags & Self.nonSync == 0
    let count = Int(box.count)
    guard box.stride > 0, case .mapped(let offset, _) = box.entries else {
      return samples.append(
        count: 1, duration: defaults.duration, size: defaults.size, compositionOffset: 0, isSync: firstSync)
        && samples.append(
          count: count - 1, duration: defaults.duration, size: defaults.size, compositionOffset: 0, isSync: restSync)
    }
    let hasDuration = box.flags & TrackRunBox.hasDuration != 0
    let hasSize = box.flags & TrackRunBox.hasSize != 0
    let hasFlags = box.flags & TrackRunBox.hasFlags != 0
    let hasOffset = box.flags & TrackRunBox.hasCompositionOffset != 0
    var entry = offset
    for row in 0..<count {
      var duration = defaults.duration
      var size = defaults.size
      var isSync = row == 0 ? firstSync : restSync
      var composition: Int32 = 0
      if hasDuration {
        duration = source.load(entry, as: UInt32.self)
        entry += 4
      }
      if hasSize {
        size = source.load(entry, as: UInt32.self)
        entry += 4
      }
      if hasFlags {
        isSync = source.load(entry, as: UInt32.self) & Self.nonSync == 0
        entry += 4
      }
      if hasOffset {
        composition = source.load(entry, as: Int32.self)
        entry += 4
      }
      guard
        samples.append(count: 1, duration: duration, size: size, compositionOffset: composition, isSync: isSync)
      else { return false }
    }
    return true
  }

  /// Reports a `senc` whose entries cannot hold a vector for each of its samples (ISO/IEC 23001-7 section 7.2).
  private mutating func checkEncryption(_ index: Int, vectorSize: Int?) {
    guard let vectorSize, let box = try? tree.fields(SampleEncryptionBox.self, at: index, in: source) else { return }
    // A subsample count of 16 bits follows each vector where flag 2 is set.
    let least = vectorSize + (box.flags & 2 != 0 ? 2 : 0)
    if Int(box.count) * least > box.entries.count {
      violation(index, "senc lists \(box.count) samples of at least \(least) bytes in \(box.entries.count)")
    }
  }

  private func readSmooth(_ index: Int, _ result: inout TrackFragment) throws(MediaError) {
    let payload = tree.records[index].payload
    switch source.copy(payload.lowerBound - 16..<payload.lowerBound) {
    case BoxCatalog.smoothFragmentTime:
      let box = try tree.fields(SmoothFragmentTimeBox.self, at: index, in: source)
      result.smoothTime = (box.time, box.duration)
    case BoxCatalog.smoothNextFragments:
      let box = try tree.fields(SmoothNextFragmentsBox.self, at: index, in: source)
      guard case .mapped(let offset, _) = box.entries else { return }
      for row in 0..<Int(box.count) {
        if box.version == 1 {
          let entry = offset + row * 16
          result.smoothNext.append(
            (source.load(entry, as: UInt64.self), source.load(entry + 8, as: UInt64.self)))
        } else {
          let entry = offset + row * 8
          result.smoothNext.append(
            (UInt64(source.load(entry, as: UInt32.self)), UInt64(source.load(entry + 4, as: UInt32.self))))
        }
      }
    default: break
    }
  }
}
