/// W-TinyLFU: new objects pass a small LRU window; what leaves it enters the main segmented LRU only if it was used
/// more often lately than the main victim, by a sketch that remembers objects not resident too.
///
/// Semantics of the libcachesim 0.3.5 package by default: one comparison decides one eviction. In the 2024 semantics a
/// won comparison goes on to the next window object. The window also bounds the size of objects that are admitted.
struct WTinyLFUPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "wtinylfu", "an LRU window before a segmented LRU whose door asks a frequency sketch",
    source: "Einziger, Friedman, Manes: TinyLFU: A highly efficient cache admission policy, ACM TOS 2017",
    parameters: [PolicyParameter("window", .number(0...0.99), default: "0.01", "share of the capacity for the window")])
  static var hashesKeys: Bool { true }

  let capacity: Int64
  let windowLimit: Int64
  let mainLimit: Int64
  let endsAfterWin: Bool
  /// Uses after which the sketch is halved.
  let period: Int64
  var objects: ObjectTable<ObjectRecord>
  /// What the residents are called in the sketch.
  var names: ObjectTable<FrequencySketch.Name>
  var window = ObjectQueue(number: 1)
  var main: SegmentedLRU
  var sketch: FrequencySketch
  var mainHits: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    windowLimit = setup.share(setup.arguments.number("window"))
    mainLimit = setup.capacity - windowLimit
    endsAfterWin = setup.compatibility == .v035
    objects = ObjectTable(objects: setup.objects)
    names = ObjectTable(objects: setup.objects)
    // With sizes in bytes the capacity says nothing about the number of entries; the number of objects does.
    let entries = min(mainLimit, Int64(max(setup.objects, 1024)))
    sketch = FrequencySketch(entries: entries)
    period = 32 * max(entries, 1)
    let room = Double(mainLimit)
    main = SegmentedLRU(limits: [Int64(room * (1.0 / 5.0)), Int64(room * (4.0 / 5.0))], firstNumber: 2)
  }

  func prefetch(_ id: Int32) {
    objects.prefetch(id)
    names.prefetch(id)
  }

  func prefetchNeighbours(of id: Int32) {
    ObjectList.prefetchNeighbours(of: id, in: objects)
    if main.holds(objects[id]) { sketch.prefetch(names[id]) }
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    let record = objects[request.id]
    if record.list == window.number {
      window.renew(request.id, in: objects)
      return true
    }
    if !main.holds(record) { return false }
    main.hit(request.id, in: objects)
    sketch.add(names[request.id])
    mainHits += 1
    if mainHits >= period {
      mainHits = 0
      sketch.halve()
    }
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    let size = request.bytes
    if size > capacity || size > windowLimit || size > mainLimit || size > main.limits[0] { return false }
    while residentBytes + size > capacity { evict() }
    window.insert(request.id, bytes: size, in: objects)
    let name = FrequencySketch.name(of: request.key)
    names[request.id] = name
    sketch.add(name)
    // What the next eviction will compare.
    if main.victim >= 0 {
      sketch.prefetch(names[window.oldest])
      sketch.prefetch(names[main.victim])
    }
    return true
  }

  private mutating func evict() {
    while window.count > 0 {
      let candidate = window.oldest
      let size = objects[candidate].bytes
      var evicted = false
      if main.bytes + size <= mainLimit {
        window.remove(candidate, in: objects)
        main.insert(candidate, bytes: size, in: objects)
      } else if sketch.estimate(names[candidate]) > sketch.estimate(names[main.victim]) {
        main.evict(in: objects)
        window.remove(candidate, in: objects)
        main.insert(candidate, bytes: size, in: objects)
        evicted = endsAfterWin
      } else {
        window.remove(candidate, in: objects)
        evicted = true
      }
      sketch.add(names[candidate])
      if evicted { return }
    }
    main.evict(in: objects)
  }

  var residentBytes: Int64 { window.bytes + main.bytes }
  var residentCount: Int { window.count + main.count }
  func contains(_ id: Int32) -> Bool { objects[id].list != 0 }

  mutating func reserve(objects count: Int) {
    objects.reserve(objects: count)
    names.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try window.validate(in: objects)
    try main.validate(in: objects)
    try checkCapacity(residentBytes, capacity)
  }
}
