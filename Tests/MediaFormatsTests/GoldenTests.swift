import Foundation
import MediaFormats
import Testing

@Suite("Real files against their references", .enabled(if: ReferenceFiles.isPresent, "the reference folder is absent"))
struct GoldenTests {
  @Test("boxes, tracks, fragments, indexes and events equal the reference of every file")
  func inspection() throws {
    let media = ReferenceFiles.goldenMedia
    #expect(media.count > 150)
    for path in media {
      let golden = try ReferenceFiles.object(ReferenceFiles.folder + "golden/" + path + ".json")
      let text = try MediaInspection(
        path: ReferenceFiles.folder + path, initialization: ReferenceFiles.initialization(of: path, golden)
      ).json
      let actual = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      for key in ["boxes", "fragments", "sidx", "emsg"] {
        let found = difference(golden[key] ?? NSNull(), actual[key] ?? NSNull(), at: key)
        #expect(found == nil, "\(path)")
      }
      if var tracks = golden["tracks"] as? [[String: Any]] {
        // The reference names protected entries by their outer type; its second opinion names what is inside.
        let inner = golden["bento_codecs"] as? [String: [String]] ?? [:]
        for index in tracks.indices where (tracks[index]["codec"] as? String)?.hasPrefix("enc") == true {
          tracks[index]["codec"] = inner["\(tracks[index]["id"] ?? 0)"]?.first
        }
        let found = difference(tracks, actual["tracks"] ?? NSNull(), at: "tracks")
        #expect(found == nil, "\(path)")
      }
      if var smooth = golden["smooth"] as? [String: Any] {
        smooth["bento_trun_equal"] = nil
        let found = difference(smooth, actual["smooth"] ?? NSNull(), at: "smooth")
        #expect(found == nil, "\(path)")
      }
    }
  }

  @Test("sample tables equal the reference of every file")
  func samples() throws {
    var compared = 0
    for path in ReferenceFiles.goldenMedia {
      let list = ReferenceFiles.folder + "golden/" + path + ".samples.csv"
      guard FileManager.default.fileExists(atPath: list) else { continue }
      let golden = try ReferenceFiles.object(ReferenceFiles.folder + "golden/" + path + ".json")
      let expected = try ReferenceFiles.lines(list)
      let rows = try SampleRows(
        path: ReferenceFiles.folder + path, initialization: ReferenceFiles.initialization(of: path, golden))
      let width = expected[0].split(separator: ",").count
      let actual = rows.map { $0.prefix(width).joined(separator: ",") }
      #expect(actual.count == expected.count - 1, "\(path)")
      let mismatch = zip(expected.dropFirst(), actual).first { $0.0 != $0.1 }
      #expect(mismatch == nil, "\(path)")
      compared += 1
    }
    #expect(compared > 120)
  }

  @Test("decoding and encoding every file gives the same bytes")
  func rewriting() throws {
    for path in ReferenceFiles.goldenMedia {
      let bytes = try MediaBytes(path: ReferenceFiles.folder + path)
      let rewritten = try MediaRewriter(MediaFile(bytes)).bytes()
      #expect(rewritten == bytes.copy(0..<bytes.count), "\(path)")
    }
  }

  @Test("strict reading accepts every valid file")
  func strictness() throws {
    for path in ReferenceFiles.goldenMedia {
      let golden = try ReferenceFiles.object(ReferenceFiles.folder + "golden/" + path + ".json")
      let initialization = try ReferenceFiles.initialization(of: path, golden).map { try MediaFile(path: $0) }
      #expect(throws: Never.self, "\(path)") {
        try MediaFile(path: ReferenceFiles.folder + path, initialization: initialization, mode: .strict)
      }
    }
  }
}

@Suite("Indexes at the end of files", .enabled(if: ReferenceFiles.isPresent, "the reference folder is absent"))
struct RandomAccessTests {
  @Test("random access points lead to fragments of their tracks; ones that lead nowhere are remarked")
  func points() throws {
    var checked = 0
    for path in ReferenceFiles.goldenMedia {
      let file = try MediaFile(path: ReferenceFiles.folder + path)
      let remarks = file.diagnostics.filter { $0.path == "mfra/tfra" }
      // mp4ff inserted an index before the fragments of this file and left the old offsets behind.
      if path == "files/mp4ff_add_sidx.mp4" {
        #expect(remarks.count == file.randomAccessPoints.count)
        continue
      }
      #expect(remarks.isEmpty, "\(path)")
      for point in file.randomAccessPoints {
        let fragment = file.fragments.first { $0.offset == Int(point.fragmentOffset) }
        #expect(fragment?.tracks.contains { $0.trackID == point.trackID } == true, "\(path)")
        #expect(point.trackFragmentNumber >= 1 && point.runNumber >= 1 && point.sampleNumber >= 1)
        checked += 1
      }
    }
    #expect(checked > 50)
  }
}
