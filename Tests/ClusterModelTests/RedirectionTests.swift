import ClusterModel
import Glibc
import SimEngine
import Testing

@Suite("Redirections", .enabled(if: Reference.isPresent, "\(Reference.absence)"))
struct RedirectionTests {
  @Test("every node replies at every stage of a migration as Redis does")
  func migration() throws {
    let script = try RedirectionScript(file: Reference.folder + "/migration_steps.csv")
    let expected = try Reference.rows("migration_steps.csv", ["reply"])
    let replies = try script.replies()
    #expect(replies.count == 340)
    for (index, reply) in replies.enumerated() {
      let step = script.steps[index]
      #expect(reply == expected[index][0], "\(step.stage) \(step.node) [\(step.prefix)] \(step.command)")
    }
  }

  @Test("with masters dead, nodes reply as their options say")
  func clusterDown() throws {
    let file = Reference.folder + "/clusterdown_matrix.csv"
    #expect(CoverageScript.isOne(file: file) && !CoverageScript.isOne(file: Reference.folder + "/migration_steps.csv"))
    let script = try CoverageScript(file: file)
    let rows = try Reference.rows("clusterdown_matrix.csv", ["cluster_state", "reply"])
    #expect(rows.count == 72)
    for (index, answer) in try script.answers().enumerated() {
      #expect([answer.state, answer.reply] == rows[index], "\(script.steps[index].fields)")
    }
  }
}

@Suite("Transactions")
struct TransactionTests {
  /// Replies of one connection to one node, half-way through a migration of the slot of `{t}`, where keys `moved*` have
  /// gone; recorded from Redis 7.0.15.
  @Test(
    "ASKING holds for a whole transaction, and EXEC is judged by all its keys",
    arguments: [
      ("dst", "ASKING", "MULTI/GET {t}moved/EXEC", "OK | QUEUED | [\"val-moved\"]"),
      (
        "dst", "ASKING", "MULTI/GET {t}moved/GET {t}moved/EXEC",
        "OK | QUEUED | QUEUED | [\"val-moved\", \"val-moved\"]"
      ),
      (
        "dst", "ASKING", "MULTI/GET {t}moved/GET {t}absent/EXEC",
        "OK | QUEUED | QUEUED | -TRYAGAIN Multiple keys request during rehashing of slot"
      ),
      (
        "dst", "", "MULTI/GET {t}moved/EXEC",
        "OK | -MOVED 4574 HOST0 | -EXECABORT Transaction discarded because of previous errors."
      ),
      (
        "dst", "ASKING", "MULTI/DEL {t}absent {t}new/TYPE {t}notmoved2/INCR {t}count/EXEC",
        "OK | -TRYAGAIN Multiple keys request during rehashing of slot | QUEUED | QUEUED | "
          + "-EXECABORT Transaction discarded because of previous errors."
      ),
      (
        "src", "", "MULTI/GET {t}moved/GET {t}notmoved/EXEC",
        "OK | -ASK 4574 HOST1 | QUEUED | -EXECABORT Transaction discarded because of previous errors."
      ),
      ("src", "", "MULTI/GET {t}notmoved/DISCARD", "OK | QUEUED | OK"), ("src", "", "EXEC", "-ERR EXEC without MULTI"),
      ("src", "MULTI", "MULTI", "-ERR MULTI calls can not be nested"),
      ("dst", "ASKING", "MGET {t}moved {t}moved", "[\"val-moved\", \"val-moved\"]"),
      ("dst", "ASKING", "EXISTS {t}absent {t}absent", "0"),
      ("src", "", "EVAL \"return redis.call('get',KEYS[1])\" 1 {t}notmoved", "val-notmoved"),
      (
        "src", "", "EVAL \"return 1\" 2 {t}notmoved other", "-CROSSSLOT Keys in request don't hash to the same slot"
      ),
    ])
  func halfMoved(node: String, prefix: String, command: String, reply: String) throws {
    let path = "/tmp/simrun-script-\(HashSlot(key: node + prefix + command).index)-\(reply.utf8.count).csv"
    func quoted(_ text: String) -> String {
      let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
      return "\"" + parts.joined(separator: "\"\"") + "\""
    }
    let text = "step,node,prefix_commands,command\n3,\(node),\(quoted(prefix)),\(quoted(command))\n"
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
    defer { remove(path) }
    #expect(try RedirectionScript(file: path).replies() == [reply])
  }
}
