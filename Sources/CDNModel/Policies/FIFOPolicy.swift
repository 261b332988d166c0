/// First in, first out: the object admitted longest ago goes first, whatever its use.
struct FIFOPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "fifo", "evicts the object that was admitted longest ago", source: "folklore; baseline of every study")

  let capacity: Int64
  var ring: AdmissionRing

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    ring = AdmissionRing(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { ring.objects.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }

  mutating func admit(_ request: CacheRequest) -> Bool {
    ring.admit(request.id, bytes: request.bytes, capacity: capacity)
  }

  var residentBytes: Int64 { ring.bytes }
  var residentCount: Int { ring.count }
  func contains(_ id: Int32) -> Bool { ring.contains(id) }
  mutating func reserve(objects count: Int) { ring.reserve(objects: count) }
  func validate() throws(InvariantViolation) { try ring.validate(capacity: capacity) }
}
