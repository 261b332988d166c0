import Arguments
import Platform
import Reporting
import SimEngine
import Studies
import TextFormats

/// `simrun verify SCENARIO`: prove that a scenario's results depend on nothing but scenario and seed.
enum VerifyVerb {
  static let verb = Verb(
    "verify", "Prove that the results depend on nothing but scenario and seed.",
    discussion: """
      Runs the scenario in fresh processes: twice alike, on several threads, with fused multiply-add masked, and with \
      the other event queue. All digests and all bytes of all tables must be equal; else the first event that differs \
      is told from both sides, and the exit status is 1.
      """,
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)], options: options,
    examples: [Example("simrun verify scenarios/smoke.json", "About a dozen seconds.")])

  private static let options: [Option] = ScenarioOptions.options.filter { $0.name != "jobs" }

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    // Mistakes in the scenario are told once, before any process is started.
    _ = try ScenarioOptions.file(invocation)
    let repeated = ScenarioOptions.arguments(invocation)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let allAgree = try VerifyStudy.run(
      with: { way, tracing in
        var arguments = ["fingerprint"] + repeated + way.options + ["--out", folder.path]
        if let tracing {
          arguments += ["--trace", "\(tracing.partition):\(tracing.events.lowerBound):\(tracing.events.upperBound)"]
        }
        return try ChildProcess.fingerprint(arguments: arguments, environment: way.environment)
      },
      report: { print($0.text) })
    return allAgree ? .success : .failure
  }
}

/// `simrun fingerprint SCENARIO`: one run's digests with their checkpoints, for comparisons across machines.
enum FingerprintVerb {
  static let verb = Verb(
    "fingerprint", "Run once and print the digest of every partition with its checkpoints, as JSON.",
    discussion: """
      Compare the output of two machines to see whether they compute the same run. With --trace the events of one \
      partition are printed in full.
      """,
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)],
    options: ScenarioOptions.options + [
      .value("out", "DIR", standard: "reports/fingerprint", completion: .folder, "Folder for the run's tables."),
      .choice(
        "queue", QueueBacking.allCases.map(\.rawValue), standard: QueueBacking.radix.rawValue,
        "Backing of the event queues."),
      .value("trace", "PARTITION:FROM:TO", "Events to print in full, numbered from 0 within their partition."),
    ],
    examples: [Example("simrun fingerprint scenarios/smoke.json --trace 0:0:20", "The first twenty events of site 0.")])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let file = try ScenarioOptions.file(invocation)
    var tracing: TracedEvents?
    if let text = invocation.text("trace") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 3, let partition = Int(parts[0]), let from = UInt64(parts[1]), let to = UInt64(parts[2]),
        partition >= 0, from <= to
      else { throw invocation.error("trace", "'\(text)' is no selection", suggestion: "write it like 0:100:200") }
      tracing = TracedEvents(partition: partition, events: from..<to)
    }
    let fingerprint = try Fingerprint(
      running: file, jobs: try ScenarioOptions.jobs(invocation),
      queue: invocation.text("queue").flatMap(QueueBacking.init(rawValue:)) ?? .radix, tracing: tracing,
      tables: try OutputDirectory(invocation.text("out") ?? "reports/fingerprint"))
    print(fingerprint.json.text(indented: true))
    return .success
  }
}
