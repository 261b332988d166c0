import CDNModel
import TextFormats
import Testing

/// The reference data beside the repository; tests on it are skipped where it is absent.
enum Reference {
  static let folder: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/../shared/reference/cache/"
  }()

  static let isPresent: Bool = (try? CSVReader(file: folder + "web12.csv")) != nil

  /// A table by column name.
  static func table(_ name: String) throws -> [[String: String]] {
    var reader = try CSVReader(file: folder + name)
    guard let header = try reader.next()?.texts else { return [] }
    var rows: [[String: String]] = []
    while let row = try reader.next() {
      rows.append(Dictionary(uniqueKeysWithValues: zip(header, row.texts)))
    }
    return rows
  }

  static func trace(_ name: String) throws -> RequestTrace { try TraceReader().read(path: folder + name + ".csv") }
}

@Suite("Agreement with libCacheSim", .enabled(if: Reference.isPresent, "reference data not found"))
struct GoldenTests {
  /// Our name of a reference row's policy, nil where there is none.
  static func policy(_ row: [String: String]) -> String? {
    switch row["policy"] ?? "" {
    case "FIFO": "fifo"
    case "LRU": "lru"
    case "LFU": "lfu"
    case "ARC": "arc"
    case "SIEVE": "sieve"
    case "GDSF": "gdsf"
    case "Size": "size"
    case "Belady": "belady"
    case "TwoQ": "twoq"
    case "LIRS": "lirs"
    case "CLOCK": row["params"] == "n-bit-counter=2" ? "clock:bits=2" : "clock"
    case "SLRU": row["params"] == "n-seg=4" ? "slru:segments=4" : "slru:ratio=1:4"
    case "S3-FIFO":
      (row["params"] ?? "").hasSuffix("threshold=1") ? "s3fifo:threshold=1" : "s3fifo:threshold=2"
    case "W-TinyLFU":
      (row["params"] ?? "").hasPrefix("window-size=0.10") ? "wtinylfu:window=0.10" : "wtinylfu:window=0.01"
    default: nil
    }
  }

  static func run(
    _ trace: RequestTrace, _ policy: String, admission: String = "none", size: Int64, ignoresSizes: Bool = false,
    _ compatibility: Compatibility, seed: UInt64 = 0
  ) throws -> CacheStudyRow {
    var options = CacheStudyOptions(
      policies: [try PolicyRegistry.standard.choice(policy)], capacities: [.absolute(size)])
    options.ignoresSizes = ignoresSizes
    options.compatibility = compatibility
    options.admission = try AdmissionRegistry.standard.choice(admission)
    options.seed = seed
    return CacheStudy.rows(trace: trace, options: options)[0]
  }

  @Test(
    "n_miss and miss_bytes agree exactly in both versions",
    arguments: Build.isOptimised ? ["web12", "edge_a", "cloudphysics", "videoseg_a", "zipf09_a"] : ["edge_a"])
  func exactRows(name: String) throws {
    let trace = try Reference.trace(name)
    var compared = 0
    for row in try Reference.table("expected_miss_ratio.csv") where row["trace"] == name {
      guard let policy = GoldenTests.policy(row), let size = Int64(row["cache_size"] ?? "") else { continue }
      let admission = row["admission"] == "second-hit" ? "second-hit" : "none"
      for (version, suffix) in [(Compatibility.v2024, ""), (.v035, "_pypi035")] {
        let misses = row["n_miss" + suffix] ?? ""
        if misses.isEmpty { continue }
        let ours = try GoldenTests.run(
          trace, policy, admission: admission, size: size, ignoresSizes: row["ignore_obj_size"] == "1", version)
        let what = "\(policy) \(admission) \(size) \(version.rawValue) \(row["ignore_obj_size"] ?? "")"
        #expect("\(ours.counts.misses)" == misses, "\(name) \(what) \(ours.status)")
        #expect("\(ours.counts.missBytes)" == row["miss_bytes" + suffix], "\(name) \(what)")
        #expect("\(ours.counts.requests)" == row["n_req"])
        #expect("\(ours.counts.requestBytes)" == row["req_bytes"])
        compared += 1
      }
    }
    #expect(compared > 150)
  }

  @Test("the simulator's own unit vectors agree exactly", .enabled(if: Build.isOptimised))
  func upstreamVectors() throws {
    let trace = try Reference.trace("cloudphysics")
    let names = [
      "LRU": "lru", "Clock": "clock", "FIFO": "fifo", "Belady": "belady", "LFU": "lfu", "GDSF": "gdsf",
      "LIRS": "lirs", "TwoQ": "twoq", "ARC": "arc", "Sieve": "sieve", "S3FIFO": "s3fifo", "SLRU": "slru:segments=5",
    ]
    var compared = 0
    for row in try Reference.table("upstream_test_vectors.csv") {
      guard let policy = names[row["policy"] ?? ""], let size = Int64(row["cache_size"] ?? "") else { continue }
      let ours = try GoldenTests.run(trace, policy, size: size, .v2024)
      #expect("\(ours.counts.misses)" == row["n_miss"], "\(policy) \(size)")
      #expect("\(ours.counts.missBytes)" == row["miss_bytes"], "\(policy) \(size)")
      compared += 1
    }
    #expect(compared >= 44)
  }

  @Test("policies that draw buckets have the misses of five seeds of the reference", .enabled(if: Build.isOptimised))
  func randomisedRows() throws {
    let names = ["beladySize": "belady-size", "hyperbolic": "hyperbolic", "random": "random"]
    try GoldenTests.compareSeeds(names) { misses, row in
      // The reference gives least and greatest of five seeds that it does not name; ours are 1 to 5.
      guard let least = Double(row["n_miss_min"] ?? ""), let greatest = Double(row["n_miss_max"] ?? "") else { return }
      let slack = max(greatest - least, 0.0005 * least)
      let mean = misses.reduce(0, +) / Double(misses.count)
      #expect(mean >= least - slack && mean <= greatest + slack, "\(row): \(misses)")
    }
  }

  @Test("policies with streams of their own stay near the reference", .enabled(if: Build.isOptimised))
  func learnedRows() throws {
    try GoldenTests.compareSeeds(["lecar": "lecar", "lhd": "lhd"]) { misses, row in
      guard let mean = Double(row["n_miss_mean"] ?? ""), let deviation = Double(row["n_miss_sd"] ?? "") else { return }
      let ourMean = misses.reduce(0, +) / Double(misses.count)
      #expect(abs(ourMean - mean) <= max(4 * deviation, 0.006 * mean), "\(row): \(misses)")
    }
  }

  /// Runs five seeds of each row whose policy has a name.
  private static func compareSeeds(
    _ names: [String: String], _ check: (_ misses: [Double], _ row: [String: String]) -> Void
  ) throws {
    var traces: [String: RequestTrace] = [:]
    for row in try Reference.table("expected_randomised.csv") {
      guard let policy = names[row["policy"] ?? ""], let name = row["trace"], let size = Int64(row["cache_size"] ?? "")
      else { continue }
      if traces[name] == nil { traces[name] = try Reference.trace(name) }
      guard let trace = traces[name] else { continue }
      let misses = try (1...5).map { seed in
        let ours = try GoldenTests.run(
          trace, policy, size: size, ignoresSizes: row["ignore_obj_size"] == "1", .v035, seed: UInt64(seed))
        return Double(ours.counts.misses)
      }
      check(misses, row)
    }
  }
}
