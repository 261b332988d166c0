import SimEngine
import Testing

@testable import Studies

@Suite("Paired differences")
struct PairedDifferenceTests {
  @Test("mean, interval and p-value are those of Student's paired t-test")
  func student() throws {
    // Differences 1, 2, 3, 4, 5: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776445.
    let difference = PairedDifference(of: [11, 22, 33, 44, 55], from: [10, 20, 30, 40, 50])
    #expect(difference.mean == 3)
    let halfWidth = try #require(difference.halfWidth)
    #expect(abs(halfWidth - 2.776_445_105 * (2.5 / 5).squareRoot()) < 1e-8)
    // t = 3 / sqrt(0.5) = 4.242641 with 4 degrees of freedom: p = 0.013236.
    #expect(abs((difference.pValue ?? 1) - 0.013_235_9) < 1e-6)
    #expect((difference.varianceReduction ?? 0) > 0.99)
  }

  @Test("a single pair has a difference but no interval")
  func singlePair() {
    let difference = PairedDifference(of: [3], from: [1])
    #expect(difference.mean == 2)
    #expect(difference.halfWidth == nil)
    #expect(difference.pValue == nil)
  }

  @Test("pairs that never differ are surely equal, pairs that always differ alike surely differ")
  func degenerate() {
    #expect(PairedDifference(of: [1, 2, 3], from: [1, 2, 3]).pValue == 1)
    #expect(PairedDifference(of: [2, 3, 4], from: [1, 2, 3]).pValue == 0)
  }

  @Test("Holm multiplies the smallest p-value by the number of comparisons, the next by one less, and stays monotone")
  func holm() {
    let corrected = Holm.corrected([0.04, nil, 0.01, 0.03])
    #expect(corrected[1] == nil)
    #expect(abs((corrected[2] ?? 0) - 0.03) < 1e-12)
    #expect(abs((corrected[3] ?? 0) - 0.06) < 1e-12)
    #expect(abs((corrected[0] ?? 0) - 0.06) < 1e-12)
    #expect(Holm.corrected([0.9, 0.8]) == [1, 1])
  }
}

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

@Suite("Parallel runs")
struct ParallelRunsTests {
  @Test("results come in the order of the tasks, for any number of threads", arguments: [1, 2, 5, 64])
  func order(jobs: Int) throws {
    let results = try ParallelRuns.map(count: 40, jobs: jobs) { index in index * index }
    #expect(results == (0..<40).map { $0 * $0 })
    #expect(try ParallelRuns.map(count: 0, jobs: jobs) { $0 }.isEmpty)
  }

  @Test("the first error in the order of the tasks is thrown")
  func errors() {
    struct Failure: Error, Equatable { var index: Int }
    #expect(throws: Failure(index: 3)) {
      try ParallelRuns.map(count: 10, jobs: 4) { index in
        if index >= 3 { throw Failure(index: index) }
        return index
      }
    }
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
    #expect(late?.partition == 0)
    #expect(late?.events == 3 * 4_096..<4 * 4_096)
    let both = left.firstDifference(from: print([["a", "b", "c", "e"], ["x", "q", "z"]]))
    #expect(both?.partition == 1)
    #expect(both?.events == 4_096..<2 * 4_096)
  }

  @Test("a fingerprint survives the way through JSON")
  func json() {
    let original = print([["a", "b"], []])
    #expect(Fingerprint(json: original.json.text(indented: true)) == original)
    #expect(Fingerprint(json: "{}") == nil)
    #expect(Fingerprint(json: "no json") == nil)
  }
}
