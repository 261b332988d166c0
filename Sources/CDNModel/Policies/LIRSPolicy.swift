/// Links of an object in the second pair of lists that LIRS keeps, 8 bytes.
struct QueueLinks: LinkedRecord {
  var newer: Int32
  var older: Int32
}

/// LIRS: objects with a short distance between their last two uses (LIR) hold most of the room; the others (HIR) pass
/// through a short queue, and the stack remembers some of them after they have gone.
///
/// All quantities in bytes. The stack holds LIR, resident HIR and non-resident HIR objects by recency and, but for
/// capacities of a few objects, ends in an LIR object; the queue holds resident HIR objects, the ghosts are the non-resident ones in the order in which
/// they became so.
struct LIRSPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "lirs", "keeps objects whose last two uses lie close together, others pass a short queue",
    source: "Jiang, Zhang: LIRS: An efficient low inter-reference recency set replacement policy, SIGMETRICS 2002",
    parameters: [PolicyParameter("hirs-ratio", .number(0...1), default: "0.01", "share of the capacity for the queue")])

  /// Place of an object in the stack, kept in the `list` of its record.
  private enum Place {
    static let none: UInt8 = 0
    static let low: UInt8 = 1
    static let highResident: UInt8 = 2
    static let highGhost: UInt8 = 3
  }
  /// Second list of an object, kept in the `marks` of its record.
  private enum Second {
    static let none: UInt8 = 0
    static let queue: UInt8 = 1
    static let ghosts: UInt8 = 2
  }

  let capacity: Int64
  let queueLimit: Int64
  let lowLimit: Int64
  var objects: ObjectTable<ObjectRecord>
  var links: ObjectTable<QueueLinks>
  var stack = ObjectList()
  var queue = ObjectList()
  var ghosts = ObjectList()
  var stackBytes: Int64 = 0
  var lowBytes: Int64 = 0
  var queueBytes: Int64 = 0
  var residentCount = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    queueLimit = max(1, setup.share(setup.arguments.number("hirs-ratio")))
    lowLimit = capacity - queueLimit
    objects = ObjectTable(objects: setup.objects)
    links = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) {
    objects.prefetch(id)
    links.prefetch(id)
  }

  func prefetchNeighbours(of id: Int32) { ObjectList.prefetchNeighbours(of: id, in: objects) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    let id = request.id
    let place = objects[id].list
    let inQueue = objects[id].marks == Second.queue
    if place != Place.none { stack.renew(id, in: objects) }
    if inQueue { queue.renew(id, in: links) }
    let size = objects[id].bytes
    switch place {
    case Place.low:
      prune()
    case Place.highResident:
      if inQueue { leaveQueue(id) } else { residentCount += 1 }
      while lowBytes > 0 && lowBytes + size > lowLimit { evictLow() }
      objects[id].list = Place.low
      lowBytes += size
    case Place.highGhost:
      return false
    default:
      if !inQueue { return false }
      while lowBytes > 0 && lowBytes + size > lowLimit { evictLow() }
      // Sinking LIR objects may have pushed this one out of the queue. As in the reference it still counts as a hit
      // when it is asked for next, unless the stack has dropped it by then, though no bytes are accounted for it.
      objects[id].bytes = size
      enterStack(id, Place.highResident)
    }
    trim()
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    let id = request.id
    let size = request.bytes
    if size > capacity { return false }
    let isGhost = objects[id].list == Place.highGhost
    if isGhost {
      while lowBytes > 0 && lowBytes + objects[id].bytes > lowLimit { evictLow() }
      ghosts.unlink(id, in: links)
      objects[id].marks = Second.none
      while residentBytes + size > capacity && residentBytes > 0 {
        while queueBytes >= queueLimit { evictHigh() }
        if lowBytes > 0 { evictLow() }
      }
      objects[id].list = Place.low
      lowBytes += objects[id].bytes
      residentCount += 1
      trim()
      return true
    }
    if size > lowLimit || size > queueLimit { return false }
    let lowIsFull = lowBytes + size > lowLimit
    if lowIsFull { while queueBytes + size > queueLimit { evictHigh() } }
    objects[id].set(bytes: size, list: Place.none)
    residentCount += 1
    if lowIsFull {
      enterStack(id, Place.highResident)
      enterQueue(id)
    } else {
      enterStack(id, Place.low)
      lowBytes += size
    }
    trim()
    return true
  }

  private mutating func enterStack(_ id: Int32, _ place: UInt8) {
    stack.pushNewest(id, in: objects)
    objects[id].list = place
    stackBytes += objects[id].bytes
  }

  private mutating func leaveStack(_ id: Int32) {
    stack.unlink(id, in: objects)
    objects[id].list = Place.none
    stackBytes -= objects[id].bytes
  }

  private mutating func enterQueue(_ id: Int32) {
    queue.pushNewest(id, in: links)
    objects[id].marks = Second.queue
    queueBytes += objects[id].bytes
  }

  private mutating func leaveQueue(_ id: Int32) {
    queue.unlink(id, in: links)
    objects[id].marks = Second.none
    queueBytes -= objects[id].bytes
  }

  /// Drops objects from the bottom of the stack until it ends in an LIR object.
  private mutating func prune() {
    while stack.oldest != stack.newest && objects[stack.oldest].list != Place.low { dropFromStack(stack.oldest) }
  }

  private mutating func dropFromStack(_ id: Int32) {
    if objects[id].marks == Second.ghosts { ghosts.unlink(id, in: links) }
    leaveStack(id)
    if objects[id].marks != Second.queue { objects[id].clear() }
  }

  /// Evicts the oldest object of the queue; the stack may remember it.
  private mutating func evictHigh() {
    let id = queue.oldest
    leaveQueue(id)
    residentCount -= 1
    if objects[id].list == Place.none {
      objects[id].clear()
    } else {
      objects[id].list = Place.highGhost
      objects[id].marks = Second.ghosts
      ghosts.pushNewest(id, in: links)
    }
  }

  /// Sinks the LIR object at the bottom of the stack into the queue, or evicts it if it is too large for that.
  private mutating func evictLow() {
    // With room for one LIR object a pushed-out object may lie below it.
    prune()
    let id = stack.oldest
    let size = objects[id].bytes
    leaveStack(id)
    lowBytes -= size
    if size <= queueLimit {
      while queueBytes + size > queueLimit { evictHigh() }
      enterQueue(id)
    } else {
      residentCount -= 1
      objects[id].clear()
    }
    if !stack.isEmpty { prune() }
  }

  /// Forgets the oldest ghosts while the stack spans more than twice the capacity.
  private mutating func trim() {
    while stackBytes > 2 * capacity && !ghosts.isEmpty { dropFromStack(ghosts.oldest) }
  }

  var residentBytes: Int64 { lowBytes + queueBytes }

  func contains(_ id: Int32) -> Bool {
    let place = objects[id].list
    return place == Place.low || place == Place.highResident || objects[id].marks == Second.queue
  }

  func remembers(_ id: Int32) -> Bool { objects[id].list != Place.none || objects[id].marks != Second.none }

  mutating func reserve(objects count: Int) {
    objects.reserve(objects: count)
    links.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try checkCapacity(residentBytes, capacity)
    var stacked: Int64 = 0
    var low: Int64 = 0
    var residents = 0
    var queued: Int64 = 0
    var id = stack.newest
    while id >= 0 {
      stacked += objects[id].bytes
      if objects[id].list == Place.low {
        low += objects[id].bytes
        residents += 1
      }
      id = objects[id].older
    }
    id = queue.newest
    while id >= 0 {
      queued += objects[id].bytes
      residents += 1
      if objects[id].marks != Second.queue { throw InvariantViolation("object \(id) is queued, not marked so") }
      id = links[id].older
    }
    if stacked != stackBytes || low != lowBytes || queued != queueBytes {
      throw InvariantViolation("stack \(stacked)/\(stackBytes), low \(low)/\(lowBytes), queue \(queued)/\(queueBytes)")
    }
    if residents != residentCount { throw InvariantViolation("\(residents) residents, counted \(residentCount)") }
  }
}
