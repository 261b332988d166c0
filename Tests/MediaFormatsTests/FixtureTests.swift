import Foundation
import Testing

@testable import MediaFormats

@Suite("Small real files of this repository")
struct FixtureTests {
  static let names = [
    "headers_v1.mp4", "hier_sidx.mp4", "two_truns.mp4", "emsg_v0_v1.mp4", "stz2_16.mp4", "unknown_boxes.mp4",
    "av1_frag.mp4", "vp9.mp4", "hevc_hvc1.mp4", "flac.mp4", "mp3.mp4", "quicktime.mov",
  ]
  private static let folder = repositoryFile("Tests/Fixtures/")

  @Test("description, samples and rewritten bytes equal the reference", arguments: names)
  func golden(_ name: String) throws {
    let golden = try ReferenceFiles.object(Self.folder + "golden/\(name).json")
    let file = try MediaFile(path: Self.folder + name, mode: .strict)
    let actual = try #require(
      try JSONSerialization.jsonObject(with: Data(MediaInspection(file).json.utf8)) as? [String: Any])
    for key in ["boxes", "tracks", "fragments", "sidx", "emsg"] {
      let found = difference(golden[key] ?? NSNull(), actual[key] ?? NSNull(), at: key)
      #expect(found == nil)
    }
    let expected = try ReferenceFiles.lines(Self.folder + "golden/\(name).samples.csv")
    #expect(SampleRows(file).map { $0.joined(separator: ",") } == Array(expected.dropFirst()))
    #expect(SampleRows.columns.joined(separator: ",") == expected[0])
    #expect(try MediaRewriter(file).bytes() == file.bytes.copy(0..<file.bytes.count))
  }

  @Test("indexes of indexes lead to the fragments, which ffmpeg 5.1 refuses to read")
  func hierarchicalIndex() throws {
    let file = try MediaFile(path: Self.folder + "hier_sidx.mp4")
    let entries = try SegmentIndex.entries(of: file.indexes[0], among: file.indexes)
    #expect(entries.map(\.range) == [872..<2423, 2475..<3385])
    #expect(entries.map(\.range.lowerBound) == file.fragments.map(\.offset))
    #expect(entries.map(\.time) == [0, 10000])
  }

  @Test("a file cut anywhere is refused or read in part, never more")
  func truncation() throws {
    let whole = try MediaBytes(path: Self.folder + "two_truns.mp4")
    let complete = try MediaFile(whole)
    for length in stride(from: 0, to: whole.count, by: 13) {
      guard let file = try? MediaFile(MediaBytes(whole.copy(0..<length))) else { continue }
      #expect(file.fragments.count <= complete.fragments.count)
      #expect(file.tracks.reduce(0) { $0 + $1.samples.count } <= 20)
      #expect(file.diagnostics.contains { $0.severity == .violation } || [32, 764].contains(length))
    }
    // Fragments before the cut stay usable.
    let cut = try MediaFile(MediaBytes(whole.copy(0..<whole.count - 700)))
    #expect(cut.tracks[0].samples.count >= 10)
  }

  @Test("samples in the middle of a table are the same as on the way there")
  func randomAccess() throws {
    for name in Self.names {
      let file = try MediaFile(path: Self.folder + name)
      for track in file.tracks {
        let all = Array(track.samples.samples)
        for row in all.indices {
          #expect(Array(track.samples.samples(in: row..<row + 1)) == [all[row]])
        }
        #expect(track.samples.bytes(in: 0..<all.count) == all.reduce(0) { $0 + Int64($1.size) })
      }
    }
  }

  @Test("measuring, writing and printing visit the same fields")
  func coders() throws {
    for name in Self.names {
      let file = try MediaFile(path: Self.folder + name)
      #expect(file.describedBoxes.count > 15)
      for (path, fields) in file.describedBoxes {
        var encoder = FieldEncoder(source: file.bytes)
        var copy: any BoxFields = fields
        try copy.visit(&encoder)
        #expect(encoder.output.count == fields.encodedSize, "\(name) \(path)")
        #expect(!fields.printed(source: file.bytes).isEmpty, "\(name) \(path)")
      }
    }
  }
}
