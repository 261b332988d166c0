// Scripts of commands to a cluster some of whose masters are dead: what its options make nodes reply.

import SimEngine
public import TextFormats

/// Commands to the nodes of a cluster without replicas, while masters die.
///
/// CSV with the columns `require_full_coverage`, `allow_reads_when_down` (`yes` or `no`), `situation` (`2 of 3 masters
/// dead`), `asked` (`HOST0`), and `command`: `GET` or `SET` of a key of the node asked (`own`), of another one that lives
/// (`other-live`) or of a dead one (`dead`), or `no-key PING`. Neighbouring rows with the same options share a cluster,
/// where the key of node n has the value `vn` at first, and SET writes `w`. The last masters die.
public struct CoverageScript: Sendable {
  /// The names of its columns.
  public static let columns = [
    "require_full_coverage", "allow_reads_when_down", "situation", "asked", "command",
  ]

  /// One command.
  public struct Step: Sendable {
    /// The fields of its row, in the order of `columns`.
    public var fields: [String]
    /// Where it stands.
    public var place: InputPlace
  }

  /// What a node made of a command.
  public struct Answer: Sendable, Equatable {
    /// `ok` or `fail`, as the node asked sees the cluster.
    public var state: String
    /// The reply.
    public var reply: String
  }

  /// The commands in order.
  public var steps: [Step] = []

  /// Reads a script.
  /// - Throws: `InputError` for a missing column, `FileError` for a file that cannot be read.
  public init(file path: String) throws {
    var reader = try CSVReader(file: path)
    let columns = try reader.header(Self.columns)
    while let row = try reader.next() {
      steps.append(Step(fields: columns.map { row[$0] }, place: row.place(columns[columns.count - 1])))
    }
  }

  /// Whether a file has the columns of such a script.
  public static func isOne(file path: String) -> Bool {
    guard var reader = try? CSVReader(file: path) else { return false }
    return (try? reader.header(columns)) != nil
  }

  /// The answer to every command, in order.
  /// - Throws: `InputError` for an option, situation, node or command that the model does not know.
  public func answers() throws(InputError) -> [Answer] {
    var answers: [Answer] = []
    var from = 0
    while from < steps.count {
      let masters = try situation(steps[from]).masters
      let options = Array(steps[from].fields.prefix(2))
      var stage = try CoverageStage(steps[from], masters: masters, options: options)
      var killed = 0
      while from < steps.count, Array(steps[from].fields.prefix(2)) == options {
        let here = try situation(steps[from])
        guard here.masters == masters, here.dead >= killed else { break }
        if here.dead > killed { stage.kill(here.dead - killed) }
        killed = here.dead
        answers.append(try stage.answer(to: steps[from]))
        from += 1
      }
    }
    return answers
  }

  private func situation(_ step: Step) throws(InputError) -> (dead: Int, masters: Int) {
    let words = step.fields[2].split(separator: " ")
    guard words.count >= 3, words[1] == "of", let dead = Int(words[0]), let masters = Int(words[2]), dead >= 0,
      (SlotAllocation.fewestMasters...100).contains(masters), dead < masters
    else {
      throw InputError(
        step.place, "'\(step.fields[2])' is no situation", suggestion: "1 of 3 masters dead, of at least 3")
    }
    return (dead, masters)
  }
}

/// The cluster that such a script talks to.
private struct CoverageStage: ~Copyable {
  private var cluster: Cluster
  private var alive: Int

  init(_ step: CoverageScript.Step, masters: Int, options: [String]) throws(InputError) {
    var settings = ClusterSettings()
    settings.masters = masters
    settings.replicasPerMaster = 0
    settings.nodeTimeoutMs = 1000
    for option in options where option != "yes" && option != "no" {
      throw InputError(step.place, "'\(option)' is neither yes nor no")
    }
    settings.requiresFullCoverage = options[0] == "yes"
    settings.allowsReadsWhenDown = options[1] == "yes"
    do throws(PlanRefusal) { cluster = try Cluster(settings) } catch {
      throw InputError(step.place, error.description)
    }
    alive = masters
    cluster.advance(through: .seconds(5))
    for node in 0..<masters {
      var connection = ClientConnection()
      _ = cluster.execute(.set(key(of: node), "v\(node)"), at: node, on: &connection)
    }
  }

  /// Kills the last masters that live, and lets the others find out.
  mutating func kill(_ count: Int) {
    for _ in 0..<count {
      alive -= 1
      cluster.kill(alive)
    }
    cluster.advance(through: cluster.now + .seconds(15))
  }

  mutating func answer(to step: CoverageScript.Step) throws(InputError) -> CoverageScript.Answer {
    let host = step.fields[3]
    guard host.hasPrefix("HOST"), let node = Int(host.dropFirst(4)), (0..<alive).contains(node) else {
      throw InputError(step.place, "there is no living node '\(host)'", suggestion: "HOST0 to HOST\(alive - 1)")
    }
    let words = step.fields[4].split(separator: " ").map(String.init)
    let owners = ["own": node, "other-live": node == 0 ? 1 : 0, "dead": cluster.nodeCount - 1, "no-key": node]
    guard words.count == 2, let owner = owners[words[0]], ["GET", "SET", "PING"].contains(words[1]) else {
      throw InputError(
        step.place, "'\(step.fields[4])' is no command",
        suggestion: "own, other-live or dead with GET or SET, or no-key PING")
    }
    let command: Command =
      words[1] == "PING" ? .ping : words[1] == "GET" ? .get(key(of: owner)) : .set(key(of: owner), "w")
    var connection = ClientConnection()
    let reply = cluster.execute(command, at: node, on: &connection).description
    return CoverageScript.Answer(state: cluster.isStateOK(node) ? "ok" : "fail", reply: reply)
  }

  /// A key of a node; with three masters the one that recordings use.
  private func key(of node: Int) -> String {
    let recorded = [449, 8579, 12706]
    let first = (0..<HashSlot.count).first { cluster.slotOwner($0, seenBy: 0) == node } ?? 0
    let slot = cluster.nodeCount == 3 ? recorded[node] : first
    var number = 0
    while HashSlot(key: "key\(number)").index != slot { number += 1 }
    return "key\(number)"
  }
}
