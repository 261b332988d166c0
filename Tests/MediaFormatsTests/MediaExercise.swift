// What fuzzing does with an input: every parser of the module, and the promises that hold for any bytes.

import MediaFormats
import TextFormats

/// Runs all parsers over some bytes.
enum MediaExercise {
  /// A promise that does not hold; parsers' own errors are no failures.
  struct BrokenPromise: Error {
    var what: String
  }

  /// Most samples and segments that are walked, so that one input stays cheap.
  private static let walked = 5000

  static func run(_ input: [UInt8]) throws {
    let bytes = MediaBytes(input)
    _ = ContainerSniffer.claims(bytes)
    if let first = input.first, first == UInt8(ascii: "<") || first == UInt8(ascii: "#") || first == 0xEF {
      try manifest(input)
    } else {
      try media(bytes, input)
    }
  }

  private static func media(_ bytes: MediaBytes, _ input: [UInt8]) throws {
    let file: MediaFile
    do { file = try MediaFile(bytes) } catch {
      if error.offset < 0 || error.message.isEmpty { throw BrokenPromise(what: "a fault without a place") }
      return
    }
    for track in file.tracks {
      var count = 0
      var previous: Int64?
      for sample in track.samples.samples.prefix(walked) {
        count += 1
        if let previous, sample.origin.fragment == 0, sample.decodeTime < previous {
          throw BrokenPromise(what: "decode times of sample tables go back")
        }
        previous = sample.decodeTime
      }
      if count != min(walked, track.samples.count) { throw BrokenPromise(what: "samples are counted wrongly") }
      if track.samples.count > 0 {
        // Random access agrees with the walk.
        let row = track.samples.count / 2
        let cursor = Array(track.samples.samples(in: row..<row + 1))
        if cursor.count != 1 { throw BrokenPromise(what: "a sample in the middle cannot be reached") }
      }
      if let timeline = EditTimeline(track, movieTimescale: file.movie?.timescale ?? 0) {
        for sample in track.samples.samples.prefix(20) { _ = timeline.presentations(of: sample) }
      }
    }
    for index in file.indexes { _ = try? SegmentIndex.entries(of: index, among: file.indexes) }
    if file.tracks.allSatisfy({ $0.samples.count <= walked }) { _ = MediaInspection(file).json }
    let rewritten = try MediaRewriter(file).bytes()
    if file.diagnostics.allSatisfy({ $0.severity != .violation }), rewritten != input {
      throw BrokenPromise(what: "a file without violations is not rewritten byte for byte")
    }
    if input.count < 20_000 { _ = try? MediaFile(bytes, initialization: file) }
  }

  private static func manifest(_ input: [UInt8]) throws {
    let presentation: Presentation
    do { presentation = try Presentation(text: input, source: "fuzz") } catch {
      if error.diagnostics.isEmpty { throw BrokenPromise(what: "an error without a finding") }
      return
    }
    for track in presentation.tracks {
      for representation in track.representations {
        for segment in representation.segments.prefix(200) {
          if segment.duration < .zero { throw BrokenPromise(what: "a segment with a negative duration") }
        }
        _ = representation.segments.last
        _ = try? SmoothInitialization.bytes(representation)
      }
    }
    guard presentation.tracks.allSatisfy({ $0.representations.allSatisfy { $0.segments.count <= walked } }) else {
      return
    }
    _ = SegmentRows.rows(presentation)
    if let text = try? DASHWriter.text(presentation) {
      let copy = try? Presentation(text: Array(text.utf8), source: "copy")
      let old = presentation.tracks.flatMap { $0.representations.map(\.segments.count) }
      if let copy, copy.tracks.flatMap({ $0.representations.map(\.segments.count) }) != old {
        throw BrokenPromise(what: "a written manifest reads back with other segments")
      }
    }
    _ = try? SmoothWriter.text(presentation)
  }
}
