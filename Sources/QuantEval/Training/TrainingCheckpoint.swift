// Training that can be stopped: everything that the next pass depends on, as JSON.

public import TextFormats

extension QuantizationAwareTraining {
  /// The state after the passes so far: parameters, ranges, and what the optimizer remembers.
  ///
  /// The order of rows of a pass depends on the seed and its number alone, so a restored training goes on bit for bit.
  public var checkpoint: JSONValue {
    [
      "passes": .integer(Int64(passes)),
      "parameters": .object(
        network.parameters.names.map {
          JSONValue.Member($0, Self.numbers(network.parameters[$0]?.values ?? []))
        }),
      "ranges": .array(
        network.quantizableNodes.compactMap { ranges[$0]?.maximum }.map { JSONValue.number($0) }),
      "optimizer": optimizer.checkpoint(network.parameters.names),
    ]
  }

  /// Takes over a state.
  /// - Throws: `InputError` where it does not belong to this network.
  public mutating func restore(_ text: JSONText) throws(InputError) {
    let root = text.root
    guard case .number(let number)? = root["passes"]?.content, let count = number.integer, count >= 0 else {
      throw InputError(root.place, "the number of passes is missing")
    }
    var restored = network
    for name in network.parameters.names {
      guard let shape = network.parameters[name]?.shape else { continue }
      let values = try Self.floats(root["parameters"]?[name], at: root.place, "parameter '\(name)'")
      guard values.count == shape.reduce(1, *) else {
        throw InputError(root.place, "the parameter '\(name)' has \(values.count) numbers, the model \(shape)")
      }
      restored.parameters[name] = Tensor(shape: shape, values: values)
    }
    let maxima = try Self.floats(root["ranges"], at: root.place, "ranges", asDoubles: { $0 })
    let layers = network.quantizableNodes
    guard maxima.count == layers.count else {
      throw InputError(root.place, "there are \(maxima.count) ranges for \(layers.count) layers")
    }
    try optimizer.restore(root["optimizer"], at: root.place)
    network = restored
    passes = Int(count)
    for (layer, maximum) in zip(layers, maxima) { setRange(layer, maximum) }
  }

  static func numbers(_ values: [Float]) -> JSONValue { .array(values.map { .number(Double($0)) }) }

  static func floats(_ node: JSONNode?, at place: InputPlace, _ what: String) throws(InputError) -> [Float] {
    try floats(node, at: place, what) { Float($0) }
  }

  static func floats<Number>(
    _ node: JSONNode?, at place: InputPlace, _ what: String, asDoubles convert: (Double) -> Number
  ) throws(InputError) -> [Number] {
    guard case .array(let items)? = node?.content else { throw InputError(node?.place ?? place, "\(what) is no list") }
    var numbers: [Number] = []
    for item in items {
      guard case .number(let number) = item.content else {
        throw InputError(item.place, "\(item.kindPhrase) stands where a number should")
      }
      numbers.append(convert(number.double))
    }
    return numbers
  }
}

extension Optimizer {
  /// What it remembers of the named values.
  func checkpoint(_ names: [String]) -> JSONValue {
    .object(
      names.compactMap { name in
        guard let first = first[name] else { return nil }
        return JSONValue.Member(
          name,
          [
            "steps": .integer(Int64(steps[name] ?? 0)), "first": QuantizationAwareTraining.numbers(first),
            "second": QuantizationAwareTraining.numbers(second[name] ?? []),
          ])
      })
  }

  /// Takes over what another remembered.
  mutating func restore(_ node: JSONNode?, at place: InputPlace) throws(InputError) {
    guard case .object(let members)? = node?.content else { throw InputError(place, "the optimizer is missing") }
    for member in members {
      guard case .number(let number)? = member.value["steps"]?.content, let count = number.integer else {
        throw InputError(member.keyPlace, "the number of steps is missing")
      }
      steps[member.key] = Int(count)
      first[member.key] = try QuantizationAwareTraining.floats(member.value["first"], at: member.keyPlace, "first")
      second[member.key] = try QuantizationAwareTraining.floats(member.value["second"], at: member.keyPlace, "second")
    }
  }
}
