import Foundation
import Testing

@Suite("Results are whole or not there")
struct SafetyTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  /// Checks that every file that has its name is whole.
  private func expectWhole(_ folder: String) throws {
    let manager = FileManager.default
    guard manager.fileExists(atPath: folder) else { return }
    for name in try manager.contentsOfDirectory(atPath: folder) where !name.hasPrefix(".") && name != "charts" {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
      if name == "run.json" {
        _ = try JSONSerialization.jsonObject(with: bytes)
      } else if name.hasSuffix(".csv") {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let columns = lines[0].split(separator: ",").count
        #expect(lines.last == "", "\(name) ends with a line")
        #expect(lines.dropLast().last?.split(separator: ",", omittingEmptySubsequences: false).count == columns)
      } else if name == "report.html" {
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("</html>\n"))
      }
    }
  }

  @Test("kill -9 at any moment leaves whole files only, and a rerun completes to the same bytes")
  func killed() throws {
    let scratch = try Scratch()
    let arguments = [smoke, "--until", "8min", "--replications", "2", "--jobs", "1", "--quiet"]
    let start = Date()
    #expect(try Tool.call(arguments + ["--out", "\(scratch.path)/whole"]).status == 0)
    let duration = Date().timeIntervalSince(start)
    var kills = 0
    for moment in 1...12 {
      let result = try Tool.call(
        arguments + ["--out", "\(scratch.path)/killed"],
        meanwhile: { process in
          Thread.sleep(forTimeInterval: duration * Double(moment) / 11)
          kill(process.processIdentifier, SIGKILL)
        })
      kills += result.status == SIGKILL ? 1 : 0
      try expectWhole("\(scratch.path)/killed")
    }
    #expect(kills > 0)
    #expect(try Tool.call(arguments + ["--out", "\(scratch.path)/killed"]).status == 0)
    let hidden = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/killed").filter {
      $0.hasPrefix(".")
    }
    #expect(hidden == [])
    let (whole, again) = (try scratch.files("whole"), try scratch.files("killed"))
    #expect(whole.keys.sorted() == again.keys.sorted())
    for name in whole.keys.sorted() where name != "run.json" { #expect(whole[name] == again[name], "\(name)") }
  }

  @Test("two runs into one folder do not mix: the second is told who writes there")
  func locked() throws {
    let scratch = try Scratch()
    let folder = "\(scratch.path)/shared"
    let first = try Tool.call(
      [Tool.path("scenarios/peak.json"), "--out", folder, "--jobs", "1", "--quiet"],
      meanwhile: { process in
        defer { process.interrupt() }
        while process.isRunning, !FileManager.default.fileExists(atPath: "\(folder)/.lock") {
          Thread.sleep(forTimeInterval: 0.02)
        }
        let second = try Tool.call(smoke, "--until", "6min", "--out", folder)
        #expect(second.status == 74)
        #expect(second.errors.contains("another run (process \(process.processIdentifier)) writes into this folder"))
        #expect(second.errors.contains("--out"))
      })
    #expect(first.status == 130)
  }
}
