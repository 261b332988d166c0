import BackendModel
import SimEngine
import Testing
import TextFormats

@Suite struct SettingsTests {
  private func findings<Group: SettingsGroup>(_: Group.Type, _ text: String) -> [String] {
    do {
      _ = try SettingsDecoder.decode(Group.self, from: JSONText(parsing: text, source: "s.json"))
      return []
    } catch {
      return error.diagnostics.map(\.description)
    }
  }

  @Test("what cannot be built is refused where it stands")
  func impossible() {
    let history = findings(HistorySettings.self, #"{"nodes": 3, "replication": 5}"#)
    #expect(history.count == 1 && history.first?.contains("s.json:1:29") == true, "\(history)")
    #expect(findings(HistorySettings.self, #"{"read_consistency": "two"}"#).first?.contains("unknown choice") == true)
    #expect(findings(GatewaySettings.self, #"{"rate_limit": "-5/s"}"#).count == 1)
    #expect(findings(GatewaySettings.self, #"{"servers": 0}"#).count == 1)
    #expect(
      findings(GatewaySettings.self, #"{"upstream": {"breaker": {"window": 5, "minimum_calls": 6}}}"#).count == 1)
    #expect(findings(SearchSettings.self, #"{"replicas": 1, "hedge_after": "10ms"}"#).count == 1)
    #expect(findings(ObjectStoreSettings.self, #"{"durability": {"devices": 5}}"#).count == 1)
    #expect(findings(RelationalSettings.self, #"{"flush": {"mean": "-1ms"}}"#).count == 1)
    #expect(findings(RelationalSettings.self, #"{"standby_rtt": "2ms"}"#).first?.contains("unknown key") == true)
  }

  @Test("the defaults of every table pass their own checks and come back as they were")
  func defaults() throws {
    func same<Group: SettingsGroup & Equatable>(_ group: Group) throws {
      let text = Group.settings.resolved(group).text()
      #expect(try SettingsDecoder.decode(Group.self, from: JSONText(parsing: text, source: "resolved")) == group)
    }
    try same(GatewaySettings())
    try same(RelationalSettings())
    try same(HistorySettings())
    try same(ObjectStoreSettings())
    try same(SearchSettings())
  }

  @Test(
    "a slice of the platform keeps its share of the servers, and never less than works", arguments: [1, 0.1, 0.016])
  func scaled(share: Double) {
    var history = HistorySettings()
    history.nodes = 48
    history.threads = 32
    let small = history.scaled(by: share)
    #expect(small.nodes >= 3)
    let kept = Double(small.nodes * small.threads) / Double(48 * 32)
    #expect((kept / share - 1).magnitude < 0.15, "\(kept)")
    var search = SearchSettings()
    search.replicas = 24
    search.threads = 16
    let fewer = search.scaled(by: share)
    #expect(fewer.shards == 5 && fewer.replicas >= 2)
    #expect((Double(fewer.replicas * fewer.threads) / (24 * 16) / share - 1).magnitude < 0.15)
    #expect(GatewaySettings().scaled(by: share).servers >= 1)
    #expect(GatewaySettings().scaled(by: 1) == GatewaySettings())
  }
}
