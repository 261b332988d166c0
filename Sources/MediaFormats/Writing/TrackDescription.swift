/// What an initialisation segment says about one track.
public struct TrackDescription: Sendable {
  /// track_ID, not zero.
  public var id: UInt32
  /// What it holds.
  public var kind: MediaKind
  /// Media ticks a second.
  public var timescale: UInt32
  /// Three lower-case letters.
  public var language = "und"
  /// Pixels; 0 for sound.
  public var width = 0
  /// Pixels; 0 for sound.
  public var height = 0
  /// The sample entry, a whole box.
  public var sampleEntry: [UInt8]

  /// A track with its sample entry.
  public init(id: UInt32, kind: MediaKind, timescale: UInt32, sampleEntry: [UInt8]) {
    self.id = id
    self.kind = kind
    self.timescale = timescale
    self.sampleEntry = sampleEntry
  }

  /// The description of a track that was read, its first sample entry copied.
  ///
  /// - Returns: `nil` if the file does not hold the track's `moov`.
  public init?(_ track: MediaTrack, in file: MediaFile) {
    guard let timescale = track.timescale, let entry = Self.entry(of: track.id, in: file) else { return nil }
    self.init(
      id: track.id, kind: track.kind, timescale: timescale,
      sampleEntry: file.bytes.copy(file.tree.records[entry].range))
    language = track.language
    width = track.size?.width ?? 0
    height = track.size?.height ?? 0
  }

  private static func entry(of id: UInt32, in file: MediaFile) -> Int? {
    let tree = file.tree
    guard let movie = tree.roots.first(where: { tree.records[$0].type == "moov" }) else { return nil }
    for index in tree.children(of: movie) where tree.records[index].type == "trak" {
      guard let header = tree.child("tkhd", of: index),
        let box = try? tree.fields(TrackHeaderBox.self, at: header, in: file.bytes), box.trackID == id,
        let list = tree.descendant("mdia", "minf", "stbl", "stsd", of: index)
      else { continue }
      return tree.children(of: list).first { _ in true }
    }
    return nil
  }
}
