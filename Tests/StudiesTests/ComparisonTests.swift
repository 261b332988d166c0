import Platform
import SimEngine
import Testing
import TextFormats

@testable import Studies

@Suite("Thresholds")
struct ThresholdTests {
  @Test("a condition is a metric, a column, an operator and a number")
  func parts() throws {
    let threshold = try Threshold(" origin_bytes.relative_difference >= -0.5 ")
    #expect(threshold.metric == "origin_bytes")
    #expect(threshold.field == "relative_difference")
    #expect(threshold.comparison == .atLeast)
    #expect(threshold.limit == -0.5)
    #expect(try Threshold("a.mean<1e3").comparison == .less)
  }

  @Test(
    "what is no condition is refused",
    arguments: ["bytes.mean", "mean > 3", "bytes.median > 3", "bytes.mean > much", "", ">", ".mean>1"])
  func refused(text: String) {
    #expect(throws: Threshold.Malformed.self) { try Threshold(text) }
  }
}

@Suite("Fingerprints")
struct FingerprintTests {
  private func print(_ checkpoints: [[String]]) -> Fingerprint {
    var result = Fingerprint(json: "{\"digest\":\"d\",\"partitions\":[],\"tables\":[],\"trace\":[]}")
    result?.partitions = checkpoints.map {
      Fingerprint.Partition(events: UInt64($0.count) * 4_096 + 100, digest: $0.joined(), checkpoints: $0)
    }
    return result ?? print(checkpoints)
  }

  @Test("the search starts at the last checkpoint on which both agree, in the partition that parted first")
  func bisection() {
    let left = print([["a", "b", "c", "d"], ["x", "y", "z"]])
    #expect(left.firstDifference(from: left) == nil)
    let late = left.firstDifference(from: print([["a", "b", "c", "e"], ["x", "y", "z"]]))
    #expect(late == TracedEvents(partition: 0, events: 12_288..<16_384))
    let both = left.firstDifference(from: print([["a", "b", "c", "e"], ["x", "q", "z"]]))
    #expect(both == TracedEvents(partition: 1, events: 4_096..<8_192))
  }

  @Test("a fingerprint survives the way through JSON")
  func json() {
    let original = print([["a", "b"], []])
    #expect(Fingerprint(json: original.json.text(indented: true)) == original)
    #expect(Fingerprint(json: "{}") == nil)
    #expect(Fingerprint(json: "no json") == nil)
  }
}
