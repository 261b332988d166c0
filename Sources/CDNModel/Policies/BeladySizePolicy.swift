/// Clairvoyant with sizes: evicts, of a random sample, the object with the largest size times distance to its next use.
///
/// Objects without another use are not kept.
struct BeladySizePolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "belady-size", "evicts, of a random sample, the largest size times time to the next use (needs the whole trace)",
    source: "libCacheSim's BeladySize; a heuristic ceiling, the exact one with sizes is NP-hard",
    parameters: [PolicyParameter("samples", .integer(1...10_000), default: "128", "residents drawn for each eviction")])
  static var seesFuture: Bool { true }

  struct Future: BitwiseCopyable, Sendable {
    var next: Int64
    var bytes: Int64
  }

  let capacity: Int64
  let samples: Int
  var ring: ResidentRing<Future>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    ring = ResidentRing(objects: setup.objects, seed: setup.seed, vacant: Future(next: 0, bytes: 0))
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    if request.next == .max {
      residentBytes -= ring.remove(request.id).bytes
    } else {
      ring[request.id].next = request.next
    }
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity || request.next == .max { return false }
    while residentBytes + request.bytes > capacity { evict(now: request.index) }
    ring.insert(request.id, Future(next: request.next, bytes: request.bytes))
    residentBytes += request.bytes
    return true
  }

  private mutating func evict(now: Int64) {
    var victim: Int32 = -1
    var largest = -1.0
    for _ in 0..<samples {
      let entry = ring.sample()
      let score = Double(entry.payload.bytes) * Double(entry.payload.next - now)
      if score > largest {
        largest = score
        victim = entry.id
      }
    }
    residentBytes -= ring.remove(victim).bytes
  }

  var residentCount: Int { ring.count }
  func contains(_ id: Int32) -> Bool { ring.contains(id) }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { ring.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try ring.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    ring.forEach { sum += $0.payload.bytes }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
