import Arguments
import Glibc
import Reporting
import Studies
import TextFormats

/// The tool: a table of verbs, and the way from arguments to an exit status.
enum Simrun {
  /// Version and source revision.
  static let version = ToolVersion(number: "0.1.0", revision: SourceRevision.ofThisExecutable())

  /// A verb with what it does.
  struct Action: Sendable {
    /// Path of the verb, for example `["media", "inspect"]`.
    let path: [String]
    /// Does it; returns the exit status where that is not decided by an error.
    let run: @Sendable (Invocation) throws -> ExitStatus
  }

  /// The command line.
  static let table = CommandTable(
    name: "simrun",
    summary: "A deterministic simulator of a video-streaming platform: what viewers see, what it costs, what breaks.",
    version: version.number,
    verbs: [
      RunVerb.verb, CompareVerb.verb, ReportVerb.verb, SweepVerbs.verb, VerifyVerb.verb, SwarmVerb.verb,
      FingerprintVerb.verb, ValidateVerb.verb, ExplainVerb.verb,
      SchemaVerb.verb, QueueingVerb.verb, NetworkVerbs.verb, MediaVerbs.verb, CacheVerb.verb,
      PlayVerb.verb, QoEVerb.verb, PipelineVerb.verb,
      ClusterVerbs.verb, QuantVerbs.verb, DoctorVerb.verb, ShellVerbs.completions, ShellVerbs.manual,
    ],
    verbForFiles: "run",
    examples: [
      Example("simrun scenarios/peak.json", "Simulate an evening; the results go to reports/peak."),
      Example(
        "simrun compare scenarios/smoke.json --vary cdn.edge.policy=lru,hot-title-placement --replications 10",
        "Compare two cache policies over the same viewers."),
      Example("simrun run scenarios/peak.json --set player.abr=throughput", "Change one value of the scenario."),
    ])

  /// What the verbs of the table do.
  static let actions: [Action] =
    QuantVerbs.actions + [
      Action(path: ["run"], run: RunVerb.run), Action(path: ["compare"], run: CompareVerb.run),
      Action(path: ["report"], run: ReportVerb.run), Action(path: ["sweep", "plan"], run: SweepVerbs.plan),
      Action(path: ["sweep", "collect"], run: SweepVerbs.collect),
      Action(path: ["verify"], run: VerifyVerb.run), Action(path: ["swarm"], run: SwarmVerb.run),
      Action(path: ["fingerprint"], run: FingerprintVerb.run),
      Action(path: ["validate"], run: ValidateVerb.run), Action(path: ["explain"], run: ExplainVerb.run),
      Action(path: ["schema"], run: SchemaVerb.run),
      Action(path: ["queueing"], run: QueueingVerb.run), Action(path: ["network", "share"], run: NetworkVerbs.share),
      Action(path: ["network", "transfer"], run: NetworkVerbs.transfer),
      Action(path: ["network", "download"], run: NetworkVerbs.download),
      Action(path: ["media", "inspect"], run: MediaVerbs.inspect),
      Action(path: ["media", "samples"], run: MediaVerbs.samples),
      Action(path: ["media", "segments"], run: MediaVerbs.segments),
      Action(path: ["media", "rewrite"], run: MediaVerbs.rewrite),
      Action(path: ["media", "check"], run: MediaVerbs.check),
      Action(path: ["media", "init"], run: MediaVerbs.initialize),
      Action(path: ["media", "ladder"], run: MediaVerbs.ladder), Action(path: ["cache"], run: CacheVerb.run),
      Action(path: ["cache", "generate"], run: CacheGenerateVerb.run),
      Action(path: ["play"], run: PlayVerb.run), Action(path: ["qoe"], run: QoEVerb.run),
      Action(path: ["pipeline"], run: PipelineVerb.run),
      Action(path: ["cluster", "slot"], run: ClusterVerbs.slot),
      Action(path: ["cluster", "plan", "create"], run: ClusterVerbs.create),
      Action(path: ["cluster", "plan", "reshard"], run: ClusterVerbs.reshard),
      Action(path: ["cluster", "plan", "rebalance"], run: ClusterVerbs.rebalance),
      Action(path: ["cluster", "failover"], run: ClusterRunVerbs.failover),
      Action(path: ["cluster", "gossip"], run: ClusterRunVerbs.gossip),
      Action(path: ["cluster", "script"], run: ClusterRunVerbs.script),
      Action(path: ["doctor"], run: DoctorVerb.run),
      Action(path: ["completions"], run: ShellVerbs.printCompletions),
      Action(path: ["man"], run: ShellVerbs.printManual),
    ]

  /// Runs the tool with the arguments after its name.
  static func run(_ arguments: [String]) -> ExitStatus {
    do {
      switch try table.parse(arguments) {
      case .show(let text):
        print(text, terminator: "")
        try flushOutput()
        return .success
      case .run(let invocation):
        guard let action = actions.first(where: { $0.path == invocation.verb }) else {
          preconditionFailure("the verb \(invocation.verb) has no action")
        }
        let status = try action.run(invocation)
        try flushOutput()
        return status
      }
    } catch {
      complain("simrun: \(error)")
      return ExitStatus(for: error)
    }
  }

  /// Writes out what was printed: data that got lost on a full disk is no success.
  private static func flushOutput() throws {
    guard fflush(nil) != 0 else { return }
    throw FileError(.write, path: "the standard output", reason: String(cString: strerror(errno)))
  }

  /// Says something to the user beside the data.
  static func complain(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}
