import Foundation
import Testing

@Suite("simrun swarm")
struct SwarmTests {
  private static let scenario = Tool.path("scenarios/smoke.json")

  @Test("findings come in the order of their seeds, and one seed alone tells the same")
  func order() throws {
    let arguments = ["swarm", Self.scenario, "--kind", "cluster", "--from", "3", "--seeds", "3"]
    let both = try Tool.call(arguments + ["--jobs", "2"])
    #expect(both.status == 0, "\(both.errors)")
    let lines = both.output.split(separator: "\n")
    #expect(lines.map { $0.prefix(8) } == ["seed 3: ", "seed 4: ", "seed 5: ", "3 scenar"])
    #expect(both.output.hasSuffix("3 scenarios, 0 failed\n"))
    #expect(try Tool.call(arguments + ["--jobs", "1"]).output == both.output)
    let alone = try Tool.call("swarm", Self.scenario, "--kind", "cluster", "--seed", "4")
    #expect(alone.output == lines[1] + "\n")
  }

  @Test("a seed whose process dies is a failure with the command that shows it again")
  func crash() throws {
    let result = try Tool.call(
      ["swarm", Self.scenario, "--kind", "cluster", "--seeds", "2", "--jobs", "1", "--quiet"],
      meanwhile: { process in
        let parent = process.processIdentifier
        while process.isRunning {
          let children = try? String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8)
          guard let child = children?.split(separator: " ").first.flatMap({ Int32($0) }) else { continue }
          if kill(child, SIGKILL) == 0 { return }
        }
      })
    #expect(result.status == 1)
    let command = "simrun swarm \(Self.scenario) --kind cluster --seed 1"
    #expect(result.output == "seed 1: FAILED: a crash, signal 9\n  \(command)\n2 scenarios, 1 failed\n")
  }
}
