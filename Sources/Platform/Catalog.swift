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
  /// Video bytes at complexity 1 by rendition and pattern position, rendition-major.
  private let videoBytes: [Double]
  /// Audio bytes by pattern position.
  private let audioBytes: [Int64]
  private let patternLength: Int

  /// Video renditions.
  var renditionCount: Int { rungBitsPerSecond.count }

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
    videoBytes = scaled.bytes
    rungBitsPerSecond = scaled.bitsPerSecond
    let weights = ZipfMandelbrot(
      count: regular, exponent: settings.popularity.exponent, shift: settings.popularity.shift
    ).probabilities
    popularity = weights + (premiere == nil ? [] : [0])
    titleSampler = AliasTable(weights: weights)
  }

  /// Bytes of a segment: video of a rendition and the audio that goes with it.
  @inline(__always)
  func bytes(title: Int, rendition: Int, segment: Int) -> Int64 {
    let position = (Int(patternStarts[title]) + segment) % patternLength
    let video = videoBytes[rendition * patternLength + position] * complexities[title]
    return Int64(video.rounded()) + audioBytes[position]
  }

  /// Bytes of the segment that a key names.
  @inline(__always)
  func bytes(of key: SegmentKey) -> Int64 {
    bytes(title: key.title, rendition: key.representation, segment: key.segment)
  }

  /// Bytes of a whole file: every segment of a title in one rendition.
  func fileBytes(title: Int, rendition: Int) -> Int64 {
    let segments = Int(segmentCounts[title])
    var pattern: Int64 = 0
    for segment in 0..<patternLength { pattern += bytes(title: title, rendition: rendition, segment: segment) }
    var total = pattern * Int64(segments / patternLength)
    for segment in 0..<(segments % patternLength) {
      total += bytes(title: title, rendition: rendition, segment: segment)
    }
    return total
  }

  /// Media time of so many segments.
  func mediaTime(segments: Int) -> SimDuration {
    SimDuration(nanoseconds: segmentDuration.nanoseconds * Int64(segments))
  }
}
