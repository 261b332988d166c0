import CDNModel
import Foundation
import SimEngine
import TextFormats
import Testing

@Suite("Generated workloads and tiers")
struct WorkloadTests {
  /// One object a title and independent requests: what the analytic formulas speak of.
  static func independent(titles: Int, requests: Int, exponent: Double, shift: Double = 0) -> WorkloadParameters {
    var parameters = WorkloadParameters()
    parameters.titles = titles
    parameters.requests = requests
    parameters.exponent = exponent
    parameters.shift = shift
    parameters.segments = 1
    parameters.meanSegmentsWatched = 1
    parameters.releasesPerDay = 0
    parameters.dailyDrift = 0
    parameters.ladderKbps = [1000]
    parameters.sizeVariation = 0
    parameters.sessionsPerSecond = 1000
    return parameters
  }

  @Test("titles are asked for as often as Zipf-Mandelbrot says", .enabled(if: Build.isOptimised))
  func popularity() throws {
    let titles = 500
    for (exponent, shift) in [(1.0, 0.0), (0.8, 20.0)] {
      var generator = try WorkloadGenerator(
        WorkloadTests.independent(titles: titles, requests: 1_000_000, exponent: exponent, shift: shift))
      var counts = [Int: Int]()
      while let request = generator.next() { counts[request.key.title, default: 0] += 1 }
      let ranked = counts.values.sorted(by: >)
      let expected = ZipfMandelbrot(count: titles, exponent: exponent, shift: shift).probabilities
      var chiSquare = 0.0
      for (count, probability) in zip(ranked, expected) {
        let mean = probability * 1_000_000
        chiSquare += (Double(count) - mean) * (Double(count) - mean) / mean
      }
      #expect(ranked.count == titles)
      // 499 degrees of freedom: the 99.9 % point is 602. Sorting only brings the counts nearer.
      #expect(chiSquare < 602, "exponent \(exponent), shift \(shift)")
    }
  }

  @Test(
    "LRU and FIFO over a generated trace agree with Che and Fagin within 0.2 % after warm-up, and none beats the ceiling",
    .enabled(if: Build.isOptimised))
  func analytic() throws {
    let titles = 20_000
    let capacity = 1000
    var generator = try WorkloadGenerator(
      WorkloadTests.independent(titles: titles, requests: 2_000_000, exponent: 0.9))
    let trace = generator.trace(name: "generated")
    let warmUp = RequestTrace(
      name: "warm-up", ids: Array(trace.ids.prefix(500_000)), bytes: Array(repeating: 1, count: 500_000))
    let popularity = ZipfMandelbrot(count: titles, exponent: 0.9).probabilities
    let ceiling = CheApproximation.staticCeiling(probabilities: popularity, capacity: capacity)
    for (name, policy) in [("lru", CheApproximation.Policy.lru), ("fifo", .fifo)] {
      var options = CacheStudyOptions(
        policies: [try PolicyRegistry.standard.choice(name)], capacities: [.absolute(Int64(capacity))])
      options.ignoresSizes = true
      let whole = CacheStudy.rows(trace: trace, options: options)[0].counts
      let start = CacheStudy.rows(trace: warmUp, options: options)[0].counts
      let hits = 1 - Double(whole.misses - start.misses) / Double(whole.requests - start.requests)
      let expected = CheApproximation.hitRatios(policy, probabilities: popularity, capacity: Double(capacity)).objects
      #expect(abs(hits - expected) < 0.002, "\(name): \(hits) for \(expected)")
      #expect(hits < ceiling + 0.001)
    }
  }

  static func file(_ writer: TraceWriter) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try writer.write { bytes += $0 }
    return bytes
  }

  @Test("a trace file reads back as the generated trace, in both formats and all packings, and always has equal bytes")
  func files() throws {
    var parameters = WorkloadParameters()
    parameters.requests = 20_000
    var generator = try WorkloadGenerator(parameters)
    let expected = generator.trace(name: "expected")
    for format in [TraceFormat.csv, .oracleGeneral] {
      for compression in TraceCompression.allCases {
        let writer = TraceWriter(parameters, format: format, compression: compression)
        let bytes = try WorkloadTests.file(writer)
        #expect(try WorkloadTests.file(writer) == bytes)
        let read = try TraceTests.withFile(bytes, "t") { try TraceReader().read(path: $0) }
        #expect(read.ids == expected.ids && read.bytes == expected.bytes && read.keys == expected.keys)
      }
    }
    #expect(TraceWriter.format(fileName: "a/b.csv.zst") == .csv)
    #expect(TraceWriter.format(fileName: "b.oracleGeneral.bin.gz") == .oracleGeneral)
    #expect(TraceWriter.format(fileName: "b.txt") == nil)
  }

  @Test("binary records name the next request of the object, counted from 1")
  func nextAccess() throws {
    let parameters = WorkloadTests.independent(titles: 20, requests: 500, exponent: 1)
    let bytes = try WorkloadTests.file(TraceWriter(parameters, format: .oracleGeneral))
    var records: [(key: UInt64, next: Int64)] = []
    bytes.withUnsafeBytes { buffer in
      for offset in stride(from: 0, to: buffer.count, by: 24) {
        records.append(
          (
            buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt64.self),
            buffer.loadUnaligned(fromByteOffset: offset + 16, as: Int64.self)
          ))
      }
    }
    #expect(records.count == 500)
    for (index, record) in records.enumerated() {
      let next = records[(index + 1)...].firstIndex { $0.key == record.key }
      #expect(record.next == next.map { Int64($0) + 1 } ?? -1)
    }
  }

  @Test("what a tier misses is what the next is asked for, and one tier is one run")
  func tiers() throws {
    let trace = PolicyTests.trace(seed: 6, requests: 20_000, objects: 800)
    var options = CacheStudyOptions(policies: try PolicyRegistry.standard.choices("sieve"), capacities: [.share(0.1)])
    options.seed = 3
    let alone = CacheStudy.rows(trace: trace, options: options)[0]
    let one = TierStudy.rows(trace: trace, tiers: try CacheTier.list("sieve@10%"), options: options)
    #expect(one.count == 1 && one[0].run.counts == alone.counts)
    let rows = TierStudy.rows(
      trace: trace, tiers: try CacheTier.list("3*fifo@1%,s3fifo:small-ratio=0.2,threshold=1@5%,lru@10%"),
      options: options)
    #expect(rows.map(\.caches) == [3, 1, 1])
    var arriving = Int64(trace.count)
    for row in rows {
      #expect(row.run.status == "ok")
      #expect(row.run.counts.requests == arriving)
      #expect(abs(row.servedShare * Double(trace.count) - Double(arriving - row.run.counts.misses)) < 1e-6)
      arriving = row.run.counts.misses
    }
    for wrong in ["lru", "0*lru@1%", "lru@", "lrru@5%"] {
      #expect(throws: PolicyFailure.self) { try CacheTier.list(wrong) }
    }
  }

  @Test("hit ratios fall from tier to tier, since the first takes the locality", .enabled(if: Build.isOptimised))
  func photoTiers() throws {
    var generator = try WorkloadGenerator(
      WorkloadTests.independent(titles: 200_000, requests: 1_000_000, exponent: 1))
    let trace = generator.trace(name: "photos")
    var options = CacheStudyOptions(policies: [], capacities: [])
    options.ignoresSizes = true
    let rows = TierStudy.rows(
      trace: trace, tiers: try CacheTier.list("9*fifo@5%,fifo@12%"), options: options)
    let edge = 1 - rows[0].run.counts.objectMissRatio
    let origin = 1 - rows[1].run.counts.objectMissRatio
    #expect((0.5..<0.65).contains(edge), "\(edge)")
    #expect(origin < edge - 0.15, "\(origin)")
  }
}
