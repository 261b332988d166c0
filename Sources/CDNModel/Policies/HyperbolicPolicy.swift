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
  var ring: ResidentRing<Use>
  var sizes: ObjectTable<Int64>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    ring = ResidentRing(objects: setup.objects, seed: setup.seed, vacant: Use(admitted: 0, uses: 0))
    sizes = ObjectTable(objects: setup.objects)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    ring[request.id].uses += 1
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity {
      let victim = chooseVictim(now: request.index)
      ring.remove(victim)
      residentBytes -= sizes[victim]
    }
    ring.insert(request.id, Use(admitted: request.index, uses: 1))
    sizes[request.id] = request.bytes
    residentBytes += request.bytes
    return true
  }

  /// The sampled object of lowest uses / age; cross-multiplied, so that no division is needed.
  private mutating func chooseVictim(now: Int64) -> Int32 {
    let first = ring.sample()
    var victim = first.id
    var victimUses = Double(first.payload.uses)
    var victimAge = Double(now - first.payload.admitted)
    for _ in 1..<samples {
      let entry = ring.sample()
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

  var residentCount: Int { ring.count }
  func contains(_ id: Int32) -> Bool { ring.contains(id) }
  func remembers(_ id: Int32) -> Bool { contains(id) }

  mutating func reserve(objects count: Int) {
    ring.reserve(objects: count)
    sizes.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try ring.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    ring.forEach { sum += sizes[$0.id] }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
