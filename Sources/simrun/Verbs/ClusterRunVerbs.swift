import Arguments
import ClusterModel
import Reporting
import SimEngine
import TextFormats

/// `simrun cluster failover`, `gossip` and `script`: the store in motion.
enum ClusterRunVerbs {
  private static let sizeOptions: [Option] = [
    .value("masters", "M", standard: "3", "Number of masters, at least 3."),
    .value("replicas", "R", standard: "1", "Replicas of each master."),
    .value("node-timeout", "MS", standard: "15000", "cluster-node-timeout in milliseconds."),
    .value("seed", "S", standard: "1", "Root of all random streams."),
    .value("lateness", "DURATION", "How late processes wake up on average, where too few cores are shared by many."),
    .choice("profile", ProtocolRules.profiles.map(\.name), standard: "7.0", "Rules: 7.0.15, or without its defect."),
    OutputFormat.option,
  ]

  static let failoverVerb = Verb(
    "failover", "Stop masters of an idle cluster and print every stage until clients are served again.",
    discussion: "Times are milliseconds after the fault; a stage that was not reached is empty.",
    options: sizeOptions + [
      .value("kill", "N", standard: "1", "How many masters stop at once."),
      .choice("faults", MasterFault.allCases.map(\.rawValue), standard: "kill", "How they stop."),
      .value("runs", "K", standard: "1", "How often, each time with its own random streams."),
    ],
    examples: [
      Example("simrun cluster failover --masters 3 --replicas 1 --node-timeout 2000 --runs 200", "One row a run.")
    ])

  static let gossipVerb = Verb(
    "gossip", "Print what an idle cluster says to itself, per node and second.",
    options: sizeOptions + [.value("duration", "DURATION", standard: "60s", "How long it is watched.")],
    examples: [
      Example("simrun cluster gossip --masters 6 --replicas 1 --node-timeout 5000 --duration 60s", "One row a message.")
    ])

  static let scriptVerb = Verb(
    "script", "Ask the nodes of a cluster at each stage of a slot's migration and print what they reply.",
    discussion: """
      FILE is CSV with the columns step,node,prefix_commands,command; a column with replies is ignored. With the columns \
      \(CoverageScript.columns.joined(separator: ",")) it asks a cluster whose masters die instead.
      """,
    operands: [Operand("FILE", "Commands, as CSV.", completion: .file)], options: [OutputFormat.option],
    examples: [Example("simrun cluster script steps.csv", "The same rows with a reply each.")])

  @Sendable static func failover(_ invocation: Invocation) throws -> ExitStatus {
    var experiment = FailoverExperiment(settings: try settings(invocation))
    experiment.victims = Int(try invocation.integer("kill", in: 1...10_000) ?? 1)
    experiment.fault = invocation.text("faults").flatMap(MasterFault.init(rawValue:)) ?? .kill
    var table = Table(
      [
        "run", "pfail_first_ms", "pfail_last_ms", "fail_declared_ms", "fail_declared_by", "fail_declarers",
        "election_scheduled_ms", "election_started_ms", "rank", "elections", "votes_granted", "won_ms", "served_ms",
        "all_nodes_agree_ms",
      ], text: ["fail_declared_by"])
    for run in 0..<Int(try invocation.integer("runs", in: 1...1_000_000) ?? 1) {
      let timeline = try ClusterVerbs.refusing(invocation) { () throws(PlanRefusal) in
        try experiment.timeline(run: run)
      }
      table.append([
        .integer(Int64(run)), cell(timeline.firstSuspectedMs), cell(timeline.lastSuspectedMs),
        cell(timeline.declaredMs), timeline.declaredBy.map { .text($0) } ?? .empty,
        .integer(Int64(timeline.declarers)), cell(timeline.electionScheduledMs), cell(timeline.electionStartedMs),
        timeline.rank.map { .integer(Int64($0)) } ?? .empty, .integer(Int64(timeline.elections)),
        .integer(Int64(timeline.votesGranted)), cell(timeline.wonMs), cell(timeline.servedMs),
        cell(timeline.allAgreeMs),
      ])
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  @Sendable static func gossip(_ invocation: Invocation) throws -> ExitStatus {
    var experiment = GossipExperiment(settings: try settings(invocation))
    let nanoseconds = try invocation.quantity("duration", .duration, in: 1...86_400_000_000_000)
    experiment.duration = SimDuration(nanoseconds: nanoseconds ?? 60_000_000_000)
    var table = Table(
      ["type", "sent_per_s_per_node", "received_per_s_per_node", "mean_bytes", "bytes_per_s_per_node"], text: ["type"])
    let rates = try ClusterVerbs.refusing(invocation) { () throws(PlanRefusal) in try experiment.rates() }
    for rate in rates {
      table.append([
        .text(rate.kind.label), .number(rate.sentPerSecond), .number(rate.receivedPerSecond), .number(rate.meanBytes),
        .number(rate.bytesPerSecond),
      ])
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  @Sendable static func script(_ invocation: Invocation) throws -> ExitStatus {
    if CoverageScript.isOne(file: invocation.required("FILE")) { return try coverage(invocation) }
    let script = try RedirectionScript(file: invocation.required("FILE"))
    let names = ["step", "node", "prefix_commands", "command", "reply"]
    var table = Table(names, text: names)
    for (step, reply) in zip(script.steps, try script.replies()) {
      table.append([.text(step.stage), .text(step.node), .text(step.prefix), .text(step.command), .text(reply)])
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  private static func coverage(_ invocation: Invocation) throws -> ExitStatus {
    let script = try CoverageScript(file: invocation.required("FILE"))
    let names = Array(CoverageScript.columns.dropLast()) + ["cluster_state", "command", "reply"]
    var table = Table(names, text: names)
    for (step, answer) in zip(script.steps, try script.answers()) {
      table.append(
        step.fields.dropLast().map { .text($0) }
          + [.text(answer.state), .text(step.fields[4]), .text(answer.reply)])
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  private static func settings(_ invocation: Invocation) throws -> ClusterSettings {
    var settings = ClusterSettings()
    settings.masters = Int(try invocation.integer("masters", in: 0...1_000_000) ?? 3)
    settings.replicasPerMaster = Int(try invocation.integer("replicas", in: 0...1_000_000) ?? 1)
    settings.nodeTimeoutMs = try invocation.integer("node-timeout") ?? 15_000
    settings.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1)
    if let lateness = try invocation.quantity("lateness", .duration, in: 0...1_000_000_000) {
      settings.timing = .wakingLate(by: SimDuration(nanoseconds: lateness))
    }
    settings.rules = ProtocolRules.profiles.first { $0.name == invocation.text("profile") }?.rules ?? .version7_0
    try ClusterVerbs.refusing(invocation) { () throws(PlanRefusal) in try settings.check() }
    return settings
  }

  private static func cell(_ milliseconds: Double?) -> Table.Cell {
    guard let milliseconds else { return .empty }
    return .number((milliseconds * 1000).rounded() / 1000)
  }
}
