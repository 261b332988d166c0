/// 2Q, full version: a FIFO for new objects, a memory of what left it, an LRU for what was asked for again after that.
struct TwoQPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "twoq", "new objects pass a FIFO; only those asked for again after leaving it enter the main LRU",
    source: "Johnson, Shasha: 2Q: A low overhead high performance buffer management replacement algorithm, VLDB 1994",
    parameters: [
      PolicyParameter("in-ratio", .number(0...1), default: "0.25", "share of the capacity for new objects"),
      PolicyParameter("out-ratio", .number(0...10), default: "0.5", "bytes remembered of left objects / capacity"),
    ])

  let capacity: Int64
  let inLimit: Int64
  let outLimit: Int64
  let mainLimit: Int64
  var objects: ObjectTable<ObjectRecord>
  var fresh = ObjectQueue(number: 1)
  var main = ObjectQueue(number: 2)
  var ghosts = ObjectQueue(number: 3)

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    inLimit = setup.share(setup.arguments.number("in-ratio"))
    outLimit = setup.share(setup.arguments.number("out-ratio"))
    mainLimit = setup.capacity - inLimit
    objects = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { ObjectList.prefetchNeighbours(of: id, in: objects) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    let list = objects[request.id].list
    if list == main.number { main.renew(request.id, in: objects) }
    return list == main.number || list == fresh.number
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    let returns = objects[request.id].list == ghosts.number
    if returns { ghosts.remove(request.id, in: objects) }
    if request.bytes > capacity || request.bytes > inLimit { return false }
    while residentBytes + request.bytes > capacity { evict() }
    if !returns {
      fresh.insert(request.id, bytes: request.bytes, in: objects)
      return true
    }
    if request.bytes > mainLimit { return false }
    while main.bytes + request.bytes > mainLimit { main.remove(main.oldest, in: objects) }
    main.insert(request.id, bytes: request.bytes, in: objects)
    return true
  }

  private mutating func evict() {
    if fresh.bytes > inLimit || main.count == 0 {
      let id = fresh.oldest
      remember(id, bytes: fresh.remove(id, in: objects))
    } else {
      main.remove(main.oldest, in: objects)
    }
  }

  private mutating func remember(_ id: Int32, bytes: Int64) {
    if bytes > outLimit { return }
    while ghosts.bytes + bytes > outLimit { ghosts.remove(ghosts.oldest, in: objects) }
    ghosts.insert(id, bytes: bytes, in: objects)
  }

  var residentBytes: Int64 { fresh.bytes + main.bytes }
  var residentCount: Int { fresh.count + main.count }
  func contains(_ id: Int32) -> Bool { objects[id].list == fresh.number || objects[id].list == main.number }
  func remembers(_ id: Int32) -> Bool { objects[id].list != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try fresh.validate(in: objects)
    try main.validate(in: objects)
    try ghosts.validate(in: objects)
    try checkCapacity(residentBytes, capacity)
    try checkCapacity(ghosts.bytes, outLimit)
  }
}
