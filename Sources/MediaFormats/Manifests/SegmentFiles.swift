import TextFormats

/// Opens the segments that a manifest lists as media, each with its initialisation segment: what a player does before it
/// takes samples out.
///
/// Initialisation segments are read once. For Smooth Streaming, which has none, they are made from CodecPrivateData
/// ([MS-SSTR] section 2.2.2.5) with the track number that the fragments carry.
public struct SegmentFiles {
  private let folder: LocalResources
  private var initializations: [ResourceRange: MediaFile] = [:]
  private var synthesised: [String: MediaFile] = [:]

  /// The files beside a manifest.
  public init(manifest path: String) { folder = LocalResources(manifest: path) }

  /// A segment of a representation.
  ///
  /// - Throws: `FileError` for files that cannot be read, `InputError` for ones that cannot be understood, that are
  ///   shorter than the manifest says, or that are not beside the manifest.
  public mutating func media(_ segment: Segment, of representation: Representation) throws -> MediaFile {
    try folder.media(segment.resource, initialization: try initialization(of: segment, representation))
  }

  private mutating func initialization(
    of segment: Segment, _ representation: Representation
  ) throws -> MediaFile? {
    if representation.smooth != nil { return try synthesisedInitialization(of: segment, representation) }
    guard let resource = segment.initialization ?? representation.initialization else { return nil }
    if let known = initializations[resource] { return known }
    let read = try folder.media(resource)
    initializations[resource] = read
    return read
  }

  private mutating func synthesisedInitialization(
    of segment: Segment, _ representation: Representation
  ) throws -> MediaFile {
    if let known = synthesised[representation.id] { return known }
    let fragment = try folder.media(segment.resource).fragments.first?.tracks.first
    let made: MediaFile
    do {
      made = try MediaFile(MediaBytes(try SmoothInitialization.bytes(representation, trackID: fragment?.trackID ?? 1)))
    } catch {
      throw InputError(InputPlace(source: folder.folder, path: representation.id), error.message)
    }
    synthesised[representation.id] = made
    return made
  }

  /// Where the samples of a segment begin on the presentation's timeline, if the media itself does not tell: fragments
  /// of Smooth Streaming without a decode time count from their own start.
  public static func start(of media: MediaFile, _ segment: Segment, of representation: Representation) -> RationalTime?
  {
    guard let quality = representation.smooth, let fragment = media.fragments.first?.tracks.first,
      fragment.decodeTime == nil
    else { return nil }
    guard let time = fragment.smoothTime.flatMap({ Int64(exactly: $0.time) }) else { return segment.start }
    return RationalTime(ticks: time, timescale: quality.timescale)
  }
}
