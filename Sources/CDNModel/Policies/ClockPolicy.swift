/// CLOCK with n reference bits: FIFO that gives every used object another round for each noted use.
struct ClockPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "clock", "FIFO whose used objects get another round for each use that was noted",
    source: "Corbato: A paging experiment with the Multics system, 1968; generalised CLOCK with n bits",
    parameters: [PolicyParameter("bits", .integer(1...8), default: "1", "size of the use counter in bits")])

  let capacity: Int64
  let largestCount: UInt8
  var objects: ObjectTable<ObjectRecord>
  var queue = ObjectQueue(number: 1)

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    largestCount = UInt8((1 << setup.arguments.integer("bits")) - 1)
    objects = ObjectTable(objects: setup.objects)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    let count = objects[request.id].marks
    if count < largestCount { objects[request.id].marks = count + 1 }
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while queue.bytes + request.bytes > capacity { evict() }
    queue.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  private mutating func evict() {
    while objects[queue.oldest].marks > 0 {
      let id = queue.oldest
      objects[id].marks -= 1
      queue.renew(id, in: objects)
    }
    queue.remove(queue.oldest, in: objects)
  }

  var residentBytes: Int64 { queue.bytes }
  var residentCount: Int { queue.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }
  func remembers(_ id: Int32) -> Bool { contains(id) }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try queue.validate(in: objects)
    try checkCapacity(queue.bytes, capacity)
  }
}
