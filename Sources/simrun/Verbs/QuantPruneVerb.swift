import Arguments
import QuantEval
import Reporting
import TextFormats

/// `simrun quant prune MODEL`: what goes when weights or filters go.
enum QuantPruneVerb {
  private static let methods = ["magnitude", "l0"] + FilterCriterion.allCases.map(\.rawValue)

  static let verb = Verb(
    "prune", "Prune weights or filters and tell what it costs.",
    discussion: """
      magnitude sets the smallest weights to zero, a row a layer: layer, sparsity, accuracy, zeros. The others rank the \
      filters of every convolution, smallest score first, and set the first int(rate x filters) of each with their biases \
      to zero, a row a filter: layer, sparsity, accuracy, filter. The accuracy is that of the network with all of it \
      applied; it stays empty without --data and labels.

      With --max-drop magnitude searches the largest share whose accuracy stays within that drop instead of taking --rate;       --fine-tune trains what is left for some passes, the zeros staying zero. l0 trains a gate on every input of every       dense layer at the price --lambda and removes what its closed gates read: layer, sparsity, accuracy, zeros.

      --apply removes channels for good, together with all that hang on them (residual additions, depthwise \
      convolutions, concatenations), writes the smaller model, and prints the plan to the standard error first.
      """,
    operands: [QuantData.model],
    options: QuantData.options + [
      .choice("method", methods, standard: "magnitude", "What is pruned, and by which score."),
      .value("rate", "R,...", standard: "0.5", "Shares to prune, from 0 to 1."),
      .choice(
        "scope", MagnitudePruning.Scope.allCases.map(\.rawValue), standard: "global",
        "magnitude: smallest of all layers together, or of each."),
      .value("layer", "NAME", "Filters of this convolution only."),
      .value(
        "max-drop", "D", "magnitude: search the largest share that costs at most this accuracy, for example 0.01."),
      .value("fine-tune", "N", standard: "0", "Passes over the training rows after pruning."),
      .value("lambda", "L", standard: "0.5", "l0: the price of an open gate."),
      .value("epochs", "N", standard: "60", "l0: passes over the training rows."),
      .value("seed", "S", standard: "1", "Order of the rows in training, and gates."),
      .value("train-rows", "VALUE", "Rows of the CSV to train with, by their value in the column 'split'."),
      .value("apply", "OUT", completion: .file, "Write the smaller network (filters) or the sparse one (magnitude)."),
      QuantData.format,
    ],
    examples: [
      Example("simrun quant prune cnn.onnx --method fpgm --rate 0.25", "Which filters are nearest to the median.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let network = try QuantData.network(invocation)
    let rows = invocation.text("data") == nil ? nil : try QuantData.rows(invocation, for: network)
    let rates = try invocation.numbers("rate", in: 0...1)
    if invocation.text("method") == "l0" { return try gates(network, rows, invocation) }
    guard let criterion = invocation.text("method").flatMap(FilterCriterion.init(rawValue:)) else {
      return try magnitude(network, rows, rates, invocation)
    }
    if let layer = invocation.text("layer"), !network.nodes.contains(where: { $0.name == layer }) {
      throw invocation.error(
        "layer", "there is no layer '\(layer)'",
        suggestion: NameSuggestion.phrase(for: layer, in: network.nodes.map(\.name)))
    }
    if !network.nodes.contains(where: \.operation.isConvolution) {
      Simrun.complain("simrun: it has no convolution, so no filter goes; --method magnitude prunes weights")
    }
    var table = Table(["layer", "sparsity", "accuracy", "filter"], text: ["layer"])
    for rate in rates {
      let removals = FilterPruning.removals(network, criterion, rate: rate, layer: invocation.text("layer"))
      let accuracy = accuracy(FilterPruning.masked(network, removals), rows)
      for removal in removals {
        let node = network.nodes[removal.node].name
        let sparsity = Double(removal.filters.count) / Double(network.weight(of: removal.node).shape[0])
        for filter in removal.filters {
          table.append([.text(node), .number(sparsity), accuracy, .integer(Int64(filter))])
        }
      }
    }
    QuantData.show(table, invocation)
    if let path = invocation.text("apply"), let rate = rates.last {
      let plan = try PruningPlan(network, criterion, rate: rate)
      for row in plan.rows {
        Simrun.complain(
          "\(row.layer): \(row.channels) -> \(row.kept) channels, \(row.parameters) -> \(row.keptParameters) parameters"
        )
      }
      try QuantData.write(OnnxWriter.bytes(plan.network), to: path)
    }
    return .success
  }

  private static func magnitude(
    _ network: Network, _ rows: DataRows?, _ rates: [Double], _ invocation: Invocation
  ) throws -> ExitStatus {
    let scope = invocation.text("scope").flatMap(MagnitudePruning.Scope.init(rawValue:)) ?? .global
    var table = Table(["layer", "sparsity", "accuracy", "zeros"], text: ["layer"])
    let tune = try tuning(network, rows, invocation)
    var candidates: [Network] = []
    if let drop = try invocation.number("max-drop", in: 0...1) {
      guard let rows, !rows.labels.isEmpty else { throw invocation.error("max-drop", "needs --data with labels") }
      let whole = correct(network, rows)
      let least = Int((Double(whole) - drop * Double(rows.count)).rounded(.up))
      let found = try MagnitudePruning.search(network, scope: scope, rows: rows, atLeast: least, tune: tune)
      Simrun.complain(
        "simrun: weights up to \(found.threshold) go, \(found.rate) of all: \(found.correct) of \(rows.count) right, "
          + "\(whole) before")
      candidates = [found.network]
    } else {
      candidates = try rates.map { try tune(MagnitudePruning.pruned(network, rate: $0, scope: scope)) }
    }
    for pruned in candidates {
      let accuracy = accuracy(pruned, rows)
      for row in MagnitudePruning.zeros(pruned) {
        table.append([
          .text(network.nodes[row.layer].name), .number(Double(row.zeros) / Double(max(1, row.count))), accuracy,
          .integer(Int64(row.zeros)),
        ])
      }
      if let path = invocation.text("apply") { try QuantData.write(OnnxWriter.bytes(pruned), to: path) }
    }
    QuantData.show(table, invocation)
    return .success
  }

  /// Fine-tuning that leaves zeros alone; nothing where no passes are asked for.
  private static func tuning(
    _ network: Network, _ rows: DataRows?, _ invocation: Invocation
  ) throws -> (Network) throws -> Network {
    var training = NetworkTraining()
    training.epochs = Int(try invocation.integer("fine-tune", in: 0...100_000) ?? 0)
    training.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1)
    training.keepsZeros = true
    guard training.epochs > 0 else { return { $0 } }
    let train = try trainingRows(network, rows, invocation)
    return { try training.trained($0, inputs: train.inputs, targets: .classes(train.labels)).network }
  }

  /// Rows to train with: those of --train-rows, or those that are scored.
  private static func trainingRows(_ network: Network, _ rows: DataRows?, _ invocation: Invocation) throws -> DataRows {
    let split = invocation.text("train-rows")
    let train = split == nil ? rows : try QuantData.rows(invocation, for: network, split: split)
    guard let train, train.labels.count == train.count else {
      throw invocation.error("data", "training needs rows with labels")
    }
    return train
  }

  private static func gates(_ network: Network, _ rows: DataRows?, _ invocation: Invocation) throws -> ExitStatus {
    var settings = GateTraining.Settings()
    settings.lambda = try invocation.number("lambda", in: 0...1_000) ?? 0.5
    settings.epochs = Int(try invocation.integer("epochs", in: 1...100_000) ?? 60)
    settings.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1)
    let trained = try GateTraining(
      network, rows: trainingRows(network, rows, invocation), settings: settings)
    var table = Table(["layer", "sparsity", "accuracy", "zeros"], text: ["layer"])
    let accuracy = accuracy(trained.network, rows)
    let layers = network.quantizableNodes.filter {
      if case .dense = network.nodes[$0].operation { return true }
      return false
    }
    for (layer, open) in zip(layers, trained.openGates) {
      let gates = network.weight(of: layer).shape[1]
      table.append([
        .text(network.nodes[layer].name), .number(Double(gates - open) / Double(gates)), accuracy,
        .integer(Int64(gates - open)),
      ])
    }
    QuantData.show(table, invocation)
    if let path = invocation.text("apply") { try QuantData.write(OnnxWriter.bytes(trained.network), to: path) }
    return .success
  }

  private static func correct(_ network: Network, _ rows: DataRows) -> Int {
    zip(Forward(network).outputs(rows.inputs).rowMaxima, rows.labels).count { $0 == $1 }
  }

  private static func accuracy(_ network: Network, _ rows: DataRows?) -> Table.Cell {
    guard let rows, !rows.labels.isEmpty else { return .empty }
    let logits = Forward(network).outputs(rows.inputs)
    return .number(ModelScore(logits, float: logits, labels: rows.labels).accuracy)
  }
}
