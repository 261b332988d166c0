import Arguments
import ClusterModel
import Reporting
import TextFormats

/// `simrun cluster ...`: the sharded session store, on its own.
enum ClusterVerbs {
  static let verb = Verb(
    "cluster", "Ask the sharded session store: slots, plans, failovers, gossip, redirections.",
    verbs: [
      slotVerb, Verb("plan", "Plan who gets which slots.", verbs: [createVerb, reshardVerb, rebalanceVerb]),
      ClusterRunVerbs.failoverVerb, ClusterRunVerbs.gossipVerb, ClusterRunVerbs.scriptVerb,
    ])

  // MARK: Slots

  private static let slotVerb = Verb(
    "slot", "Print the hash slot of keys.",
    operands: [
      Operand("KEY", "Keys; one a line on the standard input if none is given.", count: 0...100_000, completion: .none)
    ],
    options: [.flag("hex", "Keys are written as hexadecimal bytes."), OutputFormat.option],
    examples: [Example("simrun cluster slot '{viewer7}.resume' '{viewer7}.profile'", "Keys with one tag share a slot.")]
  )

  @Sendable static func slot(_ invocation: Invocation) throws -> ExitStatus {
    var keys = invocation.operands("KEY").map { Array($0.utf8) }
    if keys.isEmpty {
      var input = try InputFile.bytes("-")
      if input.last == UInt8(ascii: "\n") { input.removeLast() }
      keys = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    }
    var table = Table(["key", "slot"], text: ["key"])
    for (index, key) in keys.enumerated() {
      var bytes = key
      if invocation.flag("hex") {
        guard let decoded = bytes.decodedHex else {
          throw InputError(
            InputPlace(source: "key \(index + 1)"), "'\(String(decoding: key, as: UTF8.self))' is not hexadecimal",
            suggestion: "an even number of digits 0-9 and a-f")
        }
        bytes = decoded
      }
      table.append([.text(String(decoding: key, as: UTF8.self)), .integer(Int64(HashSlot(key: bytes).index))])
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  // MARK: Plans

  private static let createVerb = Verb(
    "create", "Print the slots of a new cluster's masters.",
    options: [.value("masters", "N", "Number of masters, at least 3."), OutputFormat.option],
    examples: [Example("simrun cluster plan create --masters 6", "One row a master: node,first_slot,last_slot.")])

  private static let stateOption = Option.value(
    "from-file", "STATE", completion: .file, "Who serves what: {\"nodes\": [{\"id\": \"a\", \"slots\": [[0, 5460]]}]}.")

  private static let reshardVerb = Verb(
    "reshard", "Plan to move a number of slots to one master.",
    options: [
      stateOption, .value("slots", "N", "How many slots to move."), .value("to", "NODE", "The master that gets them."),
      .value("sources", "A,B", "The masters that give them, in proportion; all others by default."),
      OutputFormat.option,
    ],
    examples: [
      Example("simrun cluster plan reshard --from-file state.json --slots 1000 --to a", "Rows of slots that move.")
    ])

  private static let rebalanceVerb = Verb(
    "rebalance", "Plan to even out the masters.",
    options: [
      stateOption, .repeated("weight", "NODE=W", "Weight of a master, 1 by default; 0 drains it."),
      .flag("use-empty", "Masters without slots take part."),
      .value("threshold", "PERCENT", standard: "2", "Nothing moves while all masters are nearer to their share."),
      OutputFormat.option,
    ],
    examples: [
      Example("simrun cluster plan rebalance --from-file state.json --use-empty", "Scale out to a new, empty master.")
    ])

  @Sendable static func create(_ invocation: Invocation) throws -> ExitStatus {
    let masters = Int(try required(try invocation.integer("masters", in: 0...1_000_000), "masters", invocation))
    let layout = try refusing(invocation) { () throws(PlanRefusal) in try ClusterLayout(masters: masters) }
    var table = Table(["node", "first_slot", "last_slot"])
    for (index, owner) in layout.owners.enumerated() {
      for range in owner.slots.ranges {
        table.append([.integer(Int64(index)), .integer(Int64(range.lowerBound)), .integer(Int64(range.upperBound))])
      }
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  @Sendable static func reshard(_ invocation: Invocation) throws -> ExitStatus {
    let layout = try layout(invocation)
    let count = Int(try required(try invocation.integer("slots", in: 0...1_000_000), "slots", invocation))
    let destination = try node(try required(invocation.text("to"), "to", invocation), "to", layout, invocation)
    let sources = try invocation.list("sources").map { try node($0, "sources", layout, invocation) }
    let plan = try refusing(invocation) { () throws(PlanRefusal) in
      try SlotPlan(resharding: layout.owners, count: count, to: destination, from: sources.isEmpty ? nil : sources)
    }
    show(plan, layout, invocation)
    return .success
  }

  @Sendable static func rebalance(_ invocation: Invocation) throws -> ExitStatus {
    let layout = try layout(invocation)
    var rule = SlotPlan.BalanceRule(masters: layout.owners.count)
    rule.usesEmptyMasters = invocation.flag("use-empty")
    rule.thresholdPercent = Float(try invocation.number("threshold", in: 0...100) ?? 2)
    for (name, text) in try invocation.assignments("weight") {
      guard let weight = Float(text), weight >= 0, weight.isFinite else {
        throw invocation.error("weight", "'\(text)' is no weight: a number from 0 up")
      }
      rule.weights[try node(name, "weight", layout, invocation)] = weight
    }
    let plan = try refusing(invocation) { () throws(PlanRefusal) in
      try SlotPlan(rebalancing: layout.owners, by: rule)
    }
    show(plan, layout, invocation)
    return .success
  }

  private static func show(_ plan: SlotPlan, _ layout: ClusterLayout, _ invocation: Invocation) {
    var table = Table(["slot_first", "slot_last", "source", "destination"], text: ["source", "destination"])
    for range in plan.ranges {
      table.append([
        .integer(Int64(range.slots.lowerBound)), .integer(Int64(range.slots.upperBound)),
        .text(layout.owners[range.source].name), .text(layout.owners[range.destination].name),
      ])
    }
    OutputFormat.show(table, invocation)
  }

  // MARK: Arguments

  private static func layout(_ invocation: Invocation) throws -> ClusterLayout {
    try ClusterLayout(JSONText(readingFile: try required(invocation.text("from-file"), "from-file", invocation)))
  }

  private static func node(
    _ name: String, _ option: String, _ layout: ClusterLayout, _ invocation: Invocation
  ) throws -> Int {
    if let index = layout.index(of: name) { return index }
    throw invocation.error(
      option, "there is no node '\(name)'",
      suggestion: NameSuggestion.phrase(for: name, in: layout.owners.map(\.name)))
  }

  static func required<Value>(_ value: Value?, _ name: String, _ invocation: Invocation) throws -> Value {
    guard let value else { throw invocation.error(name, "this option is required") }
    return value
  }

  static func refusing<Value>(
    _ invocation: Invocation, _ body: () throws(PlanRefusal) -> Value
  ) throws -> Value {
    do throws(PlanRefusal) { return try body() } catch { throw invocation.error(error.description) }
  }
}

extension [UInt8] {
  /// The bytes that an even number of hexadecimal digits stand for.
  fileprivate var decodedHex: [UInt8]? {
    guard count % 2 == 0 else { return nil }
    let digits = compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == count else { return nil }
    return stride(from: 0, to: count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
