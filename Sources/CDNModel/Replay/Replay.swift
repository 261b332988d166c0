/// What one run over a trace counted.
public struct ReplayCounts: Sendable, Equatable {
  /// Requests.
  public var requests: Int64 = 0
  /// Requests whose object was not resident.
  public var misses: Int64 = 0
  /// Sum of the sizes of the requests, in bytes (in requests where sizes are ignored).
  public var requestBytes: Int64 = 0
  /// Sum of the sizes of the missed requests.
  public var missBytes: Int64 = 0
  /// Sum of the sizes of the admitted objects: what was written to the store.
  public var admittedBytes: Int64 = 0

  /// Missed share of the requests; 0 for an empty trace.
  public var objectMissRatio: Double { requests == 0 ? 0 : Double(misses) / Double(requests) }
  /// Missed share of the bytes; 0 for an empty trace.
  public var byteMissRatio: Double { requestBytes == 0 ? 0 : Double(missBytes) / Double(requestBytes) }
}

/// One run: a trace, a set-up policy, an admission rule.
public struct ReplayInput: Sendable {
  /// The requests.
  public var trace: RequestTrace
  /// What the policy is given.
  public var setup: PolicySetup
  /// Whether every object counts as size 1.
  public var ignoresSizes = false
  /// Makes the rule that missed objects must pass, nil admits all.
  public var makeAdmission: (@Sendable () throws(PolicyFailure) -> any AdmissionRule)?
  /// Checks all invariants after every so many requests, nil never.
  public var validationInterval: Int?
  /// Told the number of requests done, every million.
  public var progress: (@Sendable (Int) -> Void)?
  /// Told which requests missed.
  var missRecorder: MissRecorder?

  /// A run without admission rule.
  public init(trace: RequestTrace, setup: PolicySetup, ignoresSizes: Bool = false) {
    self.trace = trace
    self.setup = setup
    self.ignoresSizes = ignoresSizes
  }
}

/// The requests that missed in a run, in order.
///
/// Sendable by being used by one run at a time.
final class MissRecorder: @unchecked Sendable {
  /// Numbers of the requests, 0-based.
  var indices: [Int32] = []
}

/// Replays a trace through a policy: looks every request up, offers what was missed.
///
/// Generic, so that the compiler makes one straight loop for each policy.
///
/// - Throws: `PolicyFailure` if the admission rule cannot be made or an invariant breaks.
func replay<Policy: EvictionPolicy & ~Copyable>(
  _ input: ReplayInput, through policy: inout Policy
) throws(PolicyFailure) -> ReplayCounts {
  let trace = input.trace
  let admission = try input.makeAdmission?()
  if Policy.seesFuture && trace.nextRequests.count != trace.ids.count {
    throw PolicyFailure("\(Policy.description.name) needs the next request of each object")
  }
  var counts = ReplayCounts()
  var start = 0
  while start < trace.count {
    let step = input.validationInterval ?? 1_000_000
    let end = min(trace.count, start + step)
    replay(trace, start..<end, input.ignoresSizes, through: &policy, admission, input.missRecorder, &counts)
    if input.validationInterval != nil {
      do { try policy.validate() } catch {
        throw PolicyFailure("\(Policy.description.name) after request \(end - 1): \(error)")
      }
    }
    if end % 1_000_000 == 0 { input.progress?(end) }
    start = end
  }
  return counts
}

/// How many requests ahead a policy's record is fetched, its neighbours half as many.
///
/// A request takes some 15 ns, memory answers within 100 ns: a few more than that covers bursts of evictions.
private let prefetchDistance = 24

@inline(__always)
private func replay<Policy: EvictionPolicy & ~Copyable>(
  _ trace: RequestTrace, _ range: Range<Int>, _ ignoresSizes: Bool, through policy: inout Policy,
  _ admission: (any AdmissionRule)?, _ recorder: MissRecorder?, _ counts: inout ReplayCounts
) {
  var misses: Int64 = 0
  var requestBytes: Int64 = 0
  var missBytes: Int64 = 0
  var admittedBytes: Int64 = 0
  trace.ids.withUnsafeBufferPointer { ids in
    trace.bytes.withReader(ignoringSizes: ignoresSizes) { sizes in
      trace.nextRequests.withUnsafeBufferPointer { nexts in
        trace.keys.withUnsafeBufferPointer { keys in
          let last = ids.count - 1
          for index in range {
            let id = ids[index]
            policy.prefetch(ids[min(index + prefetchDistance, last)])
            policy.prefetchNeighbours(of: ids[min(index + prefetchDistance / 2, last)])
            let bytes = sizes[index]
            var request = CacheRequest(id: id, bytes: bytes, index: Int64(truncatingIfNeeded: index))
            if Policy.seesFuture { request.next = nexts[index] == .max ? .max : Int64(nexts[index]) }
            if Policy.hashesKeys { request.key = keys[Int(id)] }
            requestBytes += bytes
            let hit = policy.lookup(request)
            if let admission {
              admission.observe(request, hit: hit)
              if hit {
                continue
              }
              misses += 1
              missBytes += bytes
              if let recorder { recorder.indices.append(Int32(truncatingIfNeeded: index)) }
              if admission.admits(request) && policy.admit(request) { admittedBytes += bytes }
            } else if !hit {
              misses += 1
              missBytes += bytes
              if let recorder { recorder.indices.append(Int32(truncatingIfNeeded: index)) }
              if policy.admit(request) { admittedBytes += bytes }
            }
            assert(
              policy.residentBytes >= 0 && policy.residentBytes <= policy.capacity,
              "\(Policy.description.name) holds \(policy.residentBytes) of \(policy.capacity) at request \(index)")
          }
        }
      }
    }
  }
  counts.requests += Int64(range.count)
  counts.misses += misses
  counts.requestBytes += requestBytes
  counts.missBytes += missBytes
  counts.admittedBytes += admittedBytes
}
