// Agreement with Pensieve's environment and its robustMPC, number for number.

import PlayerModel
import Testing
import TextFormats

@Suite(.enabled(if: ReferenceFolder.isPresent, "the reference data is not beside the repository"))
struct PensieveReferenceTests {
  private func play(_ trace: String, _ algorithm: String) throws -> (result: PensieveResult, log: [PensieveChunk]) {
    let table = "abr/pensieve/envivio_chunk_bytes.csv"
    let path = "abr/pensieve/traces/\(trace).txt"
    let title = try PlayTitle(chunkBytes: try ReferenceFolder.bytes(table), source: table, segmentMs: 4000)
    let samples = try RecordedNetwork(bytes: try ReferenceFolder.bytes(path), source: path).samples
    let names: [String: AbrName] = [
      "bb": .bufferBased, "robustmpc": .robustMpc, "robustmpc_strict": .robustMpcStrict,
    ]
    var options = RuleOptions()
    if algorithm.hasPrefix("fixed") { options.fixedQuality = Int(algorithm.dropFirst(5)) ?? 0 }
    return PensieveProfile.play(title: title, samples: samples, rule: names[algorithm] ?? .fixed, ruleOptions: options)
  }

  @Test("all sessions of the reference agree in every quality and every figure")
  func sessions() throws {
    let rows = try ReferenceFolder.rows("abr/pensieve/expected/sessions.csv")
    #expect(rows.count == 72)
    for row in rows {
      let name = "\(row["trace"] ?? "") \(row["algorithm"] ?? "")"
      let result = try play(row["trace"] ?? "", row["algorithm"] ?? "").result
      for (column, text) in zip(PensieveResult.columns, result.fields) {
        let expected = try #require(row[column], "\(column)")
        let agrees = column == "qualities" ? text == expected : Double(text) == Double(expected)
        #expect(agrees, "\(name): \(column) is \(text), expected \(expected)")
      }
    }
  }

  @Test(
    "every chunk agrees with the reference's log",
    arguments: [
      "norway_bus_12__bb", "norway_bus_12__robustmpc", "norway_bus_1__bb", "norway_bus_1__fixed0",
      "norway_bus_1__robustmpc", "norway_car_2__bb", "norway_car_2__robustmpc",
    ])
  func chunks(name: String) throws {
    let parts = name.split(separator: "__").map(String.init)
    let expected = try ReferenceFolder.rows("abr/pensieve/expected/chunks/\(name).csv")
    let log = try play(parts[0], parts[1]).log
    #expect(log.count == expected.count)
    for (chunk, row) in zip(log, expected) {
      for (column, text) in zip(PensieveChunk.columns, chunk.fields) {
        #expect(Double(text) == Double(row[column] ?? "?"), "\(column) of chunk \(chunk.chunk): \(text)")
      }
    }
  }
}
