import Foundation
import Testing

@Suite("simrun run --baseline-dir, --fail-if")
struct BaselineTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  private func run(_ out: String, _ extra: String...) throws -> Tool.Result {
    try Tool.call([smoke, "--until", "7min", "--replications", "3", "--no-html", "--out", out] + extra)
  }

  @Test("a run is compared with an earlier one, paired where the viewers are the same")
  func baseline() throws {
    let scratch = try Scratch()
    let old = "\(scratch.path)/old"
    #expect(try run(old).status == 0)
    let same = try run("\(scratch.path)/same", "--baseline-dir", old)
    #expect(same.status == 0)
    #expect(same.output.contains("no certain difference (paired, same viewers)"))
    let new = try run("\(scratch.path)/new", "--set", "network.edge_link=500Mbit/s", "--baseline-dir", old)
    #expect(new.output.contains("startup_p50_s: "))
    #expect(new.output.contains(" +- "))
    let table = try #require(try scratch.files("new")["baseline.csv"])
    #expect(table.hasPrefix("metric,unit,configuration,n,mean,half_width_95,baseline,difference,"))
    let other = try run("\(scratch.path)/other", "--seed", "9", "--baseline-dir", old)
    #expect(other.output.contains("other viewers"))
    #expect(try run("\(scratch.path)/none", "--baseline-dir", "\(scratch.path)/nosuch").status == 66)
  }

  @Test("a threshold that is met gives status 3, one that asks for nothing there is a mistake of the command line")
  func thresholds() throws {
    let scratch = try Scratch()
    let old = "\(scratch.path)/old"
    #expect(try run(old, "--fail-if", "rebuffer_ratio.mean > 0.9").status == 0)
    let met = try run("\(scratch.path)/a", "--fail-if", "sessions.mean >= 1", "--fail-if", "sessions.mean < 0")
    #expect(met.status == 3)
    #expect(met.errors.contains("threshold met: sessions.mean >= 1"))
    #expect(try run("\(scratch.path)/b", "--fail-if", "sesions.mean > 1").errors.contains("sessions"))
    #expect(try run("\(scratch.path)/b", "--fail-if", "sessions.difference > 1").status == 2)
    let worse = try run(
      "\(scratch.path)/c", "--set", "network.edge_link=500Mbit/s", "--baseline-dir", old, "--fail-if",
      "mean_bitrate_kbps.relative_difference < -0.01")
    #expect(worse.status == 3)
  }
}
