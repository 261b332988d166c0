import IngestModel
import Testing
import TextFormats

@Suite("Settings of ingest")
struct SettingsTests {
  private func decode(_ text: String) throws -> IngestSettings {
    try SettingsDecoder.decode(IngestSettings.self, from: JSONText(parsing: text, source: "test.json"))
  }

  private func message(_ text: String) -> String {
    do {
      _ = try decode(text)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test("an empty table is the default, and printing it gives a table that decodes to the same")
  func defaults() throws {
    let settings = try decode("{}")
    #expect(settings == IngestSettings())
    let printed = IngestSettings.settings.resolved(settings).text(indented: true)
    #expect(try decode(printed) == settings)
  }

  @Test("a chunk length over 10 s is refused with its place", arguments: ["shortest", "longest"])
  func longChunks(key: String) {
    let text = message("{\"chunks\": {\n  \"\(key)\": \"11s\"}}")
    #expect(text.contains("test.json:2"), "\(text)")
    #expect(text.contains("10.0s"), "\(text)")
  }

  @Test(
    "contradictions are refused, each with its key",
    arguments: [
      ("{\"chunks\": {\"shortest\": \"6s\", \"longest\": \"5s\"}}", "shortest"),
      ("{\"classes\": [{\"priority\": \"catalog\", \"share\": 0}]}", "classes"),
      ("{\"uploads\": \"-3/h\"}", "uploads"),
      ("{\"upload\": \"sync\"}", "synchronous"),
      ("{\"scheduler\": {\"speculate_after\": 0.5}}", "speculate_after"),
      ("{\"workers\": {\"count\": 0}}", "count"),
      ("{\"transfer\": {\"part_failure\": 1}}", "part_failure"),
      ("{\"planned\": [{\"name\": \"a\", \"at\": \"20:00\", \"length\": \"1h\"}]}", "deadline"),
      ("{\"worker\": {}}", "workers"),
    ])
  func contradictions(text: String, key: String) {
    let found = message(text)
    #expect(found.contains(key), "\(found)")
  }
}
