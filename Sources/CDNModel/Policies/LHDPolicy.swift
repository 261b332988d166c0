internal import SimEngine

/// LHD: evicts, of a random sample, the object of least hit density: expected hits per byte and remaining lifetime.
///
/// The densities are learned from the ages at which hits and evictions happened, in classes by the last two reuse
/// ages, and computed anew every 2^20 uses. A few objects are explorers that are kept longer, so that the model sees
/// long reuse ages too.
struct LHDPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "lhd", "evicts, of a random sample, the object of least expected hits per byte and time",
    source: "Beckmann, Chen, Cidon: LHD: Improving cache hit rate by maximizing hit density, NSDI 2018",
    parameters: [PolicyParameter("samples", .integer(1...10_000), default: "32", "residents drawn for each eviction")])

  struct Tag: BitwiseCopyable, Sendable {
    var lastUse: Int64
    var bytes: Float
    var lastAge: UInt16
    var ageBeforeLast: UInt16
    var ageClass: UInt8
    var isExplorer: Bool
  }

  private static let usesPerModel = 1 << 20
  private static let earlyModels = 50
  private static let earlySamples = 8
  private static let recentCount = 8
  private static let exploreOneIn = 32
  private static let explorerShare = 0.01

  let capacity: Int64
  let samples: Int
  private var pool: ResidentPool<Tag>
  private var sizes: ObjectTable<Int64>
  private var stream: RandomStream
  private var model = HitDensityModel()
  private var clock: Int64 = 0
  private var usesLeft = LHDPolicy.usesPerModel
  /// The last objects that looked like victims when they were admitted: always candidates.
  private var recent: [Int32] = Array(repeating: -1, count: LHDPolicy.recentCount)
  private var recentHead = 0
  private var victimDensity: Float = 0
  private var explorerBudget: Int64
  var residentBytes: Int64 = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    capacity = setup.capacity
    samples = setup.arguments.integer("samples")
    pool = ResidentPool(objects: setup.objects)
    sizes = ObjectTable(objects: setup.objects)
    stream = setup.stream("lhd")
    explorerBudget = setup.share(LHDPolicy.explorerShare)
  }

  func prefetch(_ id: Int32) { pool.prefetch(id) }
  func prefetchNeighbours(of id: Int32) { pool.prefetchEntry(of: id) }

  mutating func lookup(_ request: CacheRequest) -> Bool {
    if !contains(request.id) { return false }
    var tag = pool[request.id]
    let age = model.age(clock - tag.lastUse)
    model.noteHit(ageClass: Int(tag.ageClass), age: age)
    if tag.isExplorer { explorerBudget += Int64(tag.bytes) }
    tag.ageBeforeLast = tag.lastAge
    tag.lastAge = UInt16(truncatingIfNeeded: age)
    _ = use(&tag, bytes: request.bytes)
    pool[request.id] = tag
    tick()
    return true
  }

  mutating func admit(_ request: CacheRequest) -> Bool {
    if request.bytes > capacity { return false }
    while residentBytes + request.bytes > capacity { evict() }
    let oldest = UInt16(HitDensityModel.ages)
    var tag = Tag(lastUse: 0, bytes: 0, lastAge: 0, ageBeforeLast: oldest, ageClass: 0, isExplorer: false)
    let explores = use(&tag, bytes: request.bytes)
    if !explores && density(tag) < victimDensity {
      recent[recentHead] = request.id
      recentHead = (recentHead + 1) % LHDPolicy.recentCount
    }
    pool.insert(request.id, tag)
    sizes[request.id] = request.bytes
    residentBytes += request.bytes
    tick()
    return true
  }

  /// Stamps a use; returns whether the object was drawn as an explorer, even if the budget did not allow it.
  private mutating func use(_ tag: inout Tag, bytes: Int64) -> Bool {
    tag.lastUse = clock
    tag.bytes = Float(bytes)
    tag.ageClass = HitDensityModel.ageClass(Int(tag.lastAge) + Int(tag.ageBeforeLast))
    let explores = stream.below(LHDPolicy.exploreOneIn) == 0
    tag.isExplorer = explores && explorerBudget > 0 && model.updates < LHDPolicy.earlyModels
    if tag.isExplorer { explorerBudget -= bytes }
    return explores
  }

  private mutating func tick() {
    clock += 1
    usesLeft -= 1
    if usesLeft == 0 {
      model.update(residents: pool.count)
      usesLeft = LHDPolicy.usesPerModel
    }
  }

  @inline(__always)
  private func density(_ tag: Tag) -> Float {
    let age = model.age(clock - tag.lastUse)
    if age == HitDensityModel.ages - 1 { return -.greatestFiniteMagnitude }
    let density = model.density(ageClass: Int(tag.ageClass), age: age) / tag.bytes
    return tag.isExplorer ? density + 1 : density
  }

  private mutating func evict() {
    var victim: Int32 = -1
    var least = Float.greatestFiniteMagnitude
    let draws = model.updates > LHDPolicy.earlyModels ? samples : min(samples, LHDPolicy.earlySamples)
    for _ in 0..<draws {
      let entry = pool.sample(&stream)
      let rank = density(entry.payload)
      if rank < least {
        least = rank
        victim = entry.id
      }
    }
    for id in recent where id >= 0 && pool.contains(id) {
      let rank = density(pool[id])
      if rank < least {
        least = rank
        victim = id
      }
    }
    victimDensity = HitDensityModel.decay * victimDensity + (1 - HitDensityModel.decay) * least
    let tag = pool.remove(victim)
    model.noteEviction(ageClass: Int(tag.ageClass), age: model.age(clock - tag.lastUse))
    if tag.isExplorer { explorerBudget += Int64(tag.bytes) }
    residentBytes -= sizes[victim]
  }

  var residentCount: Int { pool.count }
  func contains(_ id: Int32) -> Bool { pool.contains(id) }

  mutating func reserve(objects count: Int) {
    pool.reserve(objects: count)
    sizes.reserve(objects: count)
  }

  func validate() throws(InvariantViolation) {
    try pool.validate()
    try checkCapacity(residentBytes, capacity)
    let sum = (0..<pool.count).reduce(Int64(0)) { $0 + sizes[pool.entry(at: $1).id] }
    if sum != residentBytes { throw InvariantViolation("residents sum to \(sum), accounted \(residentBytes)") }
  }
}
