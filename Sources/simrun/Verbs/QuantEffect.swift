import Arguments
import CDNModel
import Platform
import PlayerModel
import QuantEval
import Reporting
import SimEngine
import Studies
import TextFormats

/// `simrun quant eval MODEL --task abr|popularity --scenario S`: what a precision does to the service, session by session
/// beside the float network on the same networks and the same demand.
enum QuantEffect {
  static let options: [Option] = [
    .choice(
      "task", QuantTasks.names,
      "Try the network in the simulator instead of on --data: as bitrate rule, or for hot-title placement."),
    .value("scenario", "S", completion: .file, "Whose ladder or demand --task tries it with."),
    .value(
      "sessions", "N", standard: "60", "Sessions, or for popularity draws of the demand a tenth of it, of --task."),
  ]

  static func run(_ invocation: Invocation, task: String, _ configurations: [EvaluationConfiguration]) throws
    -> ExitStatus
  {
    guard let scenario = invocation.text("scenario") else {
      throw invocation.error("scenario", "is wanted with --task", suggestion: "--scenario scenarios/smoke.json")
    }
    let file = try QuantTasks.scenario(scenario)
    let network = try QuantData.network(invocation)
    let count = Int(try invocation.integer("sessions", in: 2...100_000) ?? 60)
    let table =
      task == "abr"
      ? try bitrates(network, file, count, configurations) : try placement(network, file, count, configurations)
    QuantData.show(table, invocation)
    return .success
  }

  private static func study(
    _ network: Network, _ rows: DataRows, calibration: Tensor, _ configurations: [EvaluationConfiguration]
  ) throws -> EvaluationStudy {
    try EvaluationStudy(
      network, rows: rows, calibrationRows: calibration, methods: configurations.map(\.method))
  }

  private static func name(_ configuration: EvaluationConfiguration) -> [Table.Cell] {
    [
      .text("w\(configuration.weightBits)a\(configuration.inputBits)"), .text(configuration.granularity.rawValue),
      .text(configuration.methodName),
    ]
  }

  /// A figure, and its difference from the float network's with a 95 % interval.
  private static func cells(_ values: [Double], _ baseline: [Double]) -> [Table.Cell] {
    let paired = PairedComparison(baseline: baseline, alternative: values)
    return [
      .number(paired.alternativeMean), .number(paired.difference.mean),
      paired.difference.halfWidth.map { .number($0) } ?? .empty,
    ]
  }

  private static func bitrates(
    _ network: Network, _ file: ScenarioFile, _ count: Int, _ configurations: [EvaluationConfiguration]
  ) throws -> Table {
    // Other networks than any training met: another seed.
    let sessions = BitrateSessions(file, seed: UInt64(file.scenario.seed) &+ 0x5EED_0000_0001)
    try QuantTasks.checkLadder(sessions, source: file.path)
    let float = try ScoringNetwork(network, plan: [:], source: network.name)
    _ = try NeuralBitrateModel(float, source: network.name)
    let calibration = QuantTasks.rows(sessions, numbers: count..<count + max(5, count / 5), network: float)
    let reference = QuantTasks.rows(sessions, numbers: 0..<count, network: float)
    let study = try study(
      network, DataRows(inputs: reference.inputs, labels: reference.labels), calibration: calibration.inputs,
      configurations)
    var table = Table(
      [
        "precision", "weights", "activation", "agree_with_oracle", "agree_with_fp32", "qoe_per_segment",
        "qoe_difference", "qoe_difference_half_width_95", "rebuffer_s", "rebuffer_difference_s",
        "rebuffer_difference_half_width_95_s", "mean_bitrate_kbps", "switches",
      ], text: ["precision", "weights", "activation"])
    func mean(_ values: [Double]) -> Table.Cell { .number(values.reduce(0, +) / Double(max(1, values.count))) }
    func append(_ name: [Table.Cell], _ agreement: [Table.Cell], _ outcomes: [BitrateSessions.Outcome]) {
      table.append(
        name + agreement + cells(outcomes.map(\.quality), reference.outcomes.map(\.quality))
          + cells(outcomes.map(\.rebufferSeconds), reference.outcomes.map(\.rebufferSeconds)) + [
            mean(outcomes.map(\.meanKbps)), mean(outcomes.map { Double($0.switches) }),
          ])
    }
    append(
      ["oracle", .empty, .empty], [1, .empty],
      (0..<count).map { sessions.play(session: $0) { decision, _ in BitrateOracle.choice(decision) } })
    append(["fp32", "float", "float"], [.number(study.floatScore.accuracy), 1], reference.outcomes)
    for configuration in configurations {
      let outcome = study.outcome(configuration)
      let quantized = try ScoringNetwork(outcome.network, plan: outcome.plan, source: network.name)
      append(
        name(configuration), [.number(outcome.score.accuracy), .number(outcome.score.agreement)],
        (0..<count).map { number in
          sessions.play(session: number) { quantized.best($1, among: sessions.ladder.count) }
        })
    }
    return table
  }

  private static func placement(
    _ network: Network, _ file: ScenarioFile, _ count: Int, _ configurations: [EvaluationConfiguration]
  ) throws -> Table {
    let float = try ScoringNetwork(network, plan: [:], source: network.name)
    let model = try NeuralPopularityModel(float, source: network.name)
    // Replications far from those of training.
    let tables = QuantTasks.tables(file, replications: 1_000..<1_000 + max(2, count / 10), hours: 60)
    let rows = QuantTasks.rows(Array(tables.prefix(1))).inputs
    let study = try study(network, DataRows(inputs: rows), calibration: rows, configurations)
    let loops = tables.map { PlacementLoop($0, capacityBytes: file.scenario.cdn.edge.diskBytes) }
    func outcomes(_ model: any PopularityModel) -> [PlacementOutcome] {
      zip(loops, tables).map { $0.outcome(LearnedForecaster(model, fileBytes: $1.fileBytes)) }
    }
    let reference = outcomes(model)
    var table = Table(
      [
        "precision", "weights", "activation", "forecast_sqnr_db", "byte_hit_ratio", "byte_hit_ratio_difference",
        "byte_hit_ratio_difference_half_width_95", "origin_bytes", "origin_bytes_difference",
        "origin_bytes_difference_half_width_95",
      ], text: ["precision", "weights", "activation"])
    func append(_ name: [Table.Cell], _ score: Table.Cell, _ outcomes: [PlacementOutcome]) {
      table.append(
        name + [score] + cells(outcomes.map(\.byteHitRatio), reference.map(\.byteHitRatio))
          + cells(outcomes.map(\.originBytes), reference.map(\.originBytes)))
    }
    append(["oracle", .empty, .empty], .empty, loops.map { $0.outcome(OracleForecaster(periods: $0.periods)) })
    append(["last hour", .empty, .empty], .empty, loops.map { $0.outcome(LastWindowForecaster()) })
    append(["average", .empty, .empty], .empty, loops.map { $0.outcome(AverageForecaster(weight: 0.1)) })
    append(["fp32", "float", "float"], .empty, reference)
    for configuration in configurations {
      let outcome = study.outcome(configuration)
      let quantized = try ScoringNetwork(outcome.network, plan: outcome.plan, source: network.name)
      append(
        name(configuration), .number(outcome.score.logits.signalToNoise_dB),
        outcomes(try NeuralPopularityModel(quantized, source: network.name)))
    }
    return table
  }
}
