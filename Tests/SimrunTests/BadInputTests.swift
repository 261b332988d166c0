import Foundation
import Testing

@Suite("Bad input")
struct BadInputTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  @Test(
    "a wrong value is refused with its key and what was meant",
    arguments: [
      ("viewers.x=1", "viewers.x"), ("viewers.memberships=-5", "viewers.memberships"),
      ("network.edge_link=3GB", "network.edge_link"), ("player.abr=bolla", "did you mean 'bola'"),
      ("cdn.edge.polcy=lru", "did you mean 'policy'"), ("warmup=1h", "warmup"), ("duration=0s", "duration"),
      ("catalog.rungs=[\"1Mbit/s\"]", "catalog.rungs"), ("viewers.premiere.at=03:00", "viewers.premiere.at"),
      ("player.startup_buffer=60s", "player.startup_buffer"), ("scale.fraction=0", "scale.fraction"),
    ])
  func wrongValue(assignment: String, expected: String) throws {
    let result = try Tool.call("run", smoke, "--set", assignment)
    #expect(result.status == 65)
    #expect(result.errors.contains(expected), "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test("all mistakes of a file are told at once, each with line and column")
  func allAtOnce() throws {
    let scratch = try Scratch()
    let text = try String(contentsOfFile: smoke, encoding: .utf8)
      .replacingOccurrences(of: "\"duration\": \"20min\"", with: "\"duration\": \"20 parsecs\"")
      .replacingOccurrences(of: "\"titles\": 200", with: "\"title\": 200")
    let file = try scratch.write(text, to: "bad.json")
    let result = try Tool.call("validate", file)
    #expect(result.status == 65)
    #expect(result.errors.contains("bad.json:6:"))
    #expect(result.errors.contains("bad.json:10:"))
    #expect(result.errors.contains("did you mean 'titles'"))
  }

  @Test("malformed JSON is placed at the character that is wrong")
  func malformed() throws {
    let scratch = try Scratch()
    let file = try scratch.write("{\n  \"name\": \"x\",\n  \"duration\" \"1h\"\n}\n", to: "bad.json")
    let result = try Tool.call("run", file)
    #expect(result.status == 65)
    #expect(result.errors.contains("bad.json:3:14"), "\(result.errors)")
  }

  @Test("a missing scenario exits with 66, a missing manifest too, and names who asked for it")
  func missing() throws {
    #expect(try Tool.call("run", "nosuch.json").status == 66)
    let result = try Tool.call("run", smoke, "--set", "catalog.manifest=media/nosuch.mpd")
    #expect(result.status == 66)
    #expect(result.errors.contains("catalog.manifest"))
  }

  @Test("a ladder that does not parse exits with 65 and names the file")
  func brokenLadder() throws {
    let scratch = try Scratch()
    let manager = FileManager.default
    try manager.copyItem(atPath: Tool.path("scenarios/media"), toPath: "\(scratch.path)/media")
    try manager.copyItem(atPath: smoke, toPath: "\(scratch.path)/smoke.json")
    let segment = "\(scratch.path)/media/seg-2-003.m4s"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
    bytes.replaceSubrange(0..<4, with: [0xff, 0xff, 0xff, 0xff])
    try bytes.write(to: URL(fileURLWithPath: segment))
    let result = try Tool.call("run", "\(scratch.path)/smoke.json")
    #expect(result.status == 65)
    #expect(result.errors.contains("seg-2-003.m4s"), "\(result.errors)")
    try "not a manifest".write(toFile: "\(scratch.path)/media/manifest.mpd", atomically: true, encoding: .utf8)
    let manifest = try Tool.call("run", "\(scratch.path)/smoke.json")
    #expect(manifest.status == 65)
    #expect(manifest.errors.contains("manifest.mpd"))
  }

  @Test("a folder that cannot be written exits with 74")
  func unwritable() throws {
    #expect(try Tool.call("run", smoke, "--out", "/proc/nosuch").status == 74)
  }

  @Test(
    "what does not fit on the device behind the standard output is told, with 74", arguments: ["schema", "--version"])
  func fullDevice(arguments: String) throws {
    let result = try Tool.shell("'\(Tool.executable.path)' \(arguments) > /dev/full", in: "/tmp")
    #expect(result.status == 74)
    #expect(result.errors.contains("cannot write the standard output: No space left on device"))
  }

  @Test("a wrong command line exits with 2 and says what was meant")
  func usage() throws {
    let option = try Tool.call("run", smoke, "--ouut", "x")
    #expect(option.status == 2)
    #expect(option.errors.contains("--out"))
    #expect(try Tool.call("rnu", smoke).status == 2)
    #expect(try Tool.call("--hlep").errors.contains("did you mean '--help'"))
    #expect(try Tool.call(smoke, "--until", "2min").errors.contains("the warm-up lasts 300 s"))
    #expect(try Tool.call("compare", smoke).status == 2)
    #expect(try Tool.call("run", smoke, "--replications", "0").status == 2)
  }

  @Test("a scenario in which nothing happens is run, compared and drawn all the same")
  func nothingHappens() throws {
    let scratch = try Scratch()
    let empty = [smoke, "--until", "6min", "--set", "viewers.memberships=0", "--set", "viewers.premiere.sessions=0"]
    let run = try Tool.call(empty + ["--replications", "2", "--sqlite", "--out", "\(scratch.path)/a"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try scratch.tables("a")["summary.csv"]?.contains(",player,all,startup_p50_s,s,\n") == true)
    let compare = try Tool.call(
      ["compare"] + empty + [
        "--vary", "cdn.edge.policy=lru,sieve", "--replications", "2", "--out", "\(scratch.path)/b",
      ])
    #expect(compare.status == 0, "\(compare.errors)")
    let baseline = try Tool.call(empty + ["--baseline-dir", "\(scratch.path)/a", "--out", "\(scratch.path)/c"])
    #expect(baseline.status == 0, "\(baseline.errors)")
  }
}
