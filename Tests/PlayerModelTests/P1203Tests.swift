// P.1203 against the outputs of the public reference software.

import PlayerModel
import Testing
import TextFormats

extension JSONNode {
  fileprivate func number(_ key: String) -> Double? {
    guard case .number(let number) = self[key]?.content else { return nil }
    return number.double
  }

  fileprivate func numbers(_ key: String) -> [Double]? {
    guard case .array(let items) = self[key]?.content else { return nil }
    return items.compactMap { if case .number(let number) = $0.content { number.double } else { nil } }
  }
}

@Suite(.enabled(if: ReferenceFolder.isPresent, "the reference data is not beside the repository"))
struct P1203Tests {
  private func close(_ left: Double, _ right: Double?) -> Bool { right.map { abs(left - $0) <= 1e-9 } ?? false }

  private func close(_ left: [Double], _ right: [Double]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) <= 1e-9 }
  }

  @Test("every output of every case agrees with the reference software")
  func cases() throws {
    let root = try JSONText(parsing: try ReferenceFolder.bytes("abr/p1203/golden.json"), source: "golden.json").root
    guard case .object(let cases) = root.content else {
      Issue.record("the golden file is no object")
      return
    }
    #expect(cases.count == 8)
    let variants: [(key: String, fast: Bool, amendment: P1203Amendment)] = [
      ("standard", false, .none), ("fast_mode", true, .none),
      ("amendment1_audiovisual_and_stalling", false, .audiovisualAndStalling),
      ("amendment1_appendix2", false, .appendix2),
    ]
    for golden in cases {
      let session = try P1203Session(report: try #require(golden.value["input"]))
      for variant in variants {
        let expected = try #require(golden.value[variant.key])
        let result = try #require(session.scored(fast: variant.fast, amendment: variant.amendment))
        let name = "\(golden.key) \(variant.key)"
        if let scores = expected.numbers("O21") { #expect(close(result.audio, scores), "\(name) O21") }
        if let scores = expected.numbers("O22") { #expect(close(result.video, scores), "\(name) O22") }
        if let scores = expected.numbers("O34") { #expect(close(result.audiovisual, scores), "\(name) O34") }
        #expect(close(result.stalling, expected.number("O23")), "\(name) O23")
        #expect(close(result.session, expected.number("O35")), "\(name) O35")
        let forest = try #require(expected.number("rf_score"))
        let final = result.finalScore(forest: forest, amendment: variant.amendment)
        #expect(close(final, expected.number("O46")), "\(name) O46")
      }
    }
  }

  @Test("the audio and video curves agree with the component tables")
  func components() throws {
    for row in try ReferenceFolder.rows("abr/p1203/pa.csv") {
      let codec = try #require(P1203Curves.AudioCodec(rawValue: row["codec"] ?? ""))
      let kbps = try #require(Double(row["bitrate_kbps"] ?? ""))
      #expect(close(P1203Curves.audio(codec, kbps: kbps), Double(row["o21"] ?? "")))
    }
    for row in try ReferenceFolder.rows("abr/p1203/pv_mode0.csv") {
      func pixels(_ column: String) -> Double {
        (row[column] ?? "").split(separator: "x").reduce(1) { $0 * (Double($1) ?? 0) }
      }
      let score = P1203Curves.video(
        kbps: try #require(Double(row["bitrate_kbps"] ?? "")), pixels: pixels("resolution"),
        displayPixels: pixels("display"), framesPerSecond: try #require(Double(row["fps"] ?? "")))
      #expect(close(score, Double(row["o22"] ?? "")), "\(row)")
    }
  }

  @Test("a report says everything that is wrong with it, with places")
  func findings() throws {
    let text = #"{"I13": {"segments": [{"bitrate": -1, "duration": 4, "fps": 25, "resolution": "wide"}]}, "I23": {}}"#
    do {
      _ = try P1203Session(report: try JSONText(parsing: text, source: "x.json").root)
      Issue.record("the report was accepted")
    } catch {
      #expect(error.diagnostics.count == 3)
      #expect(error.diagnostics.allSatisfy { $0.place.line == 1 })
    }
  }
}
