internal import SimEngine

/// Clairvoyant with sizes: evicts, of a random sample, the object with the largest size times distance to its next
/// use. Objects without another use are not kept.
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
  var pool: ResidentPool<Future>
  var stream: RandomStream
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    pool = ResidentPool(objects: setup.objects)
    stream = setup.stream("belady-size")
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    if request.next == .max {
      residentBytes -= pool.remove(request.id).bytes
    } else {
      pool[request.id].next = request.next
    }
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity || request.next == .max { return false }
    while residentBytes + request.bytes > capacity { evict(now: request.index) }
    pool.insert(request.id, Future(next: request.next, bytes: request.bytes))
    residentBytes += request.bytes
    return true
  }

  private mutating func evict(now: Int64) {
    var victim: Int32 = -1
    var largest = -1.0
    for _ in 0..<samples {
      let entry = pool.sample(&stream)
      let score = Double(entry.payload.bytes) * Double(entry.payload.next - now)
      if score > largest {
        largest = score
        victim = entry.id
      }
    }
    residentBytes -= pool.remove(victim).bytes
  }

  var residentCount: Int { pool.count }
  func contains(_ id: Int32) -> Bool { pool.contains(id) }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { pool.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try pool.validate()
    try checkCapacity(residentBytes, capacity)
    let sum = (0..<pool.count).reduce(Int64(0)) { $0 + pool.entry(at: $1).payload.bytes }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
