// Scripts of commands around the migration of one slot: what each node replies at each stage.

public import TextFormats
import SimEngine

/// One command of a script.
public struct ScriptStep: Sendable {
  /// The stage of the migration.
  public var stage: String
  /// The node asked: `src`, `dst`, `third`, or one of their replicas.
  public var node: String
  /// Commands sent just before on the same connection.
  public var prefix: String
  /// The command.
  public var command: String
  /// Where it stands.
  public var place: InputPlace
}

/// A script: commands to the nodes of a cluster of three masters while one slot moves from `src` to `dst`.
///
/// The slot is that of the first hash tag named, where `{t}` stands for a tag of slot 4574 (recordings write it so). Its
/// keys `moved*` move half-way, its keys `notmoved*` later, keys `absent*` never exist. Stages begin with a digit: 0 before, 1 the destination imports, 2 the source migrates, 3 half of the
/// keys have moved, 4 all have, 5 the destination is told that it serves the slot, 6 so are the others. `3x` is a command
/// between stages. After them come `txn`, `eval`, `unbound` and `down`: the last two with a slot that the source gave up.
public struct RedirectionScript: Sendable {
  /// The commands in order.
  public var steps: [ScriptStep]

  /// Reads a script: CSV with the columns `step,node,prefix_commands,command`; others are ignored.
  /// - Throws: `InputError` for a missing column, `FileError` for a file that cannot be read.
  public init(file path: String) throws {
    var reader = try CSVReader(file: path)
    let columns = try reader.header(["step", "node", "prefix_commands", "command"])
    steps = []
    while let row = try reader.next() {
      steps.append(
        ScriptStep(
          stage: row[columns[0]], node: row[columns[1]], prefix: row[columns[2]], command: row[columns[3]],
          place: row.place(columns[3])))
    }
  }

  /// The reply to every command, in order.
  /// - Throws: `InputError` for a stage, node or command that the model does not know.
  public func replies() throws(InputError) -> [String] {
    var stage = ScriptStage(tag: Self.tag(of: steps))
    var replies: [String] = []
    for step in steps { replies.append(try stage.reply(to: step)) }
    return replies
  }

  /// The hash tag of the first key: the slot that moves.
  private static func tag(of steps: [ScriptStep]) -> String {
    for step in steps {
      for word in step.command.split(separator: " ").dropFirst() {
        let hashed = HashSlot.hashedPart(of: word.utf8)
        if hashed.count < word.utf8.count { return String(Substring(hashed)) }
      }
    }
    return "t"
  }
}

/// The cluster that a script talks to.
private struct ScriptStage: ~Copyable {
  private var cluster: Cluster
  /// The tag as the script writes it, and the one that is used for it.
  private let writtenTag: String
  private let tag: String
  private let slot: Int
  /// Nodes in the order src, dst, third; their replicas follow.
  private let masters: [Int]
  private var reached = 0
  private var isGivenUp = false

  static let nodes = ["src", "dst", "third", "src_replica", "dst_replica", "third_replica"]

  init(tag: String) {
    writtenTag = tag
    self.tag = tag == "t" ? SlotAllocationRanges.key(in: 4574) : tag
    slot = HashSlot(key: self.tag).index
    var settings = ClusterSettings()
    settings.timing.jitterMean = .zero
    do throws(PlanRefusal) { cluster = try Cluster(settings) } catch {
      preconditionFailure("three masters with a replica each make a cluster")
    }
    let source = cluster.slotOwner(slot, seenBy: 0) ?? 0
    masters = [source, (source + 1) % 3, (source + 2) % 3]
    for name in ["moved", "moved2", "notmoved", "notmoved2"] {
      var connection = ClientConnection()
      _ = cluster.execute(.set("{\(self.tag)}\(name)", "val-\(name)"), at: source, on: &connection)
    }
    settle()
  }

  /// Lets all that is under way arrive.
  private mutating func settle() { cluster.advance(through: cluster.now + .seconds(2)) }

  mutating func reply(to step: ScriptStep) throws(InputError) -> String {
    try enter(step)
    guard let index = Self.nodes.firstIndex(of: step.node) else {
      throw InputError(
        step.place, "there is no node '\(step.node)'", suggestion: NameSuggestion.phrase(for: step.node, in: Self.nodes)
      )
    }
    let node = index < 3 ? masters[index] : masters[index - 3] + 3
    if step.stage == "txn" { return transaction(at: node) }
    if step.stage == "eval" { return crossSlotRequest(at: node) }
    var connection = ClientConnection()
    for command in try prefix(step) { _ = cluster.execute(command, at: node, on: &connection) }
    let reply = cluster.execute(try command(step, at: node), at: node, on: &connection)
    cluster.advance(through: cluster.now + .milliseconds(100))
    return reply.description
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

  private var givenUpSlot: Int { SlotAllocationRanges.first(of: masters[0]) }

  // MARK: Commands

  private func prefix(_ step: ScriptStep) throws(InputError) -> [Command] {
    // Several commands may stand behind each other: a word in capitals begins the next.
    var commands: [[String]] = []
    for word in step.prefix.split(separator: " ").map(String.init) {
      if word == word.uppercased(), word.first?.isLetter == true || commands.isEmpty { commands.append([]) }
      commands[commands.count - 1].append(word)
    }
    var parsed: [Command] = []
    for words in commands { parsed.append(try parse(words.joined(separator: " "), step)) }
    return parsed
  }

  private func parse(_ text: String, _ step: ScriptStep) throws(InputError) -> Command {
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      word.hasPrefix("{\(writtenTag)}") ? "{\(tag)}" + word.dropFirst(writtenTag.count + 2) : String(word)
    }
    let text = words.joined(separator: " ")
    do throws(CommandError) { return try Command(text) } catch { throw InputError(step.place, error.description) }
  }

  /// A command, or a description of one in words.
  private func command(_ step: ScriptStep, at node: Int) throws(InputError) -> Command {
    let words = step.command.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
    func says(_ phrase: String) -> Bool { step.command.contains(phrase) }
    if words.count > 3, words[0] == "SET", words[1] == "new", words[2] == "key" {
      return .set("{\(tag)}\(words[3])", "v")
    }
    if words.count > 1, words[0] == "PING" { return .ping }
    guard words.count > 3, words[0] == "GET" || words[0] == "SET", says("slot") || says("any key") else {
      return try parse(step.command, step)
    }
    let slot = says("own bound") ? givenUpSlot + 1 : givenUpSlot
    let key = SlotAllocationRanges.key(in: slot)
    return words[0] == "SET" ? .set(key, "v") : .get(key)
  }

  /// MULTI, a write to a slot of the node, a write to another slot, EXEC: the whole is checked when it is to run.
  private func transaction(at node: Int) -> String {
    ["OK", "QUEUED", "QUEUED", crossSlotRequest(at: node)].joined(separator: " | ")
  }

  private func crossSlotRequest(at node: Int) -> String {
    let own = (0..<HashSlot.count).first { cluster.slotOwner($0, seenBy: node) == node } ?? 0
    let request = KeyedRequest(slots: [own, (own + 8192) % HashSlot.count], presentKeys: 0, isWrite: true)
    return Reply(cluster.redirection(of: request, at: node)).map(\.description) ?? "OK"
  }
}

/// Slots of a new cluster of three masters, and keys for them.
private enum SlotAllocationRanges {
  static func first(of master: Int) -> Int { [0, 5461, 10923][master] }

  /// Some key of a slot.
  static func key(in slot: Int) -> String {
    var number = 0
    while HashSlot(key: "key\(number)").index != slot { number += 1 }
    return "key\(number)"
  }
}
