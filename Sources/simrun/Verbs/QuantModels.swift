import CDNModel
import Platform
import PlayerModel
import QuantEval
import Studies
import TextFormats

/// A network that chooses qualities.
final class NeuralBitrateModel: BitrateModel {
  private let network: ScoringNetwork

  init(_ network: ScoringNetwork, source: String) throws(InputError) {
    guard network.inputCount == LearnedRule.featureCount, network.outputCount == LearnedRule.qualityLimit else {
      throw InputError(
        InputPlace(source: source),
        "a network of \(network.inputCount) inputs and \(network.outputCount) outputs is no bitrate rule; "
          + "\(LearnedRule.featureCount) and \(LearnedRule.qualityLimit) are wanted",
        suggestion: "train one with 'simrun quant train --task abr'")
    }
    self.network = network
  }

  func choose(_ features: UnsafeBufferPointer<Float>, among count: Int) -> Int {
    network.best(features, among: count)
  }

  /// Lets rules named `neural:model=FILE` find their networks.
  static func install() {
    BitrateModels.install { path, precision in
      try NeuralBitrateModel(
        ScoringNetwork(OnnxReader.network(file: path), precision: precision, source: path), source: path)
    }
  }
}

/// A network that foretells requests.
struct NeuralPopularityModel: PopularityModel {
  private let network: ScoringNetwork

  init(_ network: ScoringNetwork, source: String) throws(InputError) {
    guard network.inputCount == RequestHistory.featureCount, network.outputCount == 1 else {
      throw InputError(
        InputPlace(source: source),
        "a network of \(network.inputCount) inputs and \(network.outputCount) outputs is no model of popularity; "
          + "\(RequestHistory.featureCount) and 1 are wanted",
        suggestion: "train one with 'simrun quant train --task popularity'")
    }
    self.network = network
  }

  /// Lets placements named `learned:model=FILE` find their networks.
  static func install() {
    LearnedForecasters.install { path, precision in
      let model = try NeuralPopularityModel(
        ScoringNetwork(OnnxReader.network(file: path), precision: precision, source: path), source: path)
      return { LearnedForecaster(model, fileBytes: $0) }
    }
  }

  func forecast(_ features: [Float]) -> Float {
    features.withUnsafeBufferPointer { network.scores($0) { $0[0] } }
  }
}

/// Training rows of the simulator's own networks.
enum QuantTasks {
  static let names = ["popularity", "abr"]

  /// The scenario to learn from or to try a network with.
  /// - Throws: `InputError` where it has no viewers and no ladder.
  static func scenario(_ path: String) throws -> ScenarioFile {
    let file = try ScenarioFile(path: path)
    guard file.scenario.kind == .platform else {
      throw InputError(
        InputPlace(source: path, path: "kind"), "a scenario without viewers and media teaches nothing here",
        suggestion: "scenarios/smoke.json")
    }
    return file
  }

  /// Tables of demand of a scenario, one a replication.
  static func tables(_ file: ScenarioFile, replications: Range<Int>, hours: Int) -> [DemandTable] {
    replications.map { replication in
      DemandTable(
        scenario: file.scenario, pattern: file.pattern,
        identity: RunIdentity(seed: UInt64(file.scenario.seed), replication: UInt64(replication)), hours: hours,
        sessionLimit: 300_000)
    }
  }

  static func rows(_ tables: [DemandTable]) -> (inputs: Tensor, targets: Tensor) {
    let rows = PopularityRows(tables.map { ($0.requests, $0.fileBytes) })
    return (
      Tensor(shape: [rows.targets.count, RequestHistory.featureCount], values: rows.features),
      Tensor(shape: [rows.targets.count, 1], values: rows.targets)
    )
  }

  static func checkLadder(_ sessions: BitrateSessions, source: String) throws(InputError) {
    guard sessions.ladder.count <= LearnedRule.qualityLimit else {
      throw InputError(
        InputPlace(source: source),
        "its ladder has \(sessions.ladder.count) qualities; a learned rule scores at most \(LearnedRule.qualityLimit)")
    }
  }

  /// Features and the oracle's choices of sessions that a network plays, or the oracle itself where there is none.
  static func rows(
    _ sessions: BitrateSessions, numbers: Range<Int>, network: ScoringNetwork?
  ) -> (inputs: Tensor, labels: [Int], outcomes: [BitrateSessions.Outcome]) {
    var (features, labels): ([Float], [Int]) = ([], [])
    let outcomes = numbers.map { number in
      let outcome = sessions.play(session: number, keepsRows: true) { decision, features in
        network?.best(features, among: sessions.ladder.count) ?? BitrateOracle.choice(decision)
      }
      features += outcome.features
      labels += outcome.labels
      return outcome
    }
    return (Tensor(shape: [labels.count, LearnedRule.featureCount], values: features), labels, outcomes)
  }
}
