internal import SimEngine

/// LeCaR: two experts, LRU and LFU; each eviction follows one of them at random, and a hit on what an expert threw out
/// lowers its weight, the more the fresher the mistake.
///
/// Each expert's history holds half a capacity; an object that both experts name as victim is nobody's mistake and is
/// not remembered.
struct LeCaRPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "lecar", "follows LRU or LFU at random, with weights learned from regret",
    source: "Vietri et al.: Driving cache replacement with ML-based LeCaR, HotStorage 2018",
    parameters: [
      PolicyParameter("learning-rate", .number(0...10), default: "0.45", "how strongly a mistake lowers a weight")
    ])

  /// How much of a mistake's weight is left after as many requests as the cache has units of capacity.
  private static let discountOverCapacity = 0.005
  /// Keeps a weight from reaching zero.
  private static let weightFloor = 1e-10

  let capacity: Int64
  let learningRate: Double
  var objects: ObjectTable<ObjectRecord>
  var evictedAt: ObjectTable<Int64>
  var frequencies: FrequencyIndex
  var recency = ObjectQueue(number: 1)
  var thrownByRecency = ObjectQueue(number: 2)
  var thrownByFrequency = ObjectQueue(number: 3)
  var recencyWeight = 0.5
  var frequencyWeight = 0.5
  var generator: MMIXGenerator

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    learningRate = setup.arguments.number("learning-rate")
    objects = ObjectTable(objects: setup.objects)
    evictedAt = ObjectTable(objects: setup.objects)
    frequencies = FrequencyIndex(objects: setup.objects)
    generator = MMIXGenerator(seed: setup.seed)
  }

  func prefetch(_ id: Int32) {
    objects.prefetch(id)
    frequencies.prefetch(id)
  }

  func prefetchNeighbours(of id: Int32) {
    ObjectList.prefetchNeighbours(of: id, in: objects)
    frequencies.prefetchNeighbours(of: id)
  }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if objects[request.id].list != recency.number { return false }
    recency.renew(request.id, in: objects)
    frequencies.use(request.id)
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if objects[request.id].list > recency.number { learn(request) }
    if request.bytes > capacity { return false }
    while recency.bytes + request.bytes > capacity { evict(now: request.index) }
    recency.insert(request.id, bytes: request.bytes, in: objects)
    frequencies.insert(request.id)
    return true
  }

  /// Lowers the weight of the expert that threw out an object now asked for again.
  private mutating func learn(_ request: CacheRequest) {
    let byFrequency = objects[request.id].list == thrownByFrequency.number
    if byFrequency {
      thrownByFrequency.remove(request.id, in: objects)
    } else {
      thrownByRecency.remove(request.id, in: objects)
    }
    let age = Double(request.index - evictedAt[request.id]) / Double(capacity)
    let discount = DeterministicMath.exp(age * DeterministicMath.log(LeCaRPolicy.discountOverCapacity))
    let factor = DeterministicMath.exp(-learningRate * discount)
    if byFrequency {
      frequencyWeight = frequencyWeight * factor + LeCaRPolicy.weightFloor
      recencyWeight += LeCaRPolicy.weightFloor
    } else {
      recencyWeight = recencyWeight * factor + LeCaRPolicy.weightFloor
      frequencyWeight += LeCaRPolicy.weightFloor
    }
    let sum = recencyWeight + frequencyWeight
    recencyWeight /= sum
    frequencyWeight /= sum
  }

  private mutating func evict(now: Int64) {
    let oldest = recency.oldest
    let rarest = frequencies.least
    // Drawn in hundredths, as the reference does: LRU keeps one chance in a hundred however low its weight.
    let byRecency = Double(generator.next() % 100) / 100 < recencyWeight
    let victim = byRecency ? oldest : rarest
    frequencies.remove(victim)
    let size = recency.remove(victim, in: objects)
    if oldest == rarest { return }
    evictedAt[victim] = now
    if byRecency {
      LeCaRPolicy.remember(victim, bytes: size, in: &thrownByRecency, objects, limit: capacity / 2)
    } else {
      LeCaRPolicy.remember(victim, bytes: size, in: &thrownByFrequency, objects, limit: capacity / 2)
    }
  }

  private static func remember(
    _ id: Int32, bytes: Int64, in history: inout ObjectQueue, _ objects: borrowing ObjectTable<ObjectRecord>,
    limit: Int64
  ) {
    history.insert(id, bytes: bytes, in: objects)
    while history.bytes > limit { history.remove(history.oldest, in: objects) }
  }

  var residentBytes: Int64 { recency.bytes }
  var residentCount: Int { recency.count }
  func contains(_ id: Int32) -> Bool { objects[id].list == recency.number }
  func remembers(_ id: Int32) -> Bool { objects[id].list != 0 }

  mutating func reserve(objects count: Int) {
    objects.reserve(objects: count)
    evictedAt.reserve(objects: count)
    frequencies.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try recency.validate(in: objects)
    try thrownByRecency.validate(in: objects)
    try thrownByFrequency.validate(in: objects)
    try frequencies.validate(count: recency.count)
    try checkCapacity(recency.bytes, capacity)
    try checkCapacity(thrownByRecency.bytes, capacity / 2)
    try checkCapacity(thrownByFrequency.bytes, capacity / 2)
  }
}
