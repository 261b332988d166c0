// What a node does with a client's command: transactions, redirections, and the data itself.

extension Cluster {
  /// A client's command; it takes no time.
  ///
  /// O(keys).
  public mutating func execute(_ command: Command, at node: Int, on connection: inout ClientConnection) -> Reply {
    guard nodes[node].process == .running else { return .silence }
    let reply = decide(command, at: node, on: &connection)
    // ASKING holds for one command; a transaction is one.
    if connection.queued == nil, command != .asking { connection.isAsking = false }
    return reply
  }

  private mutating func decide(_ command: Command, at node: Int, on connection: inout ClientConnection) -> Reply {
    if let refusal = refusal(of: command, at: node, on: connection) {
      if command == .execute {
        endTransaction(&connection)
      } else if connection.queued != nil {
        connection.isTransactionRefused = true
      }
      return refusal
    }
    switch command {
    case .execute: return runTransaction(at: node, on: &connection)
    case .discard:
      guard connection.queued != nil else { return .error("ERR DISCARD without MULTI") }
      endTransaction(&connection)
      return .status("OK")
    case .multi:
      guard connection.queued == nil else { return .error("ERR MULTI calls can not be nested") }
      connection.queued = []
      return .status("OK")
    default:
      if connection.queued != nil {
        // A transaction that is refused already keeps no further commands, so EXEC does not look at their keys.
        if !connection.isTransactionRefused { connection.queued?.append(command) }
        return .status("QUEUED")
      }
      if command.isWrite, nowMs < nodes[node].writesPausedUntil { return .silence }
      return serve(command, at: node, on: &connection)
    }
  }

  /// Why a node does not take a command with keys; EXEC stands for all keys of its transaction.
  private func refusal(of command: Command, at node: Int, on connection: ClientConnection) -> Reply? {
    let commands = command == .execute ? connection.queued ?? [] : [command]
    let keys = commands.flatMap(\.keys)
    guard let first = keys.first else { return nil }
    var request = KeyedRequest(
      slots: keys.map { HashSlot(key: $0).index },
      presentKeys: keys.count { nodes[node].keyspace.value($0) != nil },
      isWrite: commands.contains(where: \.isWrite), isAsking: connection.isAsking, isReadOnly: connection.isReadOnly)
    request.hasDistinctKeys = keys.contains { $0 != first }
    request.isTransaction = command == .execute
    return Reply(redirection(of: request, at: node))
  }

  private func endTransaction(_ connection: inout ClientConnection) {
    connection.queued = nil
    connection.isTransactionRefused = false
  }

  private mutating func runTransaction(at node: Int, on connection: inout ClientConnection) -> Reply {
    guard let commands = connection.queued else { return .error("ERR EXEC without MULTI") }
    let isRefused = connection.isTransactionRefused
    endTransaction(&connection)
    if isRefused { return .error("EXECABORT Transaction discarded because of previous errors.") }
    if commands.contains(where: \.isWrite), nowMs < nodes[node].writesPausedUntil { return .silence }
    var replies: [Reply] = []
    for command in commands { replies.append(serve(command, at: node, on: &connection)) }
    return .several(replies)
  }

  // MARK: Data

  private mutating func serve(_ command: Command, at node: Int, on connection: inout ClientConnection) -> Reply {
    if command.isWrite, !isMaster(node, for: node) {
      return .error("READONLY You can't write against a read only replica.")
    }
    switch command {
    case .ping: return .status("PONG")
    case .get(let key): return .value(value(key, node))
    case .getMany(let keys): return .values(keys.map { value($0, node) })
    case .exists(let keys): return .integer(keys.count { value($0, node) != nil })
    case .length(let key): return .integer(value(key, node)?.utf8.count ?? 0)
    case .type(let key): return .status(value(key, node) == nil ? "none" : "string")
    case .set(let key, let value):
      write(key, value, at: node)
      return .status("OK")
    case .setMany(let pairs):
      for pair in pairs { write(pair.key, pair.value, at: node) }
      return .status("OK")
    case .delete(let keys):
      var deleted = 0
      for key in keys where value(key, node) != nil {
        write(key, nil, at: node)
        deleted += 1
      }
      return .integer(deleted)
    case .append(let key, let tail):
      let whole = (value(key, node) ?? "") + tail
      write(key, whole, at: node)
      return .integer(whole.utf8.count)
    case .increment(let key, let step):
      guard let number = Int(value(key, node) ?? "0") else {
        return .error("ERR value is not an integer or out of range")
      }
      let (sum, overflows) = number.addingReportingOverflow(step)
      if overflows { return .error("ERR increment or decrement would overflow") }
      write(key, "\(sum)", at: node)
      return .integer(sum)
    case .evaluate(let script):
      guard !script.call.isEmpty else { return .integer(script.number) }
      do throws(CommandError) {
        return serve(try Command(words: script.call), at: node, on: &connection)
      } catch { return .error("ERR \(error.description)") }
    case .asking:
      connection.isAsking = true
      return .status("OK")
    case .readOnly, .readWrite:
      connection.isReadOnly = command == .readOnly
      return .status("OK")
    case .multi, .execute, .discard: return .error("ERR Command not allowed inside a transaction")
    }
  }

  private func value(_ key: String, _ node: Int) -> String? { nodes[node].keyspace.value(key) }

  private mutating func write(_ key: String, _ value: String?, at node: Int) {
    acknowledge(at: node)
    nodes[node].keyspace.write(key, value, number: nodes[node].replication.applied)
  }
}
