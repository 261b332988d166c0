import Testing
import TextFormats

@testable import QuantEval

@Suite("Pruning")
struct PruningTests {
  private func correct(_ network: Network, _ rows: DataRows) -> Int {
    zip(Forward(network).outputs(rows.inputs).rowMaxima, rows.labels).count { $0 == $1 }
  }

  @Test(
    "magnitude pruning zeroes what the reference zeroes", .enabled(if: ReferenceFiles.isPresent),
    arguments: ["mlp", "cnn"])
  func magnitude(model: String) throws {
    let network = try ReferenceFiles.model(model)
    let rows = try ReferenceFiles.digits("test", for: network)
    let expected = try #require(ReferenceFiles.expected("pruning.json")[model])
    for (key, scope) in [("magnitude_global", MagnitudePruning.Scope.global), ("magnitude_per_layer", .layer)] {
      for row in expected[key]?.items ?? [] {
        let rate = try #require(row.double("amount"))
        let pruned = MagnitudePruning.pruned(network, rate: rate, scope: scope)
        #expect(MagnitudePruning.zeros(pruned).map { Double($0.zeros) } == row.doubles("zeros"), "\(key) \(rate)")
        #expect(abs(Double(correct(pruned, rows)) - (row.double("correct") ?? -9)) <= 1, "\(key) \(rate)")
      }
    }
  }

  @Test("filters are ranked as the reference ranks them", .enabled(if: ReferenceFiles.isPresent))
  func filters() throws {
    let network = try ReferenceFiles.model("cnn")
    let rows = try ReferenceFiles.digits("test", for: network)
    let expected = try #require(ReferenceFiles.expected("pruning.json")["cnn"])
    for layer in expected["filters"]?.members ?? [] {
      let index = try #require(network.nodes.firstIndex { $0.name == layer.key })
      let weight = network.weight(of: index)
      for criterion in [FilterCriterion.l1, .l2, .fpgm] {
        let order = FilterRanking.ascending(FilterRanking.scores(weight, criterion)).map { Double($0) }
        let wanted = layer.value["order_ascending(pruned_first)"]?.doubles(criterion.rawValue)
        #expect(order == wanted, "\(layer.key) \(criterion)")
      }
      let distances = FilterRanking.medianDistances(weight)
      for (found, wanted) in zip(distances, layer.value.doubles("distance_to_weiszfeld_geometric_median")) {
        #expect(abs(found - wanted) <= 1e-4 * wanted)
      }
    }
    for row in expected["filter_pruning_accuracy"]?.items ?? [] {
      let criterion = try #require(FilterCriterion(rawValue: row["criterion"]?.text ?? ""))
      let name = row["layer"]?.text
      let removals = FilterPruning.removals(
        network, criterion, rate: try #require(row.double("rate")), layer: name == "all" ? nil : name)
      let right = correct(FilterPruning.masked(network, removals), rows)
      #expect(abs(Double(right) - (row.double("correct") ?? -9)) <= 1, "\(criterion) \(name ?? "")")
    }
  }

  @Test("channels that were only empty can be removed without changing a result", arguments: ["cnn", "cnn_bn"])
  func structure(model: String) throws {
    let network = try ReferenceFiles.model(model)
    let rows = try ReferenceFiles.digits("calib", for: network)
    let plan = try PruningPlan(network, .l1, rate: 0.25)
    #expect(plan.rows.map(\.kept) == [12, 12, 18, 18, 10])
    #expect(plan.rows.allSatisfy { $0.keptParameters < $0.parameters })
    // pool3 and conv4 are added: both lose the same channels.
    #expect(Forward(plan.network).outputs(rows.inputs).shape == [200, 10])
    let smaller = try OnnxReader.network(bytes: OnnxWriter.bytes(plan.network), source: "smaller")
    #expect(Forward(smaller).outputs(rows.inputs) == Forward(plan.network).outputs(rows.inputs))
  }

  @Test("removing filters equals setting them to zero where nothing adds to them")
  func equivalence() throws {
    let network = try ReferenceFiles.model("mlp")
    let rows = try ReferenceFiles.digits("calib", for: network)
    #expect(try PruningPlan(network, .l2, rate: 0.5).network.parameters.scalarCount == network.parameters.scalarCount)
    #expect(correct(network, rows) > 180)
  }
}
