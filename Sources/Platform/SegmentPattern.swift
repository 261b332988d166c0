public import IngestModel
public import PlayerModel
public import SimEngine

/// The real ladder as the catalog uses it: sizes of whole segments by rendition, measured from the fragments.
///
/// All renditions must cut at the same times, so that a player may change rendition at any segment.
public struct SegmentPattern: Sendable, Equatable {
  /// Media time of one segment.
  public let segmentDuration: SimDuration
  /// Segments in the pattern.
  public let patternLength: Int
  /// Bytes of each video rendition's segments, lowest rendition first.
  public let videoBytes: [[Int64]]
  /// Bytes of the audio segments; zeros where the ladder has no audio.
  public let audioBytes: [Int64]
  /// Pixels of each video rendition, width and height; zeros where they are not known.
  public let pictures: [PictureSize]
  /// Keyframes of the media that ingest cuts its titles like; `nil` where they are drawn.
  public var keyframes: KeyframeSource?
  /// Pictures of a segment, for sessions that are played frame by frame; `nil` where none are.
  public var frames: FramePattern?

  /// Most files that a title may have: renditions times codecs.
  public static let mostRepresentations = 63

  /// A pattern from explicit sizes, for tests and for ladders without files.
  ///
  /// - Precondition: every rendition has the same, positive number of segments.
  public init(
    segmentDuration: SimDuration, videoBytes: [[Int64]], audioBytes: [Int64], pictures: [PictureSize] = []
  ) {
    precondition(!videoBytes.isEmpty && !videoBytes[0].isEmpty, "a pattern has at least one rendition and one segment")
    precondition(videoBytes.allSatisfy { $0.count == videoBytes[0].count }, "renditions have equally many segments")
    precondition(audioBytes.count == videoBytes[0].count, "audio has as many segments as video")
    self.segmentDuration = segmentDuration
    self.patternLength = videoBytes[0].count
    self.videoBytes = videoBytes
    self.audioBytes = audioBytes
    self.pictures = pictures.isEmpty ? videoBytes.map { _ in PictureSize(width: 0, height: 0) } : pictures
    precondition(self.pictures.count == videoBytes.count, "every rendition has a picture size")
  }

  /// One rendition of one byte a second: what a run without viewers has.
  public static var none: SegmentPattern {
    SegmentPattern(segmentDuration: .seconds(1), videoBytes: [[1]], audioBytes: [0])
  }

  /// Video bytes at complexity 1, rendition-major, and the mean bit rate of each rendition.
  ///
  /// - Parameter rungs: mean bit rates in bits per second, or empty to keep the files' own.
  func videoBytes(scaledTo rungs: [Int64]) -> (bytes: [Double], bitsPerSecond: [Double]) {
    let patternS = segmentDuration.seconds * Double(patternLength)
    var bytes: [Double] = []
    var rates: [Double] = []
    for (rendition, sizes) in videoBytes.enumerated() {
      let own = Double(sizes.reduce(0, +)) * 8 / patternS
      let rate = rungs.isEmpty ? own : Double(rungs[rendition])
      rates.append(rate)
      for size in sizes { bytes.append(Double(size) * (rate / own)) }
    }
    return (bytes, rates)
  }

  /// What is wrong with a scenario's heights for this pattern, if anything is.
  public func objection(toHeights heights: [Int]) -> String? {
    if !heights.isEmpty, heights.count != videoBytes.count {
      return "\(heights.count) heights for \(videoBytes.count) video renditions"
    }
    for (lower, higher) in zip(heights, heights.dropFirst()) where lower > higher {
      return "heights must not fall, but \(lower) comes before \(higher)"
    }
    return nil
  }

  /// What is wrong with a scenario's rungs for this pattern, if anything is.
  public func objection(toRungs rungs: [Int64]) -> String? {
    if !rungs.isEmpty, rungs.count != videoBytes.count {
      return "\(rungs.count) rungs for \(videoBytes.count) video renditions"
    }
    let rates = videoBytes(scaledTo: rungs).bitsPerSecond
    for (lower, higher) in zip(rates, rates.dropFirst()) where lower >= higher {
      return "rungs must ascend, but \(Int64(lower)) bit/s comes before \(Int64(higher)) bit/s"
    }
    return nil
  }
}

/// Size of a picture in pixels.
public struct PictureSize: Sendable, Hashable {
  /// Pixels of a line.
  public var width: Int
  /// Lines.
  public var height: Int

  /// A size.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// Millions of pixels.
  public var megapixels: Double { Double(width) * Double(height) / 1e6 }
}
