import Foundation
import Testing

@Suite("Sweeps")
struct SweepTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  @Test("lines run in any order, missing ones are named, and collected tables are those of a comparison")
  func sweep() throws {
    let scratch = try Scratch()
    let study = [
      smoke, "--until", "6min", "--vary", "cdn.edge.policy=lru,sieve", "--replications", "2", "--set",
      "viewers.memberships=1500",
    ]
    let sweep = "\(scratch.path)/sweep"
    let plan = try Tool.call(["sweep", "plan"] + study + ["--out", sweep])
    #expect(plan.status == 0, "\(plan.errors)")
    #expect(plan.output == "\(sweep)/design.txt\n")
    let design = try String(contentsOfFile: "\(sweep)/design.txt", encoding: .utf8).split(separator: "\n")
    #expect(design.count == 4)
    #expect(design[2].contains("--set cdn.edge.policy=sieve --replication 0"))

    func line(_ number: Int) throws -> Tool.Result {
      try Tool.call("run", "--from", "\(sweep)/design.txt", "--line", "\(number)")
    }
    for number in [4, 1, 2] { #expect(try line(number).status == 0) }
    let partial = try Tool.call("sweep", "collect", sweep)
    #expect(partial.status == 1)
    #expect(partial.errors.contains("missing: line 3 of 4"))

    #expect(try line(3).status == 0)
    // A line whose result stands is left as it is.
    let manifest = "\(sweep)/runs/3/run.json"
    let before = try FileManager.default.attributesOfItem(atPath: manifest)[.modificationDate] as? Date
    #expect(try line(3).status == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: manifest)[.modificationDate] as? Date == before)

    let collected = try Tool.call("sweep", "collect", sweep)
    #expect(collected.status == 0, "\(collected.errors)")
    #expect(collected.output.contains("4 of 4 runs"))
    #expect(try Tool.call(["compare"] + study + ["--out", "\(scratch.path)/here", "--quiet"]).status == 0)
    let here = try scratch.files("here")
    for table in ["summary.csv", "timeseries.csv", "cdn.csv", "sessions.csv", "compare.csv", "report.html"] {
      let text = try String(contentsOfFile: "\(sweep)/\(table)", encoding: .utf8)
      #expect(text == here[table], "\(table)")
    }
  }

  @Test("a line that does not exist, or is no run, is refused with its place")
  func refused() throws {
    let scratch = try Scratch()
    let file = try scratch.write("verify x.json\n'unclosed\n--from a --line 1\n", to: "design.txt")
    #expect(try Tool.call("run", "--from", file, "--line", "1").status == 65)
    let good = try scratch.write("\(smoke) --nosuch\n--from a --line 1\n", to: "other.txt")
    #expect(try Tool.call("run", "--from", good, "--line", "1").status == 2)
    #expect(try Tool.call("run", "--from", good, "--line", "2").status == 65)
    #expect(try Tool.call("run", "--from", good, "--line", "3").status == 2)
    #expect(try Tool.call("run", "--from", "\(scratch.path)/nosuch", "--line", "1").status == 66)
    #expect(try Tool.call("run").status == 2)
    // A misspelt key is told when the sweep is planned.
    let plan = try Tool.call(
      "sweep", "plan", smoke, "--vary", "cdn.edge.polcy=lru,sieve", "--out", "\(scratch.path)/sweep")
    #expect(plan.status == 65)
    #expect(plan.errors.contains("policy"))
  }
}
