import Foundation
import Testing

/// The example under reports/, made again: what the repository shows is what its source does.
@Suite(
  "The checked-in example",
  .enabled(
    if: FileManager.default.fileExists(atPath: Tool.path("reports/example/run.json")),
    "reports/example is not there; `make example` makes it"))
struct ExampleTests {
  private static let folder = Tool.path("reports/example")

  /// The value of a top-level member of a run.json, as written.
  private func member(_ name: String, of manifest: String) -> Substring? {
    manifest.split(separator: "\n").first { $0.hasPrefix("  \"\(name)\": ") }
  }

  @Test("a rerun has its digest and every byte of its tables; `make example` remakes it after a change of the model")
  func rerun() throws {
    let scratch = try Scratch()
    let made = try Tool.shell(
      "scripts/remake-example '\(Tool.executable.path)' '\(scratch.path)/example'", in: Tool.root.path)
    #expect(made.status == 0, "\(made.errors)")
    let here = try scratch.files("example")
    for (name, text) in here where name.hasSuffix(".csv") {
      let kept = try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8)
      #expect(text == kept, "\(name)")
    }
    let kept = try String(contentsOfFile: "\(Self.folder)/run.json", encoding: .utf8)
    for name in ["digest", "event_count", "scenario_sha256"] {
      let value = try #require(member(name, of: kept))
      #expect(here["run.json"].flatMap { member(name, of: $0) } == value)
    }
  }

  @Test("it is small, whole, and tells nothing about the machine that made it")
  func files() throws {
    let page = try String(contentsOfFile: "\(Self.folder)/report.html", encoding: .utf8)
    #expect(page.utf8.count < 1_000_000)
    for match in page.matches(of: #/href="([^"#]+)"/#) {
      #expect(FileManager.default.fileExists(atPath: "\(Self.folder)/\(match.1)"), "\(match.1)")
    }
    let manifest = try String(contentsOfFile: "\(Self.folder)/run.json", encoding: .utf8)
    #expect(manifest.contains("\"status\": \"complete\""))
    for word in ["\"machine\"", "\"host\"", "/tmp", "/home", "/root"] { #expect(!manifest.contains(word), "\(word)") }
  }
}
