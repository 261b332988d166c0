import ClusterModel
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
    let rows = try Reference.rows(
      "clusterdown_matrix.csv",
      ["require_full_coverage", "allow_reads_when_down", "situation", "asked", "cluster_state", "command", "reply"])
    #expect(rows.count == 72)
    for row in rows {
      var settings = ClusterSettings()
      settings.replicasPerMaster = 0
      settings.nodeTimeoutMs = 1000
      settings.requiresFullCoverage = row[0] == "yes"
      settings.allowsReadsWhenDown = row[1] == "yes"
      var cluster = try Cluster(settings)
      cluster.advance(through: .seconds(5))
      let asked = try #require(row[3].last?.wholeNumberValue)
      let alive = row[2].hasPrefix("1 of 3") ? [0, 1] : [0]
      let keys = [449, 8579, 12706].map { key(in: $0) }
      var connection = ClientConnection()
      for node in alive { _ = cluster.execute(.set(keys[node], "v\(node)"), at: node, on: &connection) }
      for node in 0..<3 where !alive.contains(node) { cluster.kill(node) }
      cluster.advance(through: .seconds(20))
      #expect(cluster.isStateOK(asked) == (row[4] == "ok"), "\(row)")
      let words = row[5].split(separator: " ")
      let other = asked == 0 ? 1 : 0
      let named = words[0] == "own" ? keys[asked] : words[0] == "other-live" ? keys[other] : keys[2]
      // The value that the recording left in the last situation.
      if row[6] == "w" { continue }
      let command: Command = words[1] == "GET" ? .get(named) : words[1] == "SET" ? .set(named, "v") : .ping
      #expect(cluster.execute(command, at: asked, on: &connection).description == row[6], "\(row)")
    }
  }

  private func key(in slot: Int) -> String {
    (0...).lazy.map { "k\($0)" }.first { HashSlot(key: $0).index == slot } ?? ""
  }
}
