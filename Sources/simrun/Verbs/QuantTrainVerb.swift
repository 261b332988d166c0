import Arguments
import Platform
import PlayerModel
import QuantEval
import Reporting
import Studies
import TextFormats

/// `simrun quant train`: the simulator's own networks from its own logs.
enum QuantTrainVerb {
  static let verb = Verb(
    "train", "Train a network of the simulator from its own sessions or demand.",
    discussion: """
      popularity: PopularityNet (16-32-16-1) foretells log(1 + requests) of a title in the next hour from the requests of \
      a site by title and hour; it can drive hot-title placement.

      abr: AbrNet (25-64-64-6) imitates model-predictive control that knows the future of its network. It first learns \
      from sessions that the oracle plays, then in --rounds from sessions that it plays itself and the oracle labels.

      The file carries the ranges of the layers' inputs, so that rules can run it in integers: \
      neural:model=FILE,precision=w8a8. 'quant eval FILE --task ...' tells what a precision does to the service.
      """,
    options: [
      .choice("task", QuantTasks.names, "What to learn."),
      .value("scenario", "S", completion: .file, "Whose demand or ladder to learn from."),
      .value("out", "MODEL", short: "o", completion: .file, "Where the network is written, as ONNX."),
      .value("epochs", "N", "Passes over the rows of each round; 20, popularity 8."),
      .value("sessions", "N", standard: "100", "abr: sessions of a round."),
      .value("rounds", "N", standard: "2", "abr: rounds in which the network plays."),
      .value("hours", "N", standard: "72", "popularity: hours of demand."),
      .value("replications", "N", standard: "4", "popularity: independent draws of the demand."),
      .value("seed", "S", standard: "1", "Decides weights, networks and orders."), QuantData.format,
    ],
    examples: [
      Example("simrun quant train --task abr --scenario scenarios/smoke.json --out abr.onnx", "A learned bitrate rule.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    guard let task = invocation.text("task") else {
      throw invocation.error("task", "is wanted", suggestion: "--task abr")
    }
    guard let scenario = invocation.text("scenario") else {
      throw invocation.error("scenario", "is wanted", suggestion: "--scenario scenarios/smoke.json")
    }
    guard let path = invocation.text("out") else {
      throw invocation.error("out", "is wanted", suggestion: "--out model.onnx")
    }
    let file = try QuantTasks.scenario(scenario)
    var training = NetworkTraining()
    training.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1)
    training.epochs = Int(try invocation.integer("epochs", in: 1...10_000) ?? (task == "abr" ? 20 : 8))
    var table = Table(["round", "epoch", "rows", "loss", "agree_with_oracle", "qoe_per_segment"], text: [])
    let trained =
      task == "abr"
      ? try abr(file, training, invocation, &table) : try popularity(file, training, invocation, &table)
    var network = trained.network
    network.metadata["simrun.task"] = task
    network.metadata[ScoringNetwork.rangesKey] = try ScoringNetwork.ranges(of: network, rows: trained.rows)
    try QuantData.write(OnnxWriter.bytes(network), to: path)
    QuantData.show(table, invocation)
    return .success
  }

  private static func popularity(
    _ file: ScenarioFile, _ training: NetworkTraining, _ invocation: Invocation, _ table: inout Table
  ) throws -> (network: Network, rows: Tensor) {
    let hours = Int(try invocation.integer("hours", in: 10...10_000) ?? 72)
    let replications = Int(try invocation.integer("replications", in: 1...1_000) ?? 4)
    let rows = QuantTasks.rows(QuantTasks.tables(file, replications: 0..<replications, hours: hours))
    guard rows.inputs.shape[0] > 0 else {
      throw InputError(InputPlace(source: file.path), "nobody asks for anything in \(hours) hours")
    }
    let start = try Network.multilayer(
      "PopularityNet", widths: [RequestHistory.featureCount, 32, 16, 1], seed: training.seed)
    let trained = try training.trained(start, inputs: rows.inputs, targets: .values(rows.targets)) { epoch, loss in
      Simrun.complain("epoch \(epoch): mean squared error \(Float(loss))")
      table.append([
        0, .integer(Int64(epoch)), .integer(Int64(rows.inputs.shape[0])), .number(loss), .empty, .empty,
      ])
    }
    return (trained.network, rows.inputs)
  }

  private static func abr(
    _ file: ScenarioFile, _ training: NetworkTraining, _ invocation: Invocation, _ table: inout Table
  ) throws -> (network: Network, rows: Tensor) {
    let count = Int(try invocation.integer("sessions", in: 1...100_000) ?? 100)
    let rounds = Int(try invocation.integer("rounds", in: 0...100) ?? 2)
    let sessions = BitrateSessions(file, seed: training.seed)
    try QuantTasks.checkLadder(sessions, source: file.path)
    var network = try Network.multilayer(
      "AbrNet", widths: [LearnedRule.featureCount, 64, 64, LearnedRule.qualityLimit], seed: training.seed)
    var inputs = Tensor(shape: [0, LearnedRule.featureCount], values: [])
    var labels: [Int] = []
    for round in 0...rounds {
      let student = round == 0 ? nil : try ScoringNetwork(network, plan: [:], source: "AbrNet")
      let rows = QuantTasks.rows(sessions, numbers: round * count..<(round + 1) * count, network: student)
      inputs = Tensor(
        shape: [inputs.shape[0] + rows.inputs.shape[0], LearnedRule.featureCount],
        values: inputs.values + rows.inputs.values)
      labels += rows.labels
      let decisions = Double(max(1, rows.labels.count))
      let agreement = Double(rows.outcomes.reduce(0) { $0 + $1.agreements }) / decisions
      let quality = rows.outcomes.reduce(0) { $0 + $1.quality } / Double(max(1, rows.outcomes.count))
      var own = training
      own.seed = training.seed &+ UInt64(round) << 32
      let trained = try own.trained(network, inputs: inputs, targets: .classes(labels)) { epoch, loss in
        table.append([
          .integer(Int64(round)), .integer(Int64(epoch)), .integer(Int64(labels.count)), .number(loss),
          .number(agreement), .number(quality),
        ])
      }
      network = trained.network
      Simrun.complain(
        "round \(round): \(labels.count) rows, played by \(round == 0 ? "the oracle" : "the network") at "
          + "\(Float(quality)) a segment, loss \(Float(trained.losses.last ?? .nan))")
    }
    return (network, inputs)
  }
}
