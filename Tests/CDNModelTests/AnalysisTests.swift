import CDNModel
import SimEngine
import Testing

@Suite("Curves, sampling and analytic checks")
struct AnalysisTests {
  @Test("each point of the one-pass curve is that of a simulated LRU", arguments: [false, true])
  func curve(ignoresSizes: Bool) throws {
    for seed: UInt64 in 1...3 {
      let trace = PolicyTests.trace(seed: seed, requests: 6000, objects: 400, unitSizes: seed == 1)
      let sizes: [Int64] = [1, 3, 40, 200, 399, 499, 600, 5000, 30_000, 200_000]
      let points = MissRatioCurve.lru(trace: trace, capacities: sizes, ignoringSizes: ignoresSizes)
      var options = CacheStudyOptions(
        policies: [try PolicyRegistry.standard.choice("lru")], capacities: sizes.map { .absolute($0) })
      options.ignoresSizes = ignoresSizes
      for (point, row) in zip(points, CacheStudy.rows(trace: trace, options: options)) {
        #expect(point.capacity == row.capacity)
        #expect(point.objectMissRatio == row.counts.objectMissRatio)
        #expect(point.byteMissRatio == row.counts.byteMissRatio)
      }
    }
  }

  @Test("the default sizes rise to the footprint without repeats")
  func defaultSizes() {
    for footprint: Int64 in [1, 7, 1000, 123_456_789_012] {
      let sizes = MissRatioCurve.defaultCapacities(footprint: footprint)
      #expect(sizes.last == footprint)
      #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  static func zipfTrace(objects: Int, requests: Int, exponent: Double) -> RequestTrace {
    let popularity = ZipfMandelbrot(count: objects, exponent: exponent)
    var stream = RandomStream(StreamKey(seed: 7, replication: 0, entity: "test", purpose: "zipf"))
    var numbers = [Int32](repeating: -1, count: objects)
    var seen: Int32 = 0
    var ids: [Int32] = []
    for _ in 0..<requests {
      let rank = popularity.sample(&stream)
      if numbers[rank] < 0 {
        numbers[rank] = seen
        seen += 1
      }
      ids.append(numbers[rank])
    }
    return RequestTrace(name: "zipf", ids: ids, bytes: Array(repeating: 1, count: requests))
  }

  @Test("Che's approximation reproduces published values for a million objects", .enabled(if: Build.isOptimised))
  func publishedValues() {
    let popularity = ZipfMandelbrot(count: 1_000_000, exponent: 1).probabilities
    let lru = CheApproximation.hitRatios(.lru, probabilities: popularity, capacity: 10_000)
    let fifo = CheApproximation.hitRatios(.fifo, probabilities: popularity, capacity: 10_000)
    #expect(abs(1 - lru.objects - 0.41486) < 1e-5)
    #expect(abs(1 - fifo.objects - 0.44983) < 1e-5)
    #expect(abs(1 - CheApproximation.staticCeiling(probabilities: popularity, capacity: 10_000) - 0.31996) < 1e-5)
  }

  @Test(
    "simulated LRU and FIFO agree with Che's approximation within 0.2 % of the requests after warm-up",
    .enabled(if: Build.isOptimised))
  func simulatedAgainstChe() throws {
    let objects = 20_000
    let trace = AnalysisTests.zipfTrace(objects: objects, requests: 1_000_000, exponent: 0.9)
    let half = RequestTrace(
      name: "warm-up", ids: Array(trace.ids.prefix(400_000)), bytes: Array(trace.bytes.prefix(400_000)))
    let popularity = ZipfMandelbrot(count: objects, exponent: 0.9).probabilities
    for (name, policy) in [("lru", CheApproximation.Policy.lru), ("fifo", .fifo)] {
      let options = CacheStudyOptions(
        policies: [try PolicyRegistry.standard.choice(name)], capacities: [.absolute(1000)])
      let whole = CacheStudy.rows(trace: trace, options: options)[0].counts
      let warmUp = CacheStudy.rows(trace: half, options: options)[0].counts
      let simulated = Double(whole.misses - warmUp.misses) / Double(whole.requests - warmUp.requests)
      let expected = 1 - CheApproximation.hitRatios(policy, probabilities: popularity, capacity: 1000).objects
      #expect(abs(simulated - expected) < 0.002, "\(name): \(simulated) for \(expected)")
    }
  }

  @Test("a SHARDS sample with the adjustment stays near the whole trace", .enabled(if: Build.isOptimised))
  func sampling() throws {
    let trace = AnalysisTests.zipfTrace(objects: 50_000, requests: 500_000, exponent: 0.9)
    for name in ["lru", "s3fifo", "arc"] {
      var options = CacheStudyOptions(
        policies: [try PolicyRegistry.standard.choice(name)], capacities: [.absolute(5000)])
      let whole = CacheStudy.rows(trace: trace, options: options)[0]
      options.sampleRate = 0.1
      let sampled = CacheStudy.rows(trace: trace, options: options)[0]
      #expect(sampled.counts.requests == whole.counts.requests)
      #expect(abs(sampled.counts.objectMissRatio - whole.counts.objectMissRatio) < 0.03, "\(name)")
    }
  }

  @Test("the same seed makes the same workload, another seed another one, and drift changes the days")
  func workload() throws {
    var parameters = WorkloadParameters()
    parameters.requests = 30_000
    var generator = try WorkloadGenerator(parameters)
    var again = try WorkloadGenerator(parameters)
    let trace = generator.trace(name: "a")
    #expect(trace.ids == again.trace(name: "b").ids)
    #expect(trace.count == 30_000)
    #expect(!trace.changesSizes)
    parameters.seed = 2
    var other = try WorkloadGenerator(parameters)
    #expect(other.trace(name: "c").keys != trace.keys)
    parameters.meanSegmentsWatched = 0
    #expect(throws: PolicyFailure.self) { try WorkloadGenerator(parameters) }
  }

  @Test("generated requests come in order of time, and a session asks for one segment after the other")
  func workloadStructure() throws {
    var parameters = WorkloadParameters()
    parameters.requests = 20_000
    parameters.releasesPerDay = 500
    parameters.sessionsPerSecond = 0.005
    var generator = try WorkloadGenerator(parameters)
    var last: Int64 = 0
    var starts = 0
    var newTitles = 0
    while let request = generator.next() {
      #expect(request.second >= last && request.bytes > 0)
      last = request.second
      starts += request.key.segment == 0 ? 1 : 0
      newTitles += request.key.title >= parameters.titles ? 1 : 0
    }
    // 20 000 requests in sessions of 40 on average.
    #expect(starts > 350 && starts < 700)
    #expect(newTitles > 0)
    #expect(last > 86_400)
  }
}
