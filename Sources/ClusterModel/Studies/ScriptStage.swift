// The cluster that a script talks to, stage by stage.

import SimEngine
import TextFormats

/// Three masters with a replica each, and one slot on its way.
struct ScriptStage: ~Copyable {
  private var cluster: Cluster
  /// The tag as the script writes it, and the one that is used for it.
  private let writtenTag: String
  private let tag: String
  private let slot: Int
  /// Nodes in the order src, dst, third; their replicas follow.
  private let masters: [Int]
  private var reached = 0
  private var isGivenUp = false

  private static let nodes = ["src", "dst", "third", "src_replica", "dst_replica", "third_replica"]

  /// A cluster before the migration, with some keys of the slot.
  init(tag: String, keys: [String]) {
    writtenTag = tag
    self.tag = tag == "t" ? ScriptKeys.key(in: 4574) : tag
    slot = HashSlot(key: self.tag).index
    var settings = ClusterSettings()
    settings.timing.jitterMean = .zero
    do throws(PlanRefusal) { cluster = try Cluster(settings) } catch {
      preconditionFailure("three masters with a replica each make a cluster")
    }
    let source = cluster.slotOwner(slot, seenBy: 0) ?? 0
    masters = [source, (source + 1) % 3, (source + 2) % 3]
    for name in keys {
      var connection = ClientConnection()
      _ = cluster.execute(.set("{\(self.tag)}\(name)", "val-\(name)"), at: source, on: &connection)
    }
    settle()
  }

  /// Lets all that is under way arrive.
  private mutating func settle() { cluster.advance(through: cluster.now + .seconds(2)) }

  mutating func reply(to step: ScriptStep) throws(InputError) -> String {
    try enter(step)
    let node = try node(step)
    var connection = ClientConnection()
    for command in try prefix(step, at: node) { _ = cluster.execute(command, at: node, on: &connection) }
    var replies: [String] = []
    for command in try commands(step, at: node) {
      replies.append(cluster.execute(command, at: node, on: &connection).description)
    }
    cluster.advance(through: cluster.now + .milliseconds(100))
    return replies.joined(separator: " | ")
  }

  private func node(_ step: ScriptStep) throws(InputError) -> Int {
    guard let index = Self.nodes.firstIndex(of: step.node) else {
      throw InputError(
        step.place, "there is no node '\(step.node)'", suggestion: NameSuggestion.phrase(for: step.node, in: Self.nodes)
      )
    }
    return index < 3 ? masters[index] : masters[index - 3] + 3
  }

  // MARK: Stages

  private mutating func enter(_ step: ScriptStep) throws(InputError) {
    let names = ["txn", "eval", "unbound", "down"]
    if let digit = step.stage.first?.wholeNumberValue, (0...6).contains(digit) {
      while reached < digit {
        reached += 1
        do throws(CommandError) { try advanceStage() } catch { throw InputError(step.place, error.description) }
        settle()
      }
    } else if names.contains(step.stage) {
      if step.stage == "unbound" || step.stage == "down", !isGivenUp { try giveUpSlots(step) }
    } else {
      throw InputError(
        step.place, "there is no stage '\(step.stage)'",
        suggestion: "stages begin with 0 to 6, or are \(names.joined(separator: ", "))")
    }
  }

  private mutating func advanceStage() throws(CommandError) {
    let (source, destination, third) = (masters[0], masters[1], masters[2])
    let keys = cluster.keys(in: slot, at: source)
    switch reached {
    case 1: try cluster.setSlot(slot, .importing(from: source), at: destination)
    case 2: try cluster.setSlot(slot, .migrating(to: destination), at: source)
    case 3:
      let prefix = "{\(tag)}moved"
      try cluster.migrate(keys.filter { $0.hasPrefix(prefix) }, from: source, to: destination)
    case 4: try cluster.migrate(keys, from: source, to: destination)
    case 5: try cluster.setSlot(slot, .node(destination), at: destination)
    default:
      try cluster.setSlot(slot, .node(destination), at: source)
      try cluster.setSlot(slot, .node(destination), at: third)
    }
  }

  /// The source gives up a slot and does without full coverage; the third node gives up the slot that moved, and does
  /// not.
  private mutating func giveUpSlots(_ step: ScriptStep) throws(InputError) {
    isGivenUp = true
    cluster.setRequiresFullCoverage(false, at: masters[0])
    do throws(CommandError) {
      try cluster.deleteSlot(givenUpSlot, at: masters[0])
      try cluster.deleteSlot(slot, at: masters[2])
    } catch { throw InputError(step.place, error.description) }
  }

  private var givenUpSlot: Int { ScriptKeys.firstSlots[masters[0]] }

  // MARK: Commands

  /// The commands sent before: a word that names a command begins the next one.
  private func prefix(_ step: ScriptStep, at node: Int) throws(InputError) -> [Command] {
    var commands: [[String]] = []
    for part in step.prefix.split(whereSeparator: { "/;|".contains($0) }) {
      commands.append([])
      for word in Command.words(of: tagged(String(part))) {
        if Command.names.contains(word), commands.last?.isEmpty == false { commands.append([]) }
        commands[commands.count - 1].append(word)
      }
    }
    var parsed: [Command] = []
    for words in commands where !words.isEmpty { parsed.append(try parse(words, step, at: node)) }
    return parsed
  }

  /// The commands of a step: usually one, as such or in words.
  private func commands(_ step: ScriptStep, at node: Int) throws(InputError) -> [Command] {
    if let described = described(step, at: node) { return [described] }
    var commands: [Command] = []
    let parts = step.command.contains("redis.") ? [Substring(step.command)] : step.command.split(separator: "/")
    for part in parts { commands.append(try parse(Command.words(of: tagged(String(part))), step, at: node)) }
    return commands
  }

  private func tagged(_ text: String) -> String {
    guard writtenTag != tag else { return text }
    return text.split(separator: "{\(writtenTag)}", omittingEmptySubsequences: false).joined(separator: "{\(tag)}")
  }

  private func parse(_ words: [String], _ step: ScriptStep, at node: Int) throws(InputError) -> Command {
    var words = words
    for index in words.indices.dropFirst() {
      switch words[index] {
      case "own": words[index] = key(ownedBy: node, first: true)
      case "other-slot": words[index] = key(ownedBy: node, first: false)
      case "other-node": words[index] = key(ownedBy: masters.first { $0 != node && $0 != node - 3 } ?? 0, first: true)
      default: continue
      }
      if words.count == 2, words[0] == "SET" { words.append("v") }
    }
    do throws(CommandError) { return try Command(words: words) } catch {
      throw InputError(step.place, error.description)
    }
  }

  /// A command that recordings describe instead of giving it.
  private func described(_ step: ScriptStep, at node: Int) -> Command? {
    let words = step.command.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
    guard words.count > 1 else { return nil }
    switch words[0] {
    case "SET" where words.count > 3 && words[1] == "new" && words[2] == "key":
      return .set("{\(tag)}\(words[3])", "v")
    case "PING" where words[1] == "while": return .ping
    case "EVAL" where words[1] == "crossslot":
      let keys = [key(ownedBy: node, first: true), key(ownedBy: node, first: false)]
      return try? Command(words: ["EVAL", "return 1", "2"] + keys)
    case "GET", "SET":
      guard words.count > 3, step.command.contains("slot") || step.command.contains("any key") else { return nil }
      let slot = step.command.contains("own bound") ? givenUpSlot + 1 : givenUpSlot
      let key = ScriptKeys.key(in: slot)
      return words[0] == "SET" ? .set(key, "v") : .get(key)
    default: return nil
    }
  }

  private func key(ownedBy node: Int, first: Bool) -> String {
    let slots = (0..<HashSlot.count).filter { cluster.slotOwner($0, seenBy: node) == node && $0 != slot }
    return ScriptKeys.key(in: (first ? slots.first : slots.last) ?? slot)
  }
}

/// Slots of a new cluster of three masters, and keys for them.
private enum ScriptKeys {
  static let firstSlots = [0, 5461, 10923]

  /// Some key of a slot.
  static func key(in slot: Int) -> String {
    var number = 0
    while HashSlot(key: "key\(number)").index != slot { number += 1 }
    return "key\(number)"
  }
}
