internal import TextFormats

/// One tier of caches: what one tier misses, the next is asked for.
public struct CacheTier: Sendable {
  /// The policy of each cache.
  public var policy: PolicyChoice
  /// The size of each cache.
  public var capacity: CacheCapacity
  /// Caches among which requests are spread at random, whatever they ask for: sites near different viewers.
  public var caches = 1

  /// One cache.
  public init(policy: PolicyChoice, capacity: CacheCapacity) {
    self.policy = policy
    self.capacity = capacity
  }

  /// Reads `9*fifo@2%` or `s3fifo:small-ratio=0.2@20GB`.
  ///
  /// - Throws: `PolicyFailure` that says what is wrong.
  public init(_ text: String) throws(PolicyFailure) {
    guard let at = text.lastIndex(of: "@") else {
      throw PolicyFailure("tier '\(text)' should be written POLICY@SIZE or N*POLICY@SIZE")
    }
    var name = text[..<at]
    if let star = name.firstIndex(of: "*") {
      guard let count = Int(name[..<star]), count >= 1, count <= 10_000 else {
        throw PolicyFailure("'\(name[..<star])' is not a number of caches from 1 to 10000")
      }
      caches = count
      name = name[name.index(after: star)...]
    }
    policy = try PolicyRegistry.standard.choice(String(name))
    do throws(QuantityError) { capacity = try CacheCapacity(String(text[text.index(after: at)...])) } catch {
      throw PolicyFailure("tier '\(text)': \(error.message)")
    }
  }

  /// Reads tiers from the viewers to the origin, separated by commas; `name=value` belongs to the tier before it.
  ///
  /// - Throws: `PolicyFailure` for the first tier that cannot be read.
  public static func list(_ text: String) throws(PolicyFailure) -> [CacheTier] {
    var tiers: [CacheTier] = []
    for part in Specification.split(text) { tiers.append(try CacheTier(part)) }
    return tiers
  }
}

/// What one tier of caches did.
public struct CacheTierRow: Sendable {
  /// 1 is the tier that viewers ask.
  public var tier: Int
  /// Number of caches.
  public var caches: Int
  /// Counts of all caches of the tier, as of one run; the capacity is that of one cache.
  public var run: CacheStudyRow
  /// Share of all requests of the trace that this tier answered.
  public var servedShare: Double

  /// Names of the columns.
  public static var header: [String] { ["tier", "caches"] + CacheStudyRow.header() + ["served_share"] }
  /// The row as text fields.
  public var fields: [String] {
    ["\(tier)", "\(caches)"] + run.fields() + [run.status == "ok" ? "\(servedShare)" : ""]
  }
}

/// Tiers of caches over one trace: requests that miss in one tier go to the next in their order.
public enum TierStudy {
  /// Runs the tiers; a tier that fails is a row with its status, and so are those that it would have asked.
  ///
  /// Shares of the footprint are those of the whole trace. Which of several caches is asked follows from the number of
  /// the request and the seed.
  ///
  /// - Complexity: one pass over what reaches a tier, for each tier.
  public static func rows(trace: RequestTrace, tiers: [CacheTier], options: CacheStudyOptions) -> [CacheTierRow] {
    let footprint = options.ignoresSizes ? Int64(trace.objectCount) : trace.footprintBytes
    var rows: [CacheTierRow] = []
    var arriving = Array(0..<Int32(truncatingIfNeeded: trace.count))
    for (number, tier) in tiers.enumerated() {
      let size = tier.capacity.resolved(footprint: footprint)
      var whole = CacheStudyRow(
        trace: trace.name, policy: tier.policy.entry.description.name, parameters: tier.policy.arguments.label,
        admission: options.admission.label, capacity: size, ignoresSizes: options.ignoresSizes,
        counts: ReplayCounts(), status: "ok")
      var missed: [Int32] = []
      var nanoseconds = 0.0
      for part in parts(arriving, tier.caches, seed: options.seed &+ UInt64(number)) {
        var recorded = options
        recorded.policies = [tier.policy]
        recorded.capacities = [.absolute(size)]
        recorded.missRecorder = MissRecorder()
        recorded.sampleRate = nil
        recorded.comparesWithBelady = false
        let row = CacheStudy.rows(trace: trace.selecting(part), options: recorded)[0]
        if row.status != "ok" { whole.status = row.status }
        whole.counts.add(row.counts)
        nanoseconds += (row.cpuNanosecondsPerRequest ?? 0) * Double(part.count)
        missed += recorded.missRecorder?.indices.map { part[Int($0)] } ?? []
      }
      let served = Double(arriving.count - missed.count) / Double(max(trace.count, 1))
      if whole.status == "ok" { whole.cpuNanosecondsPerRequest = nanoseconds / Double(max(arriving.count, 1)) }
      rows.append(CacheTierRow(tier: number + 1, caches: tier.caches, run: whole, servedShare: served))
      if whole.status != "ok" {
        for (later, behind) in tiers.enumerated().dropFirst(number + 1) {
          whole.policy = behind.policy.entry.description.name
          whole.parameters = behind.policy.arguments.label
          whole.capacity = behind.capacity.resolved(footprint: footprint)
          whole.status = "failed: tier \(number + 1) asks it for nothing"
          rows.append(CacheTierRow(tier: later + 1, caches: behind.caches, run: whole, servedShare: 0))
        }
        break
      }
      if tier.caches > 1 { missed.sort() }
      arriving = missed
    }
    return rows
  }

  /// Spreads requests over caches; each keeps their order.
  private static func parts(_ arriving: [Int32], _ caches: Int, seed: UInt64) -> [[Int32]] {
    if caches == 1 { return [arriving] }
    var parts = [[Int32]](repeating: [], count: caches)
    for index in arriving { parts[Int(XXH64.hash(UInt64(index), seed: seed) % UInt64(caches))].append(index) }
    return parts
  }
}

extension RequestTrace {
  /// Some of the requests as a trace of their own, in their order, the objects numbered anew.
  func selecting(_ indices: [Int32]) -> RequestTrace {
    var selected = RequestTrace(name: name)
    var numbers = [Int32](repeating: -1, count: objectCount)
    selected.ids.reserveCapacity(indices.count)
    for index in indices {
      let id = Int(ids[Int(index)])
      if numbers[id] < 0 {
        numbers[id] = Int32(selected.keys.count)
        selected.keys.append(keys[id])
      }
      selected.ids.append(numbers[id])
      selected.bytes.append(bytes[Int(index)])
      selected.unsampledBytes += bytes[Int(index)]
    }
    selected.unsampledCount = indices.count
    return selected
  }
}

extension ReplayCounts {
  /// Adds the counts of another run.
  mutating func add(_ other: ReplayCounts) {
    requests += other.requests
    misses += other.misses
    requestBytes += other.requestBytes
    missBytes += other.missBytes
    admittedBytes += other.admittedBytes
  }
}
