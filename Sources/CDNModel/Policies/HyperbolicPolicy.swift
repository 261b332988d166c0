/// Hyperbolic caching: priority = uses / requests since admission, the lowest of a random sample goes.
struct HyperbolicPolicy: EvictionPolicy, ~Copyable, @unchecked Sendable {
  static let description = PolicyDescription(
    "hyperbolic", "evicts, of a random sample, the object with the lowest use rate since its admission",
    source: "Blankstein, Sen, Freedman: Hyperbolic caching: Flexible caching for web applications, USENIX ATC 2017",
    parameters: [PolicyParameter("samples", .integer(1...10_000), default: "64", "residents drawn for each eviction")])

  static var hashesKeys: Bool { true }

  struct Use: BitwiseCopyable, Sendable {
    var admitted: Int64
    var uses: Int32
  }

  let capacity: Int64
  let samples: Int
  private var residents: HashedResidents<Use>
  private let drawn: UnsafeMutableBufferPointer<Int32>
  var sizes: ObjectTable<Int64>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    residents = HashedResidents(objects: setup.objects, seed: setup.seed)
    drawn = .allocate(capacity: samples)
    sizes = ObjectTable(objects: setup.objects)
  }

  deinit { drawn.deallocate() }

  func prefetch(_ id: Int32) { residents.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    residents[request.id].uses += 1
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity {
      let victim = chooseVictim(now: request.index)
      residents.remove(victim)
      residentBytes -= sizes[victim]
    }
    residents.insert(request.id, key: request.key, Use(admitted: request.index, uses: 1))
    sizes[request.id] = request.bytes
    residentBytes += request.bytes
    return true
  }

  /// The sampled object of lowest uses / age; the first one drawn among equals.
  private mutating func chooseVictim(now: Int64) -> Int32 {
    residents.sample(into: drawn)
    var victim: Int32 = -1
    var lowest = Double.infinity
    for id in drawn {
      let use = residents[id]
      // Scaled like the reference's, so that both round alike.
      let rate = 1e8 * Double(use.uses) / Double(now - use.admitted)
      if rate < lowest {
        lowest = rate
        victim = id
      }
    }
    return victim
  }

  var residentCount: Int { residents.count }
  func contains(_ id: Int32) -> Bool { residents.contains(id) }

  mutating func reserve(objects count: Int) {
    residents.reserve(objects: count)
    sizes.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try residents.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    residents.forEach { id, _ in sum += sizes[id] }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
