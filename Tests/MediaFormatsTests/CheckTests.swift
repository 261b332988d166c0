import Foundation
import MediaFormats
import Testing

@Suite("The cross-check of manifests with media")
struct CheckTests {
  private static let ladder = repositoryFile("scenarios/media/")

  /// A copy of the ladder's folder in which one text of one file is replaced.
  private func check(
    _ manifest: String = "manifest.mpd", replacing old: String = "", with new: String = "", removing: String? = nil,
    cutting: String? = nil
  ) throws -> MediaCheck {
    let folder = NSTemporaryDirectory() + "ladder-\(UUID().uuidString)/"
    try FileManager.default.copyItem(atPath: Self.ladder, toPath: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let text = try String(contentsOfFile: folder + manifest, encoding: .utf8)
    if !old.isEmpty {
      try #require(text.contains(old))
      try text.replacingOccurrences(of: old, with: new).write(
        toFile: folder + manifest, atomically: false, encoding: .utf8)
    }
    if let removing { try FileManager.default.removeItem(atPath: folder + removing) }
    if let cutting {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + cutting))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: folder + cutting))
    }
    return try MediaCheck(manifest: folder + manifest)
  }

  private func errors(_ check: MediaCheck) -> Set<String> {
    Set(check.findings.filter { $0.severity == .error }.map { $0.check.rawValue })
  }

  @Test("the ladder of this repository has no error, by DASH and by HLS")
  func ladder() throws {
    for manifest in ["manifest.mpd", "master.m3u8"] {
      let check = try MediaCheck(manifest: Self.ladder + manifest)
      #expect(!check.hasErrors, "\(manifest): \(check.rows)")
    }
  }

  @Test("peaks above the declared bandwidth are noted with the numbers")
  func bandwidthNotes() throws {
    let check = try MediaCheck(manifest: Self.ladder + "manifest.mpd")
    let found = check.findings.filter { $0.check == .bandwidth }
    #expect(found.map(\.representation) == ["0", "1", "2", "3", "4"])
    #expect(found.first?.message.contains("declared 73503 bit/s, mean 70053, peak 83432") == true)
  }

  @Test("a missing segment is an error of that segment")
  func missing() throws {
    let check = try check(removing: "seg-2-003.m4s")
    let found = try #require(check.findings.first { $0.severity == .error })
    #expect((found.check, found.representation, found.segment, found.place) == (.file, "2", 2, "seg-2-003.m4s"))
    #expect(errors(check) == ["file"])
  }

  @Test("a segment that is cut, wrong durations, codecs and bandwidths are errors")
  func wrong() throws {
    #expect(try !check(cutting: "seg-2-003.m4s").findings.filter { $0.check == .media && $0.segment == 2 }.isEmpty)
    #expect(try errors(check(replacing: "d=\"49152\"", with: "d=\"61440\"")).isSuperset(of: ["duration"]))
    #expect(try errors(check(replacing: "avc1.64001f", with: "avc1.42c01e")) == ["codecs"])
    #expect(try errors(check(replacing: "mp4a.40.2", with: "ac-3")) == ["codecs"])
    #expect(try errors(check(replacing: "bandwidth=\"572880\"", with: "bandwidth=\"57288\"")) == ["bandwidth"])
    #expect(try errors(check("media_1.m3u8", replacing: "TARGETDURATION:4", with: "TARGETDURATION:2")) == ["manifest"])
    let gap = try check(replacing: "<S d=\"176128\" r=\"2\" />", with: "<S t=\"213000\" d=\"176128\" r=\"2\" />")
    #expect(gap.findings.contains { $0.check == .gap && $0.segment == 1 && $0.representation == "5" })
    #expect(gap.findings.contains { $0.check == .start && $0.representation == "5" })
  }

  @Test("a byte range that lands inside a box is an error", .enabled(if: ReferenceFiles.isPresent))
  func ranges() throws {
    let source = ReferenceFiles.folder + "dash-ondemand/"
    let folder = NSTemporaryDirectory() + "ondemand-\(UUID().uuidString)/"
    try FileManager.default.copyItem(atPath: source, toPath: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let whole = try MediaCheck(manifest: folder + "manifest.mpd")
    #expect(!whole.hasErrors, "\(whole.rows)")
    let text = try String(contentsOfFile: folder + "manifest.mpd", encoding: .utf8)
      .replacingOccurrences(of: "38552-78809", with: "38552-78808")
    try FileManager.default.removeItem(atPath: folder + "manifest.mpd")
    try text.write(toFile: folder + "manifest.mpd", atomically: false, encoding: .utf8)
    let broken = try MediaCheck(manifest: folder + "manifest.mpd")
    let found = broken.findings.filter { $0.check == .range }
    #expect(found.map(\.segment) == [1])
    #expect(found.first?.severity == .error)
  }

  @Test("a manifest whose chunks do not exist reports each of them", .enabled(if: ReferenceFiles.isPresent))
  func smooth() throws {
    let usable = try MediaCheck(manifest: ReferenceFiles.folder + "smooth/pres.ism/Manifest.t.xml")
    #expect(!usable.hasErrors, "\(usable.rows)")
    let broken = try MediaCheck(manifest: ReferenceFiles.folder + "smooth/pres.ism/Manifest")
    #expect(broken.findings.filter { $0.check == .file && $0.severity == .error }.count == 15)
  }
}
