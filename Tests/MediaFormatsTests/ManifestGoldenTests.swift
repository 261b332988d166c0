import Foundation
import MediaFormats
import TextFormats
import Testing

@Suite("Manifests against their references", .enabled(if: ReferenceFiles.isPresent, "the reference folder is absent"))
struct ManifestGoldenTests {
  @Test("segments of every manifest equal the reference, times as exact fractions")
  func segments() throws {
    let folder = ReferenceFiles.folder + "golden/"
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".segments.csv") }
    #expect(names.count >= 15)
    for name in names.sorted() {
      let manifest = ReferenceFiles.folder + name.dropLast(".segments.csv".count)
      let expected = try ReferenceFiles.lines(folder + name).dropFirst().map(Self.normalized)
      let actual = try SegmentRows.rows(manifest: manifest).map { $0.joined(separator: "|") }
      #expect(actual == expected, "\(name)")
    }
  }

  /// Unquoted, `|` between fields, fractions in lowest terms.
  private static func normalized(_ line: String) -> String {
    var fields = [""]
    var quoted = false
    for character in line {
      if character == "\"" {
        quoted.toggle()
      } else if character == ",", !quoted {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    for index in fields.indices.suffix(2) {
      let parts = fields[index].split(separator: "/")
      guard parts.count == 2, let ticks = Int64(parts[0]), let scale = Int64(parts[1]) else { continue }
      fields[index] = RationalTime(ticks: ticks, timescale: scale).description
    }
    return fields.joined(separator: "|")
  }

  @Test("malformed manifests are refused where they must be, with a place, and read where they may be")
  func malformed() throws {
    let folder = ReferenceFiles.folder + "malformed/manifests/"
    let cases = try #require(try ReferenceFiles.json(folder + "expect.json") as? [[String: Any]])
    for entry in cases {
      let name = try #require(entry["name"] as? String)
      let expected = entry["expect"] as? String
      do {
        let rows = try SegmentRows.rows(manifest: folder + name)
        #expect(expected != "error", "\(name): \(rows.count) rows")
      } catch let error as InputError {
        #expect(expected != "ok", "\(name): \(error)")
        #expect(error.diagnostics.allSatisfy { $0.place.line != nil }, "\(name): \(error)")
      }
    }
  }
}

@Suite("Malformed media", .enabled(if: ReferenceFiles.isPresent, "the reference folder is absent"))
struct MalformedMediaTests {
  private static var cases: [(name: String, expect: String, level: String)] {
    let list = (try? ReferenceFiles.json(ReferenceFiles.folder + "malformed/expect.json")) as? [[String: Any]] ?? []
    return list.map { ("\($0["name"] ?? "")", "\($0["expect"] ?? "")", "\($0["level"] ?? "")") }
  }

  /// Everything a verb does with a file: reading, describing, listing samples, rewriting.
  private static func exercise(_ path: String, _ mode: MediaFile.Mode) throws {
    let file = try MediaFile(path: path, mode: mode)
    _ = MediaInspection(file).json
    for _ in SampleRows(file) {}
    _ = try MediaRewriter(file).bytes()
  }

  @Test("every mutant has the outcome that it must have")
  func outcomes() throws {
    #expect(Self.cases.count >= 66)
    for (name, expect, level) in Self.cases {
      let path = ReferenceFiles.folder + "malformed/\(name).mp4"
      do {
        try Self.exercise(path, .lenient)
        #expect(!(expect == "error" && level == "must"), "\(name) was accepted")
      } catch let error as InputError {
        #expect(!(expect == "ok" && level == "must"), "\(name): \(error)")
        #expect(error.diagnostics.allSatisfy { $0.place.byteOffset != nil }, "\(name): \(error)")
      }
    }
  }

  @Test("strict reading refuses what tolerant players swallow, and nothing that is right")
  func strictness() throws {
    for (name, expect, _) in Self.cases where expect != "either" {
      let path = ReferenceFiles.folder + "malformed/\(name).mp4"
      do {
        try Self.exercise(path, .strict)
        #expect(expect != "error", "\(name) was accepted")
      } catch let error as InputError {
        #expect(expect != "ok", "\(name): \(error)")
      }
    }
  }
}
