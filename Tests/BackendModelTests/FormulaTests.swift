import BackendModel
import Foundation
import SimEngine
import Testing

private let tablePath = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("../shared/reference/net/queueing.csv").path

@Suite struct FormulaTests {
  @Test(
    "Erlang B, Erlang C and the mean wait are those of the table of closed forms",
    .enabled(if: FileManager.default.fileExists(atPath: tablePath), "reference/net/queueing.csv is not here"))
  func table() throws {
    let text = try String(contentsOfFile: tablePath, encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let header = try #require(lines.first).map(String.init)
    var compared = 0
    for fields in lines.dropFirst() {
      let row = Dictionary(uniqueKeysWithValues: zip(header, fields.map(String.init)))
      func number(_ name: String) throws -> Double { try #require(row[name].flatMap(Double.init)) }
      let load = try number("lam") / number("mu")
      func close(_ value: Double, _ name: String) throws {
        let exact = try number(name)
        #expect((value - exact).magnitude <= 1e-12 + 1e-11 * exact, "\(fields): \(name) \(value)")
        compared += 1
      }
      switch row["model"] {
      case "M/M/c", "M/M/1":
        let servers = Int(try number("c"))
        try close(ErlangFormulas.waiting(servers: servers, load: load), "Pwait")
        try close(ErlangFormulas.meanWait(servers: servers, load: load, serviceCV: 1) / number("mu"), "Wq")
      case "M/G/1", "M/D/1":
        let cv = try number("cs2").squareRoot()
        try close(ErlangFormulas.meanWait(servers: 1, load: load, serviceCV: cv) / number("mu"), "Wq")
      case "M/G/c/c": try close(ErlangFormulas.blocking(servers: Int(try number("c")), load: load), "Ploss")
      default: continue
      }
    }
    #expect(compared > 70)
  }

  @Test("means of exponential order statistics are sums of the harmonic series")
  func harmonic() {
    #expect((OrderStatistics.exponentialMean(2, of: 3) - (1 / 3 + 1 / 2.0)).magnitude < 1e-15)
    #expect((OrderStatistics.exponentialMean(5, of: 5) - 137 / 60.0).magnitude < 1e-14)
    #expect(OrderStatistics.exponentialMean(1, of: 4) == 0.25)
  }

  @Test("the numerical order statistic agrees with the exact one for exponential and uniform times")
  func numerical() {
    for n in 1...8 {
      for k in 1...n {
        let exponential = OrderStatistics.mean(k, of: n, upTo: 30) { 1 - DeterministicMath.exp(-$0) }
        #expect((exponential / OrderStatistics.exponentialMean(k, of: n) - 1).magnitude < 1e-5)
        let uniform = OrderStatistics.mean(k, of: n, upTo: 1) { $0 }
        #expect((uniform - Double(k) / Double(n + 1)).magnitude < 1e-9)
      }
    }
  }
}
