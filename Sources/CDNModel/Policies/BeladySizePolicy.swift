/// Clairvoyant with sizes: evicts, of a random sample, the object with the largest size times distance to its next use.
///
/// Objects without another use are not kept.
struct BeladySizePolicy: EvictionPolicy, ~Copyable, @unchecked Sendable {
  static let description = PolicyDescription(
    "belady-size", "evicts, of a random sample, the largest size times time to the next use (needs the whole trace)",
    source: "libCacheSim's BeladySize; a heuristic ceiling, the exact one with sizes is NP-hard",
    parameters: [PolicyParameter("samples", .integer(1...10_000), default: "128", "residents drawn for each eviction")])
  static var seesFuture: Bool { true }
  static var hashesKeys: Bool { true }

  struct Future: BitwiseCopyable, Sendable {
    var next: Int64
    var bytes: Int64
  }

  let capacity: Int64
  let samples: Int
  private var residents: HashedResidents<Future>
  private let drawn: UnsafeMutableBufferPointer<Int32>
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    residents = HashedResidents(objects: setup.objects, seed: setup.seed, buckets: 65_536)
    drawn = .allocate(capacity: samples)
  }

  deinit { drawn.deallocate() }

  func prefetch(_ id: Int32) { residents.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    if request.next == .max {
      residentBytes -= residents.remove(request.id).bytes
    } else {
      residents[request.id].next = request.next
    }
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity || request.next == .max { return false }
    while residentBytes + request.bytes > capacity { evict(now: request.index) }
    residents.insert(request.id, key: request.key, Future(next: request.next, bytes: request.bytes))
    residentBytes += request.bytes
    return true
  }

  private mutating func evict(now: Int64) {
    var victim: Int32 = -1
    var largest = -1.0
    residents.sample(into: drawn)
    for id in drawn {
      let future = residents[id]
      let score = Double(future.bytes) * Double(future.next - now)
      if score > largest {
        largest = score
        victim = id
      }
    }
    residentBytes -= residents.remove(victim).bytes
  }

  var residentCount: Int { residents.count }
  func contains(_ id: Int32) -> Bool { residents.contains(id) }
  mutating func reserve(objects count: Int) { residents.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try residents.validate()
    try checkCapacity(residentBytes, capacity)
    var sum: Int64 = 0
    residents.forEach { sum += $1.bytes }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
