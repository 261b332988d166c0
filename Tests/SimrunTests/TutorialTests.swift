import Foundation
import Testing

@Suite("The tutorial")
struct TutorialTests {
  @Test("every command of docs/tutorial.md does what it should, in order")
  func commands() throws {
    let scratch = try Scratch()
    try FileManager.default.copyItem(atPath: Tool.path("scenarios"), toPath: "\(scratch.path)/scenarios")
    let page = try String(contentsOfFile: Tool.path("docs/tutorial.md"), encoding: .utf8)
    let blocks = page.matches(of: #/```sh\n([^`]+)```/#).map { String($0.1) }
    #expect(blocks.count == 10)
    for block in blocks {
      // `set -e` spares a command behind `!`; such a line must fail, so its success is turned into an end.
      let script =
        "set -eu\nPATH=\(Tool.executable.deletingLastPathComponent().path):$PATH\n"
        + block.replacing(#/(?m)^! (.+)$/#) { "if \($0.1); then exit 99; fi" }
      let result = try Tool.shell(script, in: scratch.path)
      #expect(result.status == 0, "\(block)\n\(result.output)\n\(result.errors)")
    }
    for file in ["first/report.html", "choices/compare.csv", "choices/report.html", "disks/compare.csv"] {
      #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/reports/\(file)"), "\(file)")
    }
  }
}

@Suite("The first minute")
struct FirstMinuteTests {
  @Test("doctor names what simrun runs with, and how to get what is missing")
  func doctor() throws {
    let result = try Tool.call("doctor")
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("what,status,detail,advice\n"))
    #expect(result.output.contains("SQLite,ok"))
    #expect(!result.output.contains(",missing,"))
    let bare = try Tool.shell("PATH=/nosuch \(Tool.executable.path) doctor", in: "/tmp")
    #expect(bare.status == 0)
    #expect(bare.output.contains("apt-get install parallel"))
  }

  @Test("completions are scripts that their shells read, and know every verb", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) throws {
    let script = try Tool.call("completions", shell)
    #expect(script.status == 0)
    for verb in ["run", "compare", "sweep", "doctor"] { #expect(script.output.contains(verb)) }
    if try Tool.shell("command -v \(shell)", in: "/tmp").status == 0 {
      let scratch = try Scratch()
      let file = try scratch.write(script.output, to: "completions")
      #expect(try Tool.shell("\(shell) -n \(file)", in: scratch.path).status == 0)
    }
    #expect(try Tool.call("completions", "tcsh").status == 2)
  }

  @Test("the manual page describes every verb and exit status")
  func manual() throws {
    let page = try Tool.call("man")
    #expect(page.status == 0)
    #expect(page.output.hasPrefix(".TH SIMRUN 1"))
    for part in [".SH EXIT STATUS", ".SS sweep plan", ".SS run", "fail\\-if"] { #expect(page.output.contains(part)) }
  }

  @Test("simrun alone says what it is and gives three commands to try")
  func alone() throws {
    let result = try Tool.call([])
    #expect(result.status == 0)
    #expect(result.output.contains("simulator of a video-streaming platform"))
    #expect(result.output.components(separatedBy: "\n  simrun ").count - 1 >= 3)
  }
}
