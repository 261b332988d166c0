import CDNModel
import Testing

/// The policy of the documentation: evicts the object with the largest number.
///
/// One file, one line in a registry.
private struct LargestNumberPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "largest-number", "evicts the object of largest number", source: "made for this test",
    parameters: [PolicyParameter("keep", .integer(1...9), default: "1", "how many objects never leave")])

  let capacity: Int64
  private var objects: ObjectTable<ObjectRecord>
  private var queue = ObjectQueue(number: 1)

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while queue.bytes + request.bytes > capacity {
      guard let victim = queue.members(in: objects).max() else { return false }
      queue.remove(victim, in: objects)
    }
    queue.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  var residentBytes: Int64 { queue.bytes }
  var residentCount: Int { queue.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }
  func validate() throws(InvariantViolation) { try queue.validate(in: objects) }
}

@Suite("Policies and their registry")
struct PolicyTests {
  static func trace(seed: UInt64, requests: Int, objects: Int, unitSizes: Bool = false) -> RequestTrace {
    var random = TestRandom(seed: seed)
    var names: [Int: Int32] = [:]
    var ids: [Int32] = []
    var bytes: [Int64] = []
    for _ in 0..<requests {
      let object = random.skewed(objects)
      let id = names[object] ?? Int32(names.count)
      names[object] = id
      ids.append(id)
      // Sizes change now and then, and some objects are larger than small caches.
      bytes.append(unitSizes ? 1 : Int64(1 + (object * 37 + random.below(50) / 49) % 500))
    }
    return RequestTrace(name: "random", ids: ids, bytes: bytes)
  }

  @Test("every invariant holds after every request, for every policy at every size", arguments: [1, 2, 3])
  func invariants(seed: Int) throws {
    let long = PolicyTests.trace(
      seed: UInt64(seed), requests: Build.isOptimised ? 3000 : 400, objects: Build.isOptimised ? 150 : 60)
    // Its table has 65 536 buckets, and every check looks into each of them.
    let short = PolicyTests.trace(seed: UInt64(seed), requests: 200, objects: 40)
    for entry in PolicyRegistry.standard.entries {
      let trace = entry.description.name == "belady-size" ? short : long
      for compatibility in Compatibility.allCases {
        let choice = try PolicyRegistry.standard.choice(entry.description.name)
        var options = CacheStudyOptions(
          policies: [choice], capacities: [.absolute(100), .absolute(700), .absolute(5000), .absolute(100_000)])
        options.validationInterval = 1
        options.compatibility = compatibility
        for row in CacheStudy.rows(trace: trace, options: options) {
          #expect(row.status == "ok", "\(row.policy) at \(row.capacity)")
        }
        options.ignoresSizes = true
        options.capacities = [.absolute(1), .absolute(2), .absolute(17), .absolute(60), .absolute(149)]
        for row in CacheStudy.rows(trace: trace, options: options) {
          let tooSmall = row.policy == "s3fifo" && row.capacity < 10 && compatibility == .v035
          #expect(row.status == "ok" || tooSmall, "\(row.policy) at \(row.capacity): \(row.status)")
        }
      }
    }
  }

  @Test("a cache as large as the footprint misses each object once, unless the policy refuses large objects")
  func onlyCompulsoryMisses() throws {
    let trace = PolicyTests.trace(seed: 9, requests: 5000, objects: 300, unitSizes: true)
    let exceptions = ["static-top": 0]
    for name in PolicyRegistry.standard.names where name != "slru" && name != "lirs" && name != "s3fifo" {
      var options = CacheStudyOptions(
        policies: [try PolicyRegistry.standard.choice(name)], capacities: [.absolute(Int64(trace.objectCount) + 200)])
      options.ignoresSizes = true
      let row = CacheStudy.rows(trace: trace, options: options)[0]
      #expect(row.counts.misses == Int64(exceptions[name] ?? trace.objectCount), "\(name)")
    }
  }

  @Test("no policy misses less than Belady's where all objects have one size")
  func beladyIsTheCeiling() throws {
    let trace = PolicyTests.trace(seed: 5, requests: 20_000, objects: 1000, unitSizes: true)
    let policies = try PolicyRegistry.standard.names.filter { $0 != "static-top" && $0 != "belady-size" }
      .map { try PolicyRegistry.standard.choice($0) }
    var options = CacheStudyOptions(policies: policies, capacities: [.absolute(30), .share(0.2)])
    options.ignoresSizes = true
    options.comparesWithBelady = true
    let rows = CacheStudy.rows(trace: trace, options: options)
    #expect(rows.count == 2 * policies.count)
    for row in rows {
      let regret = try #require(row.objectRegret)
      #expect(regret >= 0, "\(row.policy)")
      #expect((regret == 0) == (row.policy == "belady"), "\(row.policy)")
    }
  }

  @Test("a new policy is one type and one registry line, also at an edge site")
  func toyPolicy() throws {
    let registry = PolicyRegistry(PolicyRegistry.standard.entries + [PolicyEntry(LargestNumberPolicy.self)])
    let choice = try registry.choice("largest-number:keep=3")
    let trace = RequestTrace(name: "toy", ids: [0, 1, 2, 0, 1, 2, 3, 0, 1], bytes: [1, 1, 1, 1, 1, 1, 1, 1, 1])
    var options = CacheStudyOptions(policies: [choice], capacities: [.absolute(2)])
    options.validationInterval = 1
    let row = CacheStudy.rows(trace: trace, options: options)[0]
    // 2 takes the place of 1, 1 that of 2, 2 that of 1, 3 that of 2, 1 that of 3; 0 always stays.
    #expect(row.counts.misses == 7)
    #expect(row.parameters == "keep=3")
    var edge = try EdgeCache(.replacement(choice, admission: .none), capacityBytes: 200)
    for title in 0..<5 {
      let key = SegmentKey(title: title, representation: 0, segment: 0)
      #expect(edge.lookup(key, bytes: 100) == .compulsoryMiss)
      edge.admit(key, bytes: 100)
    }
    #expect(edge.residentBytes == 200)
    #expect(edge.evictions == 3)
  }

  @Test("every policy and admission of the registry runs at an edge site under its own key space")
  func policiesAtTheEdge() throws {
    for name in PolicyRegistry.standard.names {
      if ["belady", "belady-size", "static-top"].contains(name) {
        #expect(throws: PolicyFailure.self) { try EdgePolicy(name) }
        continue
      }
      for admission in ["none", "second-hit", "adaptsize:window=10000"] {
        var random = TestRandom(seed: 4)
        var edge = try EdgeCache(try EdgePolicy(name, admission: admission), capacityBytes: 100_000)
        for step in 0..<(Build.isOptimised ? 20_000 : 8000) {
          let key = SegmentKey(
            title: random.skewed(4000), representation: random.below(2), segment: random.below(3))
          let bytes = Int64(100 + key.rawValue % 401)
          let resident = edge.contains(key)
          #expect(edge.lookup(key, bytes: bytes).isHit == resident)
          if !resident && step % 5 != 0 { edge.admit(key, bytes: bytes) }
          if step % 2000 == 0 { try edge.validate() }
        }
        #expect(edge.counters.hits > 400, "\(name) \(admission)")
        #expect((50_001...100_000).contains(edge.residentBytes), "\(name) \(admission)")
        edge.loseContent()
        #expect(edge.residentBytes == 0)
      }
    }
  }

  @Test("rows do not depend on the number of jobs")
  func jobs() throws {
    let trace = PolicyTests.trace(seed: 2, requests: 4000, objects: 200)
    let policies = try PolicyRegistry.standard.choices(
      "lru,s3fifo:small-ratio=0.2,ghost-ratio=0.5,slru:ratio=1:4,random,lecar,gdsf")
    #expect(policies.count == 6)
    var options = CacheStudyOptions(policies: policies, capacities: [.share(0.1), .absolute(3000)])
    let alone = CacheStudy.rows(trace: trace, options: options)
    options.jobs = 4
    let together = CacheStudy.rows(trace: trace, options: options)
    #expect(alone.map(\.counts) == together.map(\.counts))
    #expect(alone.map(\.policy) == together.map(\.policy))
    #expect(alone.map(\.capacity) == together.map(\.capacity))
    #expect(alone[2].parameters == "small-ratio=0.2;ghost-ratio=0.5;threshold=2")
  }

  @Test(
    "a wrong choice says what is wrong",
    arguments: [
      ("lrru", "did you mean"), ("clock:bits=9", "from 1 to 8"), ("clock:bit=1", "it has bits"),
      ("fifo:x=1", "it has no parameters"), ("slru:ratio=1:0", "shares"), ("clock:bits", "name:parameter=value"),
      ("wtinylfu:window=nan", "number from"), ("", "there is no policy"),
    ])
  func wrongChoices(text: String, phrase: String) {
    do {
      _ = try PolicyRegistry.standard.choice(text)
      Issue.record("\(text) was accepted")
    } catch {
      #expect(error.description.contains(phrase), "\(error)")
    }
  }

  @Test("second-hit refuses the first miss of each object and the site names that cause")
  func secondHit() throws {
    var edge = try EdgeCache(try EdgePolicy("lru", admission: "second-hit"), capacityBytes: 1000)
    let key = SegmentKey(title: 1, representation: 0, segment: 0)
    #expect(edge.lookup(key, bytes: 10) == .compulsoryMiss)
    #expect(edge.admit(key, bytes: 10) == false)
    #expect(edge.lookup(key, bytes: 10) == .refusedMiss)
    #expect(edge.admit(key, bytes: 10) == true)
    #expect(edge.lookup(key, bytes: 10) == .reactiveHit)
  }

  @Test("AdaptSize keeps large objects out where small ones earn more hits")
  func adaptSize() throws {
    var random = TestRandom(seed: 8)
    var ids: [Int32] = []
    var bytes: [Int64] = []
    var numbers: [Int: Int32] = [:]
    for _ in 0..<60_000 {
      let small = random.below(2) == 0
      let object = small ? random.below(900) : 1000 + random.below(3000)
      let id = numbers[object] ?? Int32(numbers.count)
      numbers[object] = id
      ids.append(id)
      bytes.append(small ? 100 : 20_000)
    }
    let trace = RequestTrace(name: "two sizes", ids: ids, bytes: bytes)
    var options = CacheStudyOptions(
      policies: [try PolicyRegistry.standard.choice("lru")], capacities: [.absolute(100_000)])
    let open = CacheStudy.rows(trace: trace, options: options)[0].counts.objectMissRatio
    options.admission = try AdmissionRegistry.standard.choice("adaptsize:window=5000")
    let adapted = CacheStudy.rows(trace: trace, options: options)[0].counts.objectMissRatio
    #expect(open > 0.9)
    #expect(adapted < 0.65)
  }
}
