/// CLOCK with n reference bits: FIFO that gives every used object another round for each noted use.
struct ClockPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "clock", "FIFO whose used objects get another round for each use that was noted",
    source: "Corbato: A paging experiment with the Multics system, 1968; generalised CLOCK with n bits",
    parameters: [PolicyParameter("bits", .integer(1...8), default: "1", "size of the use counter in bits")])

  let capacity: Int64
  let largestCount: UInt8
  var ring: AdmissionRing

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    largestCount = UInt8((1 << setup.arguments.integer("bits")) - 1)
    ring = AdmissionRing(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { ring.objects.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    ring.mark(request.id, upTo: largestCount)
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    ring.admit(request.id, bytes: request.bytes, capacity: capacity)
  }

  var residentBytes: Int64 { ring.bytes }
  var residentCount: Int { ring.count }
  func contains(_ id: Int32) -> Bool { ring.contains(id) }
  mutating func reserve(objects count: Int) { ring.reserve(objects: count) }
  func validate() throws(InvariantViolation) { try ring.validate(capacity: capacity) }
}
