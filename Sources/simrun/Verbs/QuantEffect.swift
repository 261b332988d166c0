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
      "sparsity", "R,...",
      "Also try --task with these shares of the weights pruned, the smallest first: 0.5,0.8."),
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
    let choices = Choices(configurations: configurations, sparsities: try sparsities(invocation))
    let table =
      task == "abr" ? try bitrates(network, file, count, choices) : try placement(network, file, count, choices)
    QuantData.show(table, invocation)
    return .success
  }

  private static func sparsities(_ invocation: Invocation) throws -> [Double] {
    try invocation.list("sparsity").map { text in
      guard let share = Double(text), share > 0, share < 1 else {
        throw invocation.error("sparsity", "'\(text)' is no share", suggestion: "--sparsity 0.5,0.8")
      }
      return share
    }
  }

  /// What is tried: every precision, and every share of pruned weights in float and at every precision.
  private struct Choices {
    let configurations: [EvaluationConfiguration]
    let sparsities: [Double]

    /// The float network and all that is made of it, in the order of the table; scores are beside the float network.
    func variants(_ network: Network, _ rows: DataRows, calibration: Tensor) throws -> [Variant] {
      var variants: [Variant] = []
      var float: Tensor?
      for sparsity in [0] + sparsities {
        let own = sparsity == 0 ? network : MagnitudePruning.pruned(network, rate: sparsity, scope: .global)
        let study = try EvaluationStudy(
          own, rows: rows, calibrationRows: calibration, methods: configurations.map(\.method))
        let reference = float ?? study.logits
        float = reference
        variants.append(
          Variant(
            name: ["fp32", "float", "float", .number(sparsity)],
            score: ModelScore(study.logits, float: reference, labels: rows.labels),
            network: try ScoringNetwork(own, plan: [:], source: network.name)))
        for configuration in configurations {
          let outcome = study.outcome(configuration)
          let outputs = SimulatedNetwork(outcome.network, plan: outcome.plan).outputs(rows.inputs)
          variants.append(
            Variant(
              name: [
                .text("w\(configuration.weightBits)a\(configuration.inputBits)"),
                .text(configuration.granularity.rawValue), .text(configuration.methodName), .number(sparsity),
              ], score: ModelScore(outputs, float: reference, labels: rows.labels),
              network: try ScoringNetwork(outcome.network, plan: outcome.plan, source: network.name)))
        }
      }
      return variants
    }
  }

  /// One network to try in the simulator.
  private struct Variant {
    let name: [Table.Cell]
    let score: ModelScore
    let network: ScoringNetwork
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
    _ network: Network, _ file: ScenarioFile, _ count: Int, _ choices: Choices
  ) throws -> Table {
    // Other networks than any training met: another seed.
    let sessions = BitrateSessions(file, seed: UInt64(file.scenario.seed) &+ 0x5EED_0000_0001)
    try QuantTasks.checkLadder(sessions, source: file.path)
    let float = try ScoringNetwork(network, plan: [:], source: network.name)
    _ = try NeuralBitrateModel(float, source: network.name)
    let calibration = QuantTasks.rows(sessions, numbers: count..<count + max(5, count / 5), network: float)
    let reference = QuantTasks.rows(sessions, numbers: 0..<count, network: float)
    var table = Table(
      [
        "precision", "weights", "activation", "sparsity", "agree_with_oracle", "agree_with_fp32", "qoe_per_segment",
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
      ["oracle", .empty, .empty, .empty], [1, .empty],
      (0..<count).map { sessions.play(session: $0) { decision, _ in BitrateOracle.choice(decision) } })
    let rows = DataRows(inputs: reference.inputs, labels: reference.labels)
    for variant in try choices.variants(network, rows, calibration: calibration.inputs) {
      append(
        variant.name, [.number(variant.score.accuracy), .number(variant.score.agreement)],
        (0..<count).map { number in
          sessions.play(session: number) { variant.network.best($1, among: sessions.ladder.count) }
        })
    }
    return table
  }

  private static func placement(
    _ network: Network, _ file: ScenarioFile, _ count: Int, _ choices: Choices
  ) throws -> Table {
    let float = try ScoringNetwork(network, plan: [:], source: network.name)
    let model = try NeuralPopularityModel(float, source: network.name)
    // Replications far from those of training.
    let tables = QuantTasks.tables(file, replications: 1_000..<1_000 + max(2, count / 10), hours: 60)
    let rows = QuantTasks.rows(Array(tables.prefix(1))).inputs
    let loops = tables.map { PlacementLoop($0, capacityBytes: file.scenario.cdn.edge.diskBytes) }
    func outcomes(_ model: any PopularityModel) -> [PlacementOutcome] {
      zip(loops, tables).map { $0.outcome(LearnedForecaster(model, fileBytes: $1.fileBytes)) }
    }
    let reference = outcomes(model)
    var table = Table(
      [
        "precision", "weights", "activation", "sparsity", "forecast_sqnr_db", "byte_hit_ratio",
        "byte_hit_ratio_difference",
        "byte_hit_ratio_difference_half_width_95", "origin_bytes", "origin_bytes_difference",
        "origin_bytes_difference_half_width_95",
      ], text: ["precision", "weights", "activation"])
    func append(_ name: [Table.Cell], _ score: Table.Cell, _ outcomes: [PlacementOutcome]) {
      table.append(
        name + [score] + cells(outcomes.map(\.byteHitRatio), reference.map(\.byteHitRatio))
          + cells(outcomes.map(\.originBytes), reference.map(\.originBytes)))
    }
    append(["oracle", .empty, .empty, .empty], .empty, loops.map { $0.outcome(OracleForecaster(periods: $0.periods)) })
    append(["last hour", .empty, .empty, .empty], .empty, loops.map { $0.outcome(LastWindowForecaster()) })
    append(["average", .empty, .empty, .empty], .empty, loops.map { $0.outcome(AverageForecaster(weight: 0.1)) })
    for variant in try choices.variants(network, DataRows(inputs: rows), calibration: rows) {
      append(
        variant.name, .number(variant.score.logits.signalToNoise_dB),
        outcomes(try NeuralPopularityModel(variant.network, source: network.name)))
    }
    return table
  }
}
