internal import SimEngine

/// Hyperbolic caching: priority = uses / requests since admission, the lowest of a random sample goes.
struct HyperbolicPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "hyperbolic", "evicts, of a random sample, the object with the lowest use rate since its admission",
    source: "Blankstein, Sen, Freedman: Hyperbolic caching: Flexible caching for web applications, USENIX ATC 2017",
    parameters: [PolicyParameter("samples", .integer(1...10_000), default: "64", "residents drawn for each eviction")])

  struct Use: BitwiseCopyable, Sendable {
    var admitted: Int64
    var uses: Int32
  }

  let capacity: Int64
  let samples: Int
  var pool: ResidentPool<Use>
  var sizes: ObjectTable<Int64>
  var stream: RandomStream
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    pool = ResidentPool(objects: setup.objects)
    sizes = ObjectTable(objects: setup.objects)
    stream = setup.stream("hyperbolic")
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    pool[request.id].uses += 1
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity {
      let victim = chooseVictim(now: request.index)
      pool.remove(victim)
      residentBytes -= sizes[victim]
    }
    pool.insert(request.id, Use(admitted: request.index, uses: 1))
    sizes[request.id] = request.bytes
    residentBytes += request.bytes
    return true
  }

  /// The sampled object of lowest uses / age; cross-multiplied, so that no division is needed.
  private mutating func chooseVictim(now: Int64) -> Int32 {
    let first = pool.sample(&stream)
    var victim = first.id
    var victimUses = Double(first.payload.uses)
    var victimAge = Double(now - first.payload.admitted)
    for _ in 1..<samples {
      let entry = pool.sample(&stream)
      let uses = Double(entry.payload.uses)
      let age = Double(now - entry.payload.admitted)
      if uses * victimAge < victimUses * age {
        victim = entry.id
        victimUses = uses
        victimAge = age
      }
    }
    return victim
  }

  var residentCount: Int { pool.count }
  func contains(_ id: Int32) -> Bool { pool.contains(id) }
  func remembers(_ id: Int32) -> Bool { contains(id) }

  mutating func reserve(objects count: Int) {
    pool.reserve(objects: count)
    sizes.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try pool.validate()
    try checkCapacity(residentBytes, capacity)
    let sum = (0..<pool.count).reduce(Int64(0)) { $0 + sizes[pool.entry(at: $1).id] }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
