import Arguments
import Glibc
import Platform
import Reporting
import SimEngine
import Studies
import Synchronization
import TextFormats

/// `simrun swarm`: random valid scenarios with invariants checked.
enum SwarmVerb {
  static let verb = Verb(
    "swarm", "Run random valid scenarios and check invariants every simulated second.",
    discussion: """
      Each seed draws a scenario around the given one and runs it on both event queues, in a process of its own, so \
      that a crash is a finding as well. A failure prints the one command that shows it again; the exit status is then \
      1.
      """,
    operands: [Operand("SCENARIO", "The scenario to vary.", count: 0...1, completion: .file)],
    options: [
      .value("seeds", "N", standard: "50", "How many scenarios to draw."),
      .value("from", "SEED", standard: "1", "The first seed."),
      .value("seed", "SEED", "Try this seed alone, in this process."),
      .choice("kind", ["platform", "cluster"], "What to draw: whole platforms, or clusters alone; both by default."),
      .value("jobs", "N", short: "j", "Processes at once; one a processor by default. Never changes a finding."),
      .flag("quiet", short: "q", "Only failures."),
    ],
    examples: [
      Example("simrun swarm --seeds 50", "Around scenarios/smoke.json."),
      Example("simrun swarm --seeds 200 --kind cluster", "Clusters alone: faults, partitions, reshards, restarts."),
      Example("simrun swarm --seed 85 --kind cluster", "One seed again."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let path = invocation.operand("SCENARIO") ?? "scenarios/smoke.json"
    let kind = invocation.text("kind").flatMap { Scenario.Kind(rawValue: $0) }
    let swarm = SwarmStudy(around: try ScenarioFile(path: path), kind: kind)
    let seeds: ClosedRange<Int64> = 1...1_000_000_000
    if let seed = try invocation.integer("seed", in: seeds) {
      for option in ["seeds", "from", "jobs", "quiet"] where invocation.isGiven(option) {
        throw invocation.error(option, "has no meaning beside --seed")
      }
      let finding = swarm.finding(seed: Int(seed))
      try Interruption.check()
      print(finding.text)
      return finding.failure == nil ? .success : .failure
    }
    let first = Int(try invocation.integer("from", in: seeds) ?? 1)
    let count = Int(try invocation.integer("seeds", in: 1...1_000_000) ?? 50)
    let arguments = ["swarm", path] + (kind.map { ["--kind", $0.rawValue] } ?? [])
    let isQuiet = invocation.flag("quiet")
    let printer = InOrder()
    let failures = ReplicationPool.map(count: count, jobs: try ScenarioOptions.jobs(invocation)) { index in
      let outcome = trial(arguments + ["--seed", "\(first + index)"], seed: first + index)
      printer.add(index, isQuiet && !outcome.hasFailed ? "" : outcome.text)
      return outcome.hasFailed
    }.count { $0 }
    try Interruption.check()
    print("\(count) scenarios, \(failures) failed")
    return failures == 0 ? .success : .failure
  }

  /// One seed in a process of its own; a process that does not come to its end is a failure too.
  private static func trial(_ arguments: [String], seed: Int) -> (text: String, hasFailed: Bool) {
    guard !Interruption.requested else { return ("", false) }
    let command = "\n  simrun \(arguments.joined(separator: " "))\n"
    do {
      let (output, status) = try ChildProcess.run(arguments: arguments, environment: ["SWIFT_BACKTRACE=enable=no"])
      switch status {
      case ExitStatus.success.rawValue: return (output, false)
      case ExitStatus.failure.rawValue: return (output, true)
      default:
        guard !Interruption.requested else { return ("", false) }
        let ending = status > 128 ? "a crash, signal \(status - 128)" : "exit status \(status)"
        return ("seed \(seed): FAILED: \(ending)\(command)", true)
      }
    } catch {
      return ("seed \(seed): FAILED: \(error)\(command)", true)
    }
  }
}

/// Prints what several threads find in the order of its numbers, each text as soon as all before it are there.
private final class InOrder: Sendable {
  private struct State {
    var printed = 0
    var waiting: [Int: String] = [:]
  }
  private let state = Mutex(State())

  func add(_ number: Int, _ text: String) {
    state.withLock { state in
      state.waiting[number] = text
      while let next = state.waiting.removeValue(forKey: state.printed) {
        print(next, terminator: "")
        state.printed += 1
      }
      fflush(nil)
    }
  }
}
