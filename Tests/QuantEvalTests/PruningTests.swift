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

  @Test("channels behind a concatenation go with the filters that make them")
  func concatenation() throws {
    let bench = try joined()
    // Filters 1 of `a` and 0 of `b` are empty: removing them changes nothing but the size.
    let plan = try PruningPlan(bench, .l1, rate: 0.34)
    #expect(plan.rows.map(\.kept) == [2, 2, 2])
    let rows = Tensor(shape: [4, 2, 3, 3], values: (0..<72).map { Float($0 % 11) - 4 })
    let (whole, smaller) = (Forward(bench).outputs(rows), Forward(plan.network).outputs(rows))
    #expect(plan.network.parameters.scalarCount < bench.parameters.scalarCount)
    #expect(zip(whole.values, smaller.values).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  /// Two convolutions of three filters side by side, then two filters over what they give together.
  private func joined() throws -> Network {
    var parameters = ParameterTable()
    func filters(_ name: String, _ outputs: Int, _ inputs: Int, empty: Int?) {
      var weight = Tensor(
        shape: [outputs, inputs, 1, 1], values: (0..<outputs * inputs).map { Float($0 % 5) - 1.7 })
      if let empty { for index in 0..<inputs { weight.values[empty * inputs + index] = 0 } }
      parameters[name + ".w"] = weight
    }
    filters("a", 3, 2, empty: 1)
    filters("b", 3, 2, empty: 0)
    filters("c", 2, 6, empty: nil)
    let window = Window(kernel: 1)
    func convolution(_ name: String, _ input: String) -> Node {
      Node(
        name: name, operation: .convolution(window, group: 1), inputs: [input], output: name, parameters: [name + ".w"])
    }
    return try Network(
      name: "joined", inputName: "x", inputShape: [2, 3, 3], outputName: "y",
      nodes: [
        convolution("a", "x"), convolution("b", "x"),
        Node(name: "ab", operation: .concatenate(axis: 1), inputs: ["a", "b"], output: "ab"), convolution("c", "ab"),
        Node(name: "mean", operation: .globalAveragePool, inputs: ["c"], output: "mean"),
        Node(name: "y", operation: .flatten(axis: 1), inputs: ["mean"], output: "y"),
      ], parameters: parameters, source: "test")
  }

  @Test("the search for a threshold stays within what it may cost, and fine-tuning finds a sparser network")
  func thresholdSearch() throws {
    let network = try ReferenceFiles.model("mlp")
    let rows = try ReferenceFiles.digits("calib", for: network)
    let least = correct(network, rows) - 2
    let plain = try MagnitudePruning.search(network, scope: .global, rows: rows, atLeast: least)
    #expect(plain.rate > 0.3 && plain.correct >= least && plain.threshold > 0)
    var training = NetworkTraining()
    training.epochs = 2
    training.keepsZeros = true
    let train = try ReferenceFiles.digits("train", for: network)
    let pruned = MagnitudePruning.pruned(network, rate: 0.8, scope: .global)
    let tuned = try training.trained(pruned, inputs: train.inputs, targets: .classes(train.labels)).network
    #expect(MagnitudePruning.zeros(tuned).map(\.zeros) == MagnitudePruning.zeros(pruned).map(\.zeros))
    #expect(correct(tuned, rows) > correct(pruned, rows) + 20)
  }
}
