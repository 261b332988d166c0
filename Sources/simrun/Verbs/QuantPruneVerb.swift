import Arguments
import QuantEval
import Reporting
import TextFormats

/// `simrun quant prune MODEL`: what goes when weights or filters go.
enum QuantPruneVerb {
  private static let methods = ["magnitude"] + FilterCriterion.allCases.map(\.rawValue)

  static let verb = Verb(
    "prune", "Prune weights or filters and tell what it costs.",
    discussion: """
      magnitude sets the smallest weights to zero, a row a layer: layer, sparsity, accuracy, zeros. The others rank the \
      filters of every convolution, smallest score first, and set the first int(rate x filters) of each with their biases \
      to zero, a row a filter: layer, sparsity, accuracy, filter. The accuracy is that of the network with all of it \
      applied; it stays empty without --data and labels.

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
    guard let criterion = invocation.text("method").flatMap(FilterCriterion.init(rawValue:)) else {
      return try magnitude(network, rows, rates, invocation)
    }
    if let layer = invocation.text("layer"), !network.nodes.contains(where: { $0.name == layer }) {
      throw invocation.error(
        "layer", "there is no layer '\(layer)'",
        suggestion: NameSuggestion.phrase(for: layer, in: network.nodes.map(\.name)))
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
    for rate in rates {
      let pruned = MagnitudePruning.pruned(network, rate: rate, scope: scope)
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

  private static func accuracy(_ network: Network, _ rows: DataRows?) -> Table.Cell {
    guard let rows, !rows.labels.isEmpty else { return .empty }
    let logits = Forward(network).outputs(rows.inputs)
    return .number(ModelScore(logits, float: logits, labels: rows.labels).accuracy)
  }
}
