/// S3-FIFO: a small FIFO that new objects must survive by being used, a main FIFO with second chances, and a FIFO of
/// ghosts that lets an object return straight to the main queue.
///
/// Semantics of the libcachesim 0.3.5 package by default: until the first eviction a full small queue overflows into
/// the main one. In the 2024 semantics it does not.
struct S3FIFOPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "s3fifo", "a small probationary FIFO, a main FIFO with second chances, a ghost FIFO",
    source: "Yang et al.: FIFO queues are all you need for cache eviction, SOSP 2023",
    parameters: [
      PolicyParameter("small-ratio", .number(0...1), default: "0.1", "share of the capacity for new objects"),
      PolicyParameter("ghost-ratio", .number(0...10), default: "0.9", "bytes remembered of left objects / capacity"),
      PolicyParameter("threshold", .integer(1...200), default: "2", "uses that lift an object to the main queue"),
    ])

  let capacity: Int64
  let smallLimit: Int64
  let mainLimit: Int64
  let ghostLimit: Int64
  let threshold: UInt8
  let overflowsAtFirst: Bool
  var hasEvicted = false
  var objects: ObjectTable<ObjectRecord>
  var small = ObjectQueue(number: 1)
  var main = ObjectQueue(number: 2)
  var ghosts = ObjectQueue(number: 3)

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    smallLimit = setup.share(setup.arguments.number("small-ratio"))
    mainLimit = setup.capacity - smallLimit
    ghostLimit = setup.share(setup.arguments.number("ghost-ratio"))
    threshold = UInt8(setup.arguments.integer("threshold"))
    overflowsAtFirst = setup.compatibility == .v035
    if smallLimit == 0 && overflowsAtFirst {
      throw PolicyFailure("s3fifo: the small queue has no room at a capacity of \(setup.capacity)")
    }
    objects = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    let uses = objects[request.id].marks
    // Only comparisons with the threshold and with 3 matter, so the counter may saturate.
    if uses < .max { objects[request.id].marks = uses + 1 }
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    let returns = objects[request.id].list == ghosts.number
    if returns { ghosts.remove(request.id, in: objects) }
    if request.bytes > capacity || request.bytes > smallLimit { return false }
    while residentBytes + request.bytes > capacity { evict() }
    if returns {
      main.insert(request.id, bytes: request.bytes, in: objects)
    } else if request.bytes >= smallLimit {
      return false
    } else if overflowsAtFirst && !hasEvicted && small.bytes >= smallLimit {
      main.insert(request.id, bytes: request.bytes, in: objects)
    } else {
      small.insert(request.id, bytes: request.bytes, in: objects)
    }
    return true
  }

  private mutating func evict() {
    hasEvicted = true
    if main.bytes > mainLimit || small.count == 0 { evictMain() } else { evictSmall() }
  }

  private mutating func evictMain() {
    while true {
      let id = main.oldest
      let uses = objects[id].marks
      if uses == 0 {
        main.remove(id, in: objects)
        return
      }
      main.renew(id, in: objects)
      objects[id].marks = min(uses, 3) - 1
    }
  }

  /// Sifts the small queue until one object has left the cache, or it is empty.
  private mutating func evictSmall() {
    while small.count > 0 {
      let id = small.oldest
      let uses = objects[id].marks
      let size = small.remove(id, in: objects)
      if uses >= threshold {
        main.insert(id, bytes: size, in: objects)
      } else {
        remember(id, bytes: size)
        return
      }
    }
  }

  private mutating func remember(_ id: Int32, bytes: Int64) {
    if bytes > ghostLimit { return }
    while ghosts.bytes + bytes > ghostLimit { ghosts.remove(ghosts.oldest, in: objects) }
    ghosts.insert(id, bytes: bytes, in: objects)
  }

  var residentBytes: Int64 { small.bytes + main.bytes }
  var residentCount: Int { small.count + main.count }
  func contains(_ id: Int32) -> Bool { objects[id].list == small.number || objects[id].list == main.number }
  func remembers(_ id: Int32) -> Bool { objects[id].list != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try small.validate(in: objects)
    try main.validate(in: objects)
    try ghosts.validate(in: objects)
    try checkCapacity(residentBytes, capacity)
    try checkCapacity(ghosts.bytes, ghostLimit)
  }
}
