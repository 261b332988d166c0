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
/// The slot is that of the first hash tag named, where `{t}` stands for a tag of slot 4574 (recordings write it so). Of
/// the keys with this tag that the script names, `moved*` move half-way and `notmoved*` later; others do not exist until
/// they are written. Stages begin with a digit: 0 before, 1 the destination imports, 2 the source migrates, 3 half of the
/// keys have moved, 4 all have, 5 the destination is told that it serves the slot, 6 so are the others. `3x` is a command
/// between stages. After them come `txn`, `eval`, `unbound` and `down`: the last two with a slot that the source gave up.
///
/// Several commands of one connection are separated by `/`; their replies are joined by ` | `. A word `own` is a key of
/// the node that is asked, `other-slot` one of another slot of its, `other-node` one of another node.
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
    let tag = tag
    var stage = ScriptStage(tag: tag, keys: keys(with: tag))
    var replies: [String] = []
    for step in steps { replies.append(try stage.reply(to: step)) }
    return replies
  }

  /// The hash tag of the first key: the slot that moves.
  private var tag: String {
    for word in steps.lazy.flatMap({ $0.command.split(separator: " ").dropFirst() }) {
      let hashed = HashSlot.hashedPart(of: word.utf8)
      if hashed.count < word.utf8.count { return String(Substring(hashed)) }
    }
    return "t"
  }

  /// What follows the tag in the keys that exist at the start, each once.
  private func keys(with tag: String) -> [String] {
    var names: [String] = ["moved", "moved2", "notmoved", "notmoved2"]
    let separators: Set<Character> = [" ", "/", ",", "'", "\""]
    for step in steps {
      for word in (step.prefix + " " + step.command).split(whereSeparator: separators.contains)
      where word.hasPrefix("{\(tag)}") {
        let name = String(word.dropFirst(tag.count + 2))
        if name.hasPrefix("moved") || name.hasPrefix("notmoved"), !names.contains(name) { names.append(name) }
      }
    }
    return names
  }
}
