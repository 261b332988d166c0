/// The movie-wide facts of an initialisation segment or a progressive file.
public struct MediaMovie: Sendable {
  /// Ticks a second of movie time; 0 if the header is missing or broken.
  public internal(set) var timescale: UInt32 = 0
  /// Declared length, movie ticks.
  public internal(set) var duration: UInt64 = 0
  /// Length that `mehd` declares for all fragments, movie ticks.
  public internal(set) var fragmentDuration: UInt64?
  /// True if `mvex` announces fragments.
  public internal(set) var isFragmented = false
}

/// Reads a `moov`: the movie, its tracks, and the sample tables of progressive files.
struct MovieReader {
  let source: MediaBytes
  let tree: BoxTree
  let root: Int
  var log: DiagnosticLog

  mutating func read() throws(MediaError) -> (MediaMovie, [MediaTrack]) {
    var movie = MediaMovie()
    if let header = tree.child("mvhd", of: root) {
      let box = try tree.fields(MovieHeaderBox.self, at: header, in: source)
      movie.timescale = box.timescale
      movie.duration = box.duration
    } else {
      violation(root, "mvhd is missing")
    }
    var tracks: [MediaTrack] = []
    for index in tree.children(of: root) where tree.records[index].type == "trak" {
      guard let track = try readTrack(index) else { continue }
      if tracks.contains(where: { $0.id == track.id }) {
        violation(index, "track_ID \(track.id) is used twice")
      }
      tracks.append(track)
    }
    if let extends = tree.child("mvex", of: root) {
      movie.isFragmented = true
      if let header = tree.child("mehd", of: extends) {
        movie.fragmentDuration =
          try tree.fields(MovieExtendsHeaderBox.self, at: header, in: source).fragmentDuration
      }
      for index in tree.children(of: extends) where tree.records[index].type == "trex" {
        let box = try tree.fields(TrackExtendsBox.self, at: index, in: source)
        guard let track = tracks.firstIndex(where: { $0.id == box.trackID }) else {
          violation(index, "trex names track \(box.trackID), which does not exist")
          continue
        }
        tracks[track].defaults = FragmentDefaults(
          description: max(0, Int(box.sampleDescriptionIndex) - 1), duration: box.sampleDuration,
          size: box.sampleSize, flags: box.sampleFlags)
      }
    }
    return (movie, tracks)
  }

  private mutating func violation(_ index: Int, _ message: String) {
    log.violation(at: tree.records[index].offset, path: tree.path(of: index), message)
  }

  private mutating func readTrack(_ index: Int) throws(MediaError) -> MediaTrack? {
    var track = MediaTrack(id: 0)
    if let header = tree.child("tkhd", of: index) {
      let box = try tree.fields(TrackHeaderBox.self, at: header, in: source)
      track.id = box.trackID
      track.movieDuration = box.isDurationUnknown ? UInt64.max : box.duration
    } else {
      violation(index, "tkhd is missing")
    }
    guard let media = tree.child("mdia", of: index) else {
      violation(index, "mdia is missing")
      return nil
    }
    if let header = tree.child("mdhd", of: media) {
      let box = try tree.fields(MediaHeaderBox.self, at: header, in: source)
      track.timescale = box.timescale
      track.declaredDuration = box.duration
      track.language = box.languageText
    } else {
      violation(media, "mdhd is missing")
    }
    if let handler = tree.child("hdlr", of: media) {
      track.kind = MediaKind(handler: try tree.fields(HandlerBox.self, at: handler, in: source).handler)
    } else {
      violation(media, "hdlr is missing")
    }
    if let list = tree.descendant("edts", "elst", of: index) { track.edits = try readEdits(list) }
    guard let table = tree.descendant("minf", "stbl", of: media) else {
      violation(media, "minf/stbl is missing")
      return track
    }
    try readEntry(table, &track)
    var tables = ProgressiveTables(source: source, tree: tree, table: table, log: log)
    let samples = try tables.build()
    log = tables.log
    track.samples = samples
    track.movieSampleCount = samples.count
    return track
  }

  private func readEdits(_ index: Int) throws(MediaError) -> [MediaEdit] {
    let box = try tree.fields(EditListBox.self, at: index, in: source)
    guard case .mapped(let offset, _) = box.entries else { return [] }
    var edits: [MediaEdit] = []
    for row in 0..<Int(box.count) {
      if box.version == 1 {
        let entry = offset + row * 20
        edits.append(
          MediaEdit(
            segmentDuration: source.load(entry, as: UInt64.self), mediaTime: source.load(entry + 8, as: Int64.self),
            rate: source.load(entry + 16, as: Int32.self)))
      } else {
        let entry = offset + row * 12
        edits.append(
          MediaEdit(
            segmentDuration: UInt64(source.load(entry, as: UInt32.self)),
            mediaTime: Int64(source.load(entry + 4, as: Int32.self)), rate: source.load(entry + 8, as: Int32.self)))
      }
    }
    return edits
  }

  private mutating func readEntry(_ table: Int, _ track: inout MediaTrack) throws(MediaError) {
    guard let list = tree.child("stsd", of: table) else { throw missing(table, "stsd is missing") }
    var entries = tree.children(of: list)
    guard let entry = entries.next() else {
      violation(list, "stsd lists no sample entry")
      return
    }
    let codecs = CodecString(source, tree)
    track.sampleEntry = tree.records[entry].type
    track.codec = codecs.name(ofEntry: entry)
    if let box = try entryFields(VisualSampleEntry.self, entry) {
      track.size = (Int(box.width), Int(box.height))
    } else if let box = try entryFields(AudioSampleEntry.self, entry) {
      track.audio = (Int(box.channelCount), Int(box.sampleRate >> 16), Int(box.sampleSize))
    }
    if let box = tree.descendant("sinf", "schi", "tenc", of: entry) {
      track.vectorSize = Int(try tree.fields(TrackEncryptionBox.self, at: box, in: source).vectorSize)
    }
  }

  private func entryFields<B: BoxFields>(_ type: B.Type, _ entry: Int) throws(MediaError) -> B? {
    guard tree.fieldType(of: entry, in: source) == type else { return nil }
    return try tree.fields(B.self, at: entry, in: source)
  }

  private func missing(_ index: Int, _ message: String) -> MediaError {
    MediaError(.missing, at: tree.records[index].offset, path: tree.path(of: index), message)
  }
}
