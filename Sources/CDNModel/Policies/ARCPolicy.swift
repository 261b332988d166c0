/// ARC: a list of objects seen once and a list of objects seen again; ghosts of both steer how the room is divided.
///
/// Everything is counted in bytes; the target `p` of the first list is a real number, and a ghost hit moves it by the
/// ratio of the ghost lists, at least 1, independent of the size of the object.
struct ARCPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "arc", "recency and frequency lists whose division follows hits on what each of them evicted",
    source: "Megiddo, Modha: ARC: A self-tuning, low overhead replacement cache, FAST 2003")

  let capacity: Int64
  var objects: ObjectTable<ObjectRecord>
  var once = ObjectQueue(number: 1)
  var again = ObjectQueue(number: 2)
  var ghostOnce = ObjectQueue(number: 3)
  var ghostAgain = ObjectQueue(number: 4)
  /// Target size of `once` in bytes.
  var target = 0.0
  /// Whether the request that makes room was found in `ghostAgain`; stays so until the next admission or hit.
  var lastHitWasGhostAgain = false

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    objects = ObjectTable(objects: setup.objects)
  }

  func prefetch(_ id: Int32) { objects.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { ObjectList.prefetchNeighbours(of: id, in: objects) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    let id = request.id
    let list = objects[id].list
    if list == again.number {
      again.renew(id, in: objects)
    } else if list == once.number {
      again.insert(id, bytes: once.remove(id, in: objects), in: objects)
    } else {
      return false
    }
    lastHitWasGhostAgain = false
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    let id = request.id
    let list = objects[id].list
    let isGhost = list == ghostOnce.number || list == ghostAgain.number
    if isGhost { adapt(id, list) }
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity {
      if isGhost { replace() } else { evictForUnknown(request.bytes) }
    }
    if isGhost {
      again.insert(id, bytes: request.bytes, in: objects)
    } else {
      once.insert(id, bytes: request.bytes, in: objects)
    }
    lastHitWasGhostAgain = false
    return true
  }

  /// Moves the target towards the list whose ghost was hit and takes the ghost out.
  private mutating func adapt(_ id: Int32, _ list: UInt8) {
    let onceBytes = Double(ghostOnce.bytes)
    let againBytes = Double(ghostAgain.bytes)
    if list == ghostOnce.number {
      target = min(target + max(againBytes / onceBytes, 1), Double(capacity))
      ghostOnce.remove(id, in: objects)
      lastHitWasGhostAgain = false
    } else {
      target = max(target - max(onceBytes / againBytes, 1), 0)
      ghostAgain.remove(id, in: objects)
      lastHitWasGhostAgain = true
    }
  }

  /// REPLACE of the paper: evicts from the list that exceeds its target, keeping a ghost.
  private mutating func replace() {
    let bytes = Double(once.bytes)
    let exceeds = once.count > 0 && (bytes > target || (bytes == target && lastHitWasGhostAgain))
    if exceeds || again.count == 0 {
      let victim = once.oldest
      ghostOnce.insert(victim, bytes: once.remove(victim, in: objects), in: objects)
    } else {
      let victim = again.oldest
      ghostAgain.insert(victim, bytes: again.remove(victim, in: objects), in: objects)
    }
  }

  /// Case IV of the paper: an object in none of the four lists needs room.
  private mutating func evictForUnknown(_ bytes: Int64) {
    if once.bytes + ghostOnce.bytes + bytes > capacity {
      if ghostOnce.count > 0 {
        ghostOnce.remove(ghostOnce.oldest, in: objects)
        replace()
      } else if once.count > 0 {
        once.remove(once.oldest, in: objects)
      } else {
        replace()
      }
      return
    }
    let known = residentBytes + ghostOnce.bytes + ghostAgain.bytes
    if known >= 2 * capacity && ghostAgain.count > 0 { ghostAgain.remove(ghostAgain.oldest, in: objects) }
    replace()
  }

  var residentBytes: Int64 { once.bytes + again.bytes }
  var residentCount: Int { once.count + again.count }
  func contains(_ id: Int32) -> Bool { objects[id].list == once.number || objects[id].list == again.number }
  func remembers(_ id: Int32) -> Bool { objects[id].list != 0 }
  mutating func reserve(objects count: Int) { objects.reserve(objects: count) }

  func validate() throws(InvariantViolation) {
    try once.validate(in: objects)
    try again.validate(in: objects)
    try ghostOnce.validate(in: objects)
    try ghostAgain.validate(in: objects)
    try checkCapacity(residentBytes, capacity)
    if !(target >= 0 && target <= Double(capacity)) { throw InvariantViolation("target \(target) is out of range") }
  }
}
