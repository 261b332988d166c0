import SimEngine

/// Draws clusters for the swarm: small ones with short timeouts, and anything that may happen to them.
struct ClusterSwarm {
  private var stream: RandomStream

  init(seed: Int) {
    stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "swarm", purpose: "cluster"))
  }

  private mutating func pick(_ values: [String]) -> String { values[stream.below(values.count)] }

  /// The `cluster` table as JSON.
  ///
  /// Events lie in the first half minute; runs that are long enough then see the cluster agree again.
  mutating func table() -> String {
    let masters = 3 + stream.below(4)
    let replicas = stream.below(3)
    var fields = [
      "\"masters\": \(masters)", "\"replicas\": \(replicas)",
      "\"node_timeout\": \"\(pick(["500ms", "1s", "2s"]))\"", "\"rules\": \"\(pick(["7.0", "fixed"]))\"",
      "\"full_coverage\": \(pick(["true", "false"]))", "\"reads_when_down\": \(pick(["true", "false"]))",
      "\"aggregation\": \"\(pick(["never", "always"]))\"", "\"jitter\": \"\(pick(["0s", "400us", "20ms"]))\"",
      "\"loss\": \(pick(["0", "0", "0.02"]))", "\"instances\": \(pick(["1", "7"]))",
      "\"service\": \"\(pick(["0s", "20us", "20ms"]))\"", "\"keys\": \(pick(["1", "200000", "4000000"]))",
      "\"wait_replicas\": \(pick(["0", "1"]))", "\"pipeline\": \(pick(["1", "10", "1000"]))",
      "\"key_bytes\": \"\(pick(["100B", "100B", "1MB"]))\"",
      "\"resume\": { \"write_interval\": \"\(pick(["1s", "10s", "60s"]))\" }",
      "\"load\": { \"commands\": \"\(pick(["0/s", "5/s", "200/s"]))\" }",
    ]
    let happenings = (0..<stream.below(6)).map { _ in happening(masters: masters, nodes: masters * (1 + replicas)) }
    fields.append("\"events\": [\(happenings.joined(separator: ", "))]")
    return "{ \(fields.joined(separator: ", ")) }"
  }

  private mutating func happening(masters: Int, nodes: Int) -> String {
    let action = pick([
      "kill", "kill", "freeze", "partition", "partition", "slow-down", "scale-out", "scale-in", "rolling-restart",
      "failover",
    ])
    let second = 5 + stream.below(30)
    var fields = ["\"at\": \"20:00:\(second < 10 ? "0" : "")\(second)\"", "\"action\": \"\(action)\""]
    let lasting = pick(["1s", "3s", "12s"])
    switch action {
    case "scale-out": fields.append("\"masters\": \(1 + stream.below(2))")
    case "scale-in":
      guard masters > 3 else { return happening(masters: masters, nodes: nodes) }
      fields.append("\"masters\": 1")
    case "rolling-restart":
      fields.append("\"for\": \"1s\"")
      fields.append("\"every\": \"\(pick(["2s", "4s"]))\"")
      fields.append("\"hand_over\": \(pick(["true", "false"]))")
    default:
      fields.append("\"for\": \"\(lasting)\"")
      if stream.chance(0.5) {
        fields.append("\"masters\": \(1 + stream.below(2))")
      } else {
        var all = Array(0..<nodes)
        stream.shuffle(&all)
        let few = all.prefix(1 + stream.below(max(1, nodes / 2))).sorted()
        fields.append("\"nodes\": [\(few.map { "\($0)" }.joined(separator: ", "))]")
      }
      if action == "partition" {
        fields += ["\"clients\": \(pick(["0", "0.3"]))", "\"one_way\": \(pick(["true", "false"]))"]
      }
      if action == "slow-down" { fields.append("\"delay\": \"\(pick(["5ms", "400ms"]))\"") }
    }
    return "{ \(fields.joined(separator: ", ")) }"
  }
}
