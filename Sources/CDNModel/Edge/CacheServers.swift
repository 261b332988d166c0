/// What the servers of a site answered to a request.
@frozen
public struct CacheAnswer: Sendable, BitwiseCopyable {
  /// Hit or miss, and why.
  public var outcome: EdgeOutcome
  /// The server that took the request; `noServer` if all are down.
  public var server: UInt8 = 0
  /// Whether a hit was served from memory.
  public var isInMemory = false
  /// Whether a hit must be confirmed by the tier above before it is served.
  public var isStale = false

  /// The server of a request that none took.
  @inlinable
  public static var noServer: UInt8 { .max }

  @inlinable
  init(_ outcome: EdgeOutcome) { self.outcome = outcome }
}

/// The cache servers of one site: consistent hashing with bounded loads in front of an `EdgeCache` a server, memory
/// before their disks, and times to live.
///
/// ```
/// request -> ring -> server: disk -- hit --> memory, fresh? -> serve | read disk | confirm with the tier above
///                               '-- miss -> fetch, then admit
/// ```
///
/// A request that the bound sends past the server that holds its object is a miss by health unless the next server
/// has it too (Mirrokni, Thorup, Zadimoghaddam, Consistent hashing with bounded loads, SODA 2018).
///
/// - Complexity: O(1) expected a request with one server, O(log points of the ring) with more.
public struct CacheServers: ~Copyable, @unchecked Sendable {
  @usableFromInline let caches: UnsafeMutablePointer<EdgeCache>
  /// Whether there is one server, up, without memory and without times to live.
  @usableFromInline var isPlain: Bool
  private let memories: UnsafeMutablePointer<MemoryCopies>?
  private var ring: ServerRing
  private let wholeRing: ServerRing
  /// Requests that each server took so far, where placed files have copies.
  private var taken: [Int]
  private var freshness = FreshnessTable()
  private var freshnessLimit = 1_024
  private let equipment: CacheEquipment
  /// Servers, up or down.
  public let count: Int
  /// Requests and bytes that were served from memory.
  public private(set) var memoryHits = EdgeCounters.Tally()
  /// Requests that no server could take.
  private var unserved = EdgeCounters()

  /// The servers of a site; `makeCache` makes the cache of one, given its share.
  ///
  /// - Throws: what `makeCache` throws.
  public init(
    _ equipment: CacheEquipment, seed: UInt64,
    makeCache: (ServerShare) throws(PolicyFailure) -> EdgeCache
  ) throws(PolicyFailure) {
    precondition(equipment.servers >= 1 && equipment.servers <= 250, "a site has between 1 and 250 servers")
    let ring = ServerRing(servers: equipment.servers, seed: seed)
    caches = .allocate(capacity: equipment.servers)
    for server in 0..<equipment.servers {
      do throws(PolicyFailure) {
        let cache = try makeCache(ServerShare(server: server, ring: ring, spread: equipment.spread))
        (caches + server).initialize(to: cache)
      } catch {
        caches.deinitialize(count: server)
        caches.deallocate()
        throw error
      }
    }
    count = equipment.servers
    taken = [Int](repeating: 0, count: equipment.servers)
    self.equipment = equipment
    self.ring = ring
    wholeRing = ring
    if equipment.memoryBytes > 0 {
      let memories = UnsafeMutablePointer<MemoryCopies>.allocate(capacity: count)
      for server in 0..<count {
        (memories + server).initialize(
          to: MemoryCopies(
            capacityBytes: equipment.memoryBytes / Int64(count), promotionHits: equipment.promotionHits))
      }
      self.memories = memories
    } else {
      memories = nil
    }
    isPlain = count == 1 && memories == nil && equipment.timeToLive == nil
  }

  deinit {
    caches.deinitialize(count: count)
    caches.deallocate()
    memories?.deinitialize(count: count)
    memories?.deallocate()
  }

  // MARK: - Requests

  /// Looks a requested object up at the server that takes the request, counts the outcome, and marks it as used.
  ///
  /// - Parameter now: simulated time in nanoseconds.
  @inlinable
  public mutating func lookup(_ key: SegmentKey, bytes: Int64, now: Int64) -> CacheAnswer {
    isPlain ? CacheAnswer(caches[0].lookup(key, bytes: bytes)) : find(key, bytes: bytes, now: now)
  }

  @usableFromInline
  mutating func find(_ key: SegmentKey, bytes: Int64, now: Int64) -> CacheAnswer {
    guard let found = takers(of: key) else {
      var answer = CacheAnswer(.healthMiss)
      answer.server = CacheAnswer.noServer
      unserved.count(.healthMiss, bytes: bytes)
      return answer
    }
    let (holder, server) = found
    var outcome = caches[server].find(key, bytes: bytes)
    if !outcome.isHit, holder != server, caches[holder].contains(key) { outcome = .healthMiss }
    caches[server].counters.count(outcome, bytes: bytes)
    var answer = CacheAnswer(outcome)
    answer.server = UInt8(server)
    if let memories {
      if !outcome.isHit {
        memories[server].drop(key)
      } else if memories[server].lookup(key) {
        answer.isInMemory = true
        memoryHits.requests += 1
        memoryHits.bytes += bytes
      } else {
        memories[server].foundOnDisk(key, bytes: bytes)
      }
    }
    answer.isStale = outcome == .reactiveHit && !isFresh(key, now: now)
    return answer
  }

  /// The server that holds an object, and the one that takes a request for it; nil if all are down.
  private mutating func takers(of key: SegmentKey) -> (holder: Int, taker: Int)? {
    if count == 1 { return ring.upCount == 1 ? (0, 0) : nil }
    if equipment.replicaShare > 0, let server = leastLoadedCopy(of: key) {
      taken[server] += 1
      return (server, server)
    }
    let found = ring.servers(for: name(of: key), loadFactor: equipment.loadFactor)
    if let found { taken[found.taker] += 1 }
    return found
  }

  /// Of the servers on which an object is placed, the one with the fewest requests in flight, then the fewest so far;
  /// nil if none has room.
  private func leastLoadedCopy(of key: SegmentKey) -> Int? {
    var best: Int?
    for server in 0..<count where ring.isUp(server) && caches[server].placed.contains(key) {
      guard let known = best else {
        best = server
        continue
      }
      let (load, least) = (ring.load(of: server), ring.load(of: known))
      if load < least || (load == least && taken[server] < taken[known]) { best = server }
    }
    return best.flatMap { ring.hasRoom(on: $0, loadFactor: equipment.loadFactor) ? $0 : nil }
  }

  /// Offers a fetched object to a server.
  ///
  /// - Parameters:
  ///   - server: the one that took the request, or nil for the one that the object belongs to.
  ///   - now: simulated time in nanoseconds.
  /// - Returns: whether it is stored now.
  @discardableResult
  public mutating func admit(_ key: SegmentKey, bytes: Int64, to server: Int? = nil, now: Int64) -> Bool {
    if isPlain { return caches[0].admit(key, bytes: bytes) }
    guard let server = server ?? holder(of: key), ring.isUp(server) else { return false }
    let stored = caches[server].admit(key, bytes: bytes)
    if stored { confirm(key, now: now) }
    return stored
  }

  /// Counts a request that the site could not serve because of a failure, whatever it stores.
  public mutating func countHealthMiss(bytes: Int64) { unserved.count(.healthMiss, bytes: bytes) }

  /// Whether a request would be a hit at the server that the object belongs to; counts nothing and touches nothing.
  public func contains(_ key: SegmentKey) -> Bool { holder(of: key).map { caches[$0].contains(key) } ?? false }

  /// Whether any server that is up stores an object.
  public func isStored(_ key: SegmentKey) -> Bool {
    (0..<count).contains { ring.isUp($0) && caches[$0].contains(key) }
  }

  private func holder(of key: SegmentKey) -> Int? {
    count == 1 ? (ring.upCount == 1 ? 0 : nil) : ring.server(for: name(of: key))
  }

  private func name(of key: SegmentKey) -> SegmentKey { equipment.spread.key(for: key) ?? key }

  // MARK: - Loads and failures

  /// Notes that a server has begun to work on a request.
  public mutating func begin(on server: Int) { if count > 1 { ring.start(on: server) } }

  /// Notes that a server is done with a request.
  public mutating func end(on server: Int) { if count > 1 { ring.end(on: server) } }

  /// Takes a server down or up.
  ///
  /// What it stored is there again when it comes back, unless `losesContent`.
  public mutating func setUp(_ isUp: Bool, server: Int, losesContent: Bool) {
    ring.setUp(isUp, server: server)
    if losesContent { caches[server].loseContent() }
    memories?[server].removeAll()
    isPlain = count == 1 && memories == nil && equipment.timeToLive == nil && ring.upCount == 1
  }

  /// What of the site's files belongs on a server when all are up.
  public func share(of server: Int) -> ServerShare {
    ServerShare(server: server, ring: wholeRing, spread: equipment.spread)
  }

  /// On how many of the servers each file may be placed; `nil` where it is one.
  public func copies(of candidates: [PlacementCandidate]) -> [Int]? {
    equipment.copies(of: candidates, serverBytes: pinnedCapacityBytes(of: 0))
  }

  /// Whether a server is up.
  public func isUp(_ server: Int) -> Bool { ring.isUp(server) }

  // MARK: - Placed files

  /// The files that are placed on a server.
  public func placed(on server: Int) -> PlacedTitles { caches[server].placed }

  /// Bytes that placed files may take on a server.
  public func pinnedCapacityBytes(of server: Int) -> Int64 { caches[server].pinnedCapacityBytes }

  /// Places a file on a server; returns whether it is new there.
  public mutating func place(_ file: SegmentKey, bytes: Int64, on server: Int) -> Bool {
    caches[server].placed.place(file, bytes: bytes)
  }

  /// Takes a placed file off a server.
  public mutating func withdraw(_ file: SegmentKey, bytes: Int64, from server: Int) {
    caches[server].placed.withdraw(file, bytes: bytes)
  }

  /// Servers that are up.
  public var upCount: Int { ring.upCount }

  // MARK: - Times to live

  /// The tier above has confirmed an object, or it was just fetched: its time begins anew.
  public mutating func confirm(_ key: SegmentKey, now: Int64) {
    guard let timeToLive = equipment.timeToLive else { return }
    freshness.store(key, now: now, timeToLive: timeToLive)
    guard freshness.count > freshnessLimit else { return }
    // Evicted objects leave their times behind; forgetting them now and then costs a step an object on average.
    let (caches, count) = (caches, count)
    freshness.forgetAll { key in (0..<count).contains { caches[$0].contains(key) } }
    freshnessLimit = max(1_024, 2 * freshness.count)
  }

  /// Objects that were there from the start have ages of their own, spread evenly over the time to live.
  private func isFresh(_ key: SegmentKey, now: Int64) -> Bool {
    guard let timeToLive = equipment.timeToLive else { return true }
    if let due = freshness.expiry(of: key) { return now < due }
    return now < Int64(Double(timeToLive) * Double(XXH64.hash(key.rawValue, seed: 0x54_54_4C) >> 11) * 0x1p-53)
  }

  // MARK: - Accounts

  /// Requests and bytes by outcome, of all servers together.
  public var counters: EdgeCounters {
    var total = unserved
    for server in 0..<count { total.add(caches[server].counters) }
    return total
  }

  /// Bytes asked of one server.
  public func requestedBytes(of server: Int) -> Int64 {
    caches[server].counters.hitBytes + caches[server].counters.missBytes
  }

  /// Bytes stored on the disks.
  public var residentBytes: Int64 { sum { $0.residentBytes } }
  /// Bytes written to the disks so far, what was placed aside.
  public var reactiveWrittenBytes: Int64 { sum { $0.reactiveWrittenBytes } }
  /// Objects evicted so far.
  public var evictions: Int64 { sum { Int64($0.evictions) } }
  /// Bytes in memory.
  public var memoryBytes: Int64 {
    guard let memories else { return 0 }
    return (0..<count).reduce(0) { $0 + memories[$1].residentBytes }
  }

  private func sum(_ figure: (borrowing EdgeCache) -> Int64) -> Int64 {
    var total: Int64 = 0
    for server in 0..<count { total += figure(caches[server]) }
    return total
  }

  /// Checks every server.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  public func validate() throws(InvariantViolation) {
    for server in 0..<count {
      try caches[server].validate()
      try memories?[server].validate()
    }
    if memoryBytes > equipment.memoryBytes {
      throw InvariantViolation("\(memoryBytes) bytes in a memory of \(equipment.memoryBytes)")
    }
  }
}
