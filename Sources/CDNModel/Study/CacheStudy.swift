internal import Glibc

/// What `simrun cache` runs over one trace.
public struct CacheStudyOptions: Sendable {
  /// Policies with their parameters, in the order of the rows.
  public var policies: [PolicyChoice]
  /// Cache sizes, in the order of the rows of each policy.
  public var capacities: [CacheCapacity]
  /// The rule that missed objects must pass.
  public var admission = AdmissionChoice.none
  /// Whether every object counts as size 1 and cache sizes count objects.
  public var ignoresSizes = false
  /// Whose semantics to follow where versions of the reference simulator differ.
  public var compatibility = Compatibility.v035
  /// Runs at the same time; never changes a result.
  public var jobs = 1
  /// Share of the objects to keep (SHARDS), nil keeps all.
  public var sampleRate: Double?
  /// Seed of the policies' random choices.
  public var seed: UInt64 = 0
  /// Checks all invariants after every so many requests, nil never.
  public var validationInterval: Int?
  /// Whether rows get the excess over Belady's policy at the same size.
  public var comparesWithBelady = false
  /// Told runs done, runs in all, requests replayed so far.
  public var progress: (@Sendable (Int, Int, Int64) -> Void)?
  /// Told which requests of a single run missed.
  var missRecorder: MissRecorder?

  /// Runs of policies at sizes.
  public init(policies: [PolicyChoice], capacities: [CacheCapacity]) {
    self.policies = policies
    self.capacities = capacities
  }
}

/// One policy at one size on one trace.
public struct CacheStudyRow: Sendable {
  /// Name of the trace.
  public var trace: String
  /// Name of the policy.
  public var policy: String
  /// Its parameters as `name=value` pairs separated by semicolons.
  public var parameters: String
  /// The admission rule, empty for none.
  public var admission: String
  /// Cache size in bytes, or objects where sizes are ignored.
  public var capacity: Int64
  /// Whether sizes were ignored.
  public var ignoresSizes: Bool
  /// What was counted; zero where the run failed.
  ///
  /// With sampling, scaled to the whole trace.
  public var counts: ReplayCounts
  /// CPU time a request, in nanoseconds; nil where the run failed.
  public var cpuNanosecondsPerRequest: Double?
  /// Object miss ratio minus that of Belady's policy at the same size.
  public var objectRegret: Double?
  /// Byte miss ratio minus that of Belady's policy at the same size.
  public var byteRegret: Double?
  /// `ok`, or why the run failed.
  public var status: String

  /// Names of the columns; the two regret columns stand before `status` where they were asked for.
  public static func header(withRegret: Bool = false) -> [String] {
    let columns = [
      "trace", "policy", "params", "admission", "cache_size", "ignore_obj_size", "n_req", "n_miss", "req_bytes",
      "miss_bytes", "object_miss_ratio", "byte_miss_ratio", "cpu_ns_per_request",
    ]
    return columns + (withRegret ? ["object_regret", "byte_regret"] : []) + ["status"]
  }

  /// The row as text fields; a failed run leaves its figures empty.
  public func fields(withRegret: Bool = false) -> [String] {
    let failed = cpuNanosecondsPerRequest == nil
    func figure(_ text: String) -> String { failed ? "" : text }
    let columns = [
      trace, policy, parameters, admission, "\(capacity)", ignoresSizes ? "1" : "0", figure("\(counts.requests)"),
      figure("\(counts.misses)"), figure("\(counts.requestBytes)"), figure("\(counts.missBytes)"),
      figure("\(counts.objectMissRatio)"), figure("\(counts.byteMissRatio)"),
      cpuNanosecondsPerRequest.map { "\(($0 * 10).rounded() / 10)" } ?? "",
    ]
    let regret = [objectRegret.map { "\($0)" } ?? "", byteRegret.map { "\($0)" } ?? ""]
    return columns + (withRegret ? regret : []) + [status]
  }
}

/// Many policies and sizes over one trace that is read once.
public enum CacheStudy {
  /// Runs every policy at every size, policies outermost.
  ///
  /// A run that fails becomes a row with its status. Rows and figures (but for CPU times) do not depend on `jobs`.
  ///
  /// - Complexity: one pass over the trace in memory for each row.
  public static func rows(trace: RequestTrace, options: CacheStudyOptions) -> [CacheStudyRow] {
    let prepared = PreparedTrace(trace, options)
    var choices = options.policies
    let belady = PolicyRegistry.standard.entry(named: "belady").map {
      PolicyChoice(entry: $0, arguments: PolicyArguments(defaultsOf: $0.description))
    }
    if options.comparesWithBelady, let belady { choices.append(belady) }
    let sizes = options.capacities.map { $0.resolved(footprint: prepared.footprint) }
    let runs = choices.flatMap { choice in sizes.map { (choice, $0) } }
    let ledger = ProgressLedger(runs: runs.count, report: options.progress)
    var rows = inParallel(count: runs.count, jobs: options.jobs) { index in
      row(prepared, runs[index].0, runs[index].1, options, ledger)
    }
    if options.comparesWithBelady && belady != nil {
      let reference = Array(rows.suffix(sizes.count))
      rows.removeLast(sizes.count)
      for index in rows.indices {
        let ideal = reference[index % sizes.count]
        if rows[index].cpuNanosecondsPerRequest == nil || ideal.cpuNanosecondsPerRequest == nil { continue }
        rows[index].objectRegret = rows[index].counts.objectMissRatio - ideal.counts.objectMissRatio
        rows[index].byteRegret = rows[index].counts.byteMissRatio - ideal.counts.byteMissRatio
      }
    }
    return rows
  }

  /// What all runs share.
  private struct PreparedTrace: Sendable {
    let trace: RequestTrace
    /// Distinct objects, or their bytes, of the whole trace.
    let footprint: Int64
    let census: ObjectCensus?

    init(_ whole: RequestTrace, _ options: CacheStudyOptions) {
      footprint = options.ignoresSizes ? Int64(whole.objectCount) : whole.footprintBytes
      var kept = options.sampleRate.map { whole.sampled(rate: $0) } ?? whole
      if options.comparesWithBelady || options.policies.contains(where: \.entry.seesFuture) { kept.linkRequests() }
      let needsCensus = options.policies.contains { $0.entry.needsCensus }
      census = needsCensus ? kept.census(ignoringSizes: options.ignoresSizes) : nil
      trace = kept
    }
  }

  private static func row(
    _ prepared: PreparedTrace, _ choice: PolicyChoice, _ capacity: Int64, _ options: CacheStudyOptions,
    _ ledger: ProgressLedger
  ) -> CacheStudyRow {
    let trace = prepared.trace
    var row = CacheStudyRow(
      trace: trace.name, policy: choice.entry.description.name, parameters: choice.arguments.label,
      admission: options.admission.label, capacity: capacity, ignoresSizes: options.ignoresSizes,
      counts: ReplayCounts(), status: "ok")
    let scaled = trace.sampleRate < 1 ? Int64(Double(capacity) * trace.sampleRate) : capacity
    let setup = PolicySetup(
      capacity: scaled, objects: trace.objectCount, arguments: choice.arguments,
      compatibility: options.compatibility, seed: options.seed, census: prepared.census)
    var input = ReplayInput(trace: trace, setup: setup, ignoresSizes: options.ignoresSizes)
    input.validationInterval = options.validationInterval
    input.missRecorder = options.missRecorder
    input.progress = { _ in ledger.advance(1_000_000) }
    if let entry = options.admission.entry {
      let admission = AdmissionSetup(
        capacity: scaled, arguments: options.admission.arguments, seed: options.seed)
      input.makeAdmission = { () throws(PolicyFailure) -> any AdmissionRule in try entry.make(admission) }
    }
    let start = threadNanoseconds()
    do {
      row.counts = try choice.entry.replay(input)
      row.cpuNanosecondsPerRequest = Double(threadNanoseconds() - start) / Double(max(trace.count, 1))
      if trace.sampleRate < 1 { row.counts = trace.scaledToWhole(row.counts, ignoringSizes: options.ignoresSizes) }
    } catch {
      row.status = "failed: \(error)"
    }
    ledger.finishRun()
    return row
  }

  /// CPU time of this thread, in nanoseconds.
  static func threadNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
