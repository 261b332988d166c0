import Foundation
import Testing

@Suite("simrun compare, verify, schema")
struct StudyVerbTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  @Test("a comparison pairs replications, writes compare.csv, and fails where a threshold is met")
  func compare() throws {
    let scratch = try Scratch()
    func compare(_ condition: String, jobs: String, out: String) throws -> Tool.Result {
      try Tool.call(
        "compare", smoke, "--until", "7min", "--vary", "cdn.edge.disk=5GB,40GB", "--replications", "3", "--jobs", jobs,
        "--fail-if", condition, "--out", "\(scratch.path)/\(out)")
    }
    let fine = try compare("origin_bytes.relative_difference > 0", jobs: "1", out: "a")
    #expect(fine.status == 0, "\(fine.errors)")
    #expect(fine.output.contains("40GB cuts origin traffic by "))
    #expect(fine.output.contains("n = 3, paired"))
    let bad = try compare("origin_bytes.relative_difference < 0", jobs: "2", out: "b")
    #expect(bad.status == 3)
    #expect(try scratch.tables("a") == scratch.tables("b"))
    let csv = try #require(try scratch.files("a")["compare.csv"])
    #expect(
      csv.hasPrefix(
        "metric,unit,configuration,n,mean,half_width_95,baseline,difference,difference_half_width_95,"
          + "relative_difference,variance_reduction,p_holm\n"))
  }

  @Test("parameters of a policy may follow a comma, and a verdict names the policy as it was given")
  func policyParameters() throws {
    let result = try Tool.call(
      "compare", smoke, "--until", "6min", "--vary", "cdn.edge.policy=lru,s3fifo:small-ratio=0.2,threshold=1",
      "--replications", "2", "--metric", "origin_bytes")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("\ns3fifo:small-ratio=0.2,threshold=1 "), "\(result.output)")
  }

  @Test("one replication gives no interval, and the verdict says so")
  func oneReplication() throws {
    let result = try Tool.call(
      "compare", smoke, "--until", "6min", "--vary", "player.abr=bola,throughput", "--replications", "1")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("one replication: no interval"))
    #expect(!result.output.contains("+-"))
  }

  @Test("verify finds the scenario reproducible in every way of running it")
  func verify() throws {
    let result = try Tool.call("verify", smoke, "--until", "6min")
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    #expect(result.output.contains("fused multiply-add masked: the same"))
    #expect(result.output.contains("heap queue: the same"))
    #expect(!result.output.contains("DIFFERENT"))
  }

  @Test("the schema is JSON and knows the scenario's keys")
  func schema() throws {
    let result = try Tool.call("schema")
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
    let properties = try #require(object?["properties"] as? [String: Any])
    for key in ["name", "duration", "viewers", "cdn", "player"] { #expect(properties[key] != nil) }
  }

  @Test("simrun alone says what it is and what to try")
  func overview() throws {
    let result = try Tool.call()
    #expect(result.status == 0)
    #expect(result.output.contains("simrun scenarios/peak.json"))
  }
}
