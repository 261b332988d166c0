import CDNModel
import MediaFormats
import SimEngine

/// Every title with its length, popularity and segment sizes; shared by all sites and never changed.
///
/// Segment sizes follow the real ladder: a title repeats the ladder's segments from its own starting point, each
/// rendition scaled to its rung, all scaled by the title's complexity.
final class Catalog: Sendable {
  /// Titles, a premiere last.
  let titleCount: Int
  /// The title released by the premiere, if there is one.
  let premiereTitle: Int?
  /// Media time of one segment.
  let segmentDuration: SimDuration
  /// Mean bit rate of each video rendition at complexity 1, lowest first, bits per second.
  let rungBitsPerSecond: [Double]
  /// Segments of each title.
  let segmentCounts: [Int32]
  /// Factor on a title's video bit rates, mean 1.
  let complexities: [Double]
  /// Relative request weight of each regular title; the premiere's is 0 here because it has its own arrivals.
  let popularity: [Double]
  /// Draws titles in proportion to `popularity`.
  let titleSampler: AliasTable

  /// Position in the ladder's pattern of each title's first segment.
  private let patternStarts: [Int32]
  /// Video bytes at complexity 1 by representation and pattern position, representation-major.
  private let videoBytes: [Double]
  /// Audio bytes by pattern position.
  private let audioBytes: [Int64]
  private let patternLength: Int

  /// Names of the codecs, the one that every title has first.
  let codecNames: [String]
  /// Bit rate of each codec at the same quality, relative to the ladder's.
  let codecRates: [Double]
  /// How many of the most popular titles are there in each codec.
  private let titlesInCodec: [Int]
  /// Picture of each rendition.
  let pictures: [PictureSize]

  /// Video renditions of one codec.
  var renditionCount: Int { rungBitsPerSecond.count }
  /// Video files of a title that is there in every codec.
  var representationCount: Int { renditionCount * codecRates.count }

  /// Number of the file of a rendition in a codec: codec by codec, renditions ascending.
  @inline(__always)
  func representation(rendition: Int, codec: Int) -> Int { codec * renditionCount + rendition }

  /// Whether a title is there in a codec.
  func isEncoded(title: Int, codec: Int) -> Bool { title == premiereTitle || title < titlesInCodec[codec] }

  /// Builds the titles of a scenario; the same for every replication, so that these differ in their viewers only.
  init(settings: CatalogSettings, premiere: PremiereSettings?, media: SegmentPattern, seed: UInt64) {
    var stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "catalog", purpose: "titles"))
    let regular = settings.titles
    let total = regular + (premiere == nil ? 0 : 1)
    let segmentDuration = media.segmentDuration
    let segmentNs = Double(segmentDuration.nanoseconds)
    let shares = settings.lengths.reduce(0) { $0 + $1.share }
    var counts: [Int32] = []
    var complexities: [Double] = []
    var starts: [Int32] = []
    counts.reserveCapacity(total)
    complexities.reserveCapacity(total)
    starts.reserveCapacity(total)
    for _ in 0..<regular {
      var pick = stream.uniform() * shares
      var component = settings.lengths[settings.lengths.count - 1]
      for candidate in settings.lengths {
        if pick < candidate.share {
          component = candidate
          break
        }
        pick -= candidate.share
      }
      let lengthNs = stream.lognormal(mean: Double(component.mean.nanoseconds), cv: component.cv)
      counts.append(Int32(max(1, min(1_000_000, (lengthNs / segmentNs).rounded()))))
      complexities.append(stream.lognormal(mean: 1, cv: settings.complexityCV))
      starts.append(Int32(stream.below(UInt64(media.patternLength))))
    }
    if let premiere {
      counts.append(Int32(max(1, (Double(premiere.length.nanoseconds) / segmentNs).rounded())))
      complexities.append(1)
      starts.append(0)
    }
    titleCount = total
    premiereTitle = premiere == nil ? nil : regular
    self.segmentDuration = segmentDuration
    segmentCounts = counts
    self.complexities = complexities
    patternStarts = starts
    patternLength = media.patternLength
    audioBytes = media.audioBytes
    let scaled = media.videoBytes(scaledTo: settings.rungsBitsPerSecond)
    videoBytes = (settings.codecs.isEmpty ? [1] : settings.codecs.map(\.rate)).flatMap { rate in
      scaled.bytes.map { $0 * rate }
    }
    rungBitsPerSecond = scaled.bitsPerSecond
    let codecs = settings.codecs.isEmpty ? [CodecSettings()] : settings.codecs
    codecNames = codecs.map(\.name)
    codecRates = codecs.map(\.rate)
    titlesInCodec = codecs.map { Int(($0.titles * Double(regular)).rounded()) }
    pictures = media.pictures.enumerated().map { rendition, size in
      guard !settings.heights.isEmpty else { return size }
      let height = settings.heights[rendition]
      let shape = size.height > 0 ? Double(size.width) / Double(size.height) : 16 / 9
      return PictureSize(width: Int((Double(height) * shape).rounded()), height: height)
    }
    let weights = ZipfMandelbrot(
      count: regular, exponent: settings.popularity.exponent, shift: settings.popularity.shift
    ).probabilities
    popularity = weights + (premiere == nil ? [] : [0])
    titleSampler = AliasTable(weights: weights)
  }

  /// Bytes of a segment: video of a representation and the audio that goes with it.
  @inline(__always)
  func bytes(title: Int, representation: Int, segment: Int) -> Int64 {
    let position = (Int(patternStarts[title]) + segment) % patternLength
    let video = videoBytes[representation * patternLength + position] * complexities[title]
    return Int64(video.rounded()) + audioBytes[position]
  }

  /// Bytes of a whole file: every segment of a title in one representation.
  func fileBytes(title: Int, representation: Int) -> Int64 {
    let segments = Int(segmentCounts[title])
    var pattern: Int64 = 0
    for segment in 0..<patternLength {
      pattern += bytes(title: title, representation: representation, segment: segment)
    }
    var total = pattern * Int64(segments / patternLength)
    for segment in 0..<(segments % patternLength) {
      total += bytes(title: title, representation: representation, segment: segment)
    }
    return total
  }

  /// Media time of so many segments.
  func mediaTime(segments: Int) -> SimDuration {
    SimDuration(nanoseconds: segmentDuration.nanoseconds * Int64(segments))
  }
}
