import Arguments
import CDNModel
import Reporting
import TextFormats

/// `simrun cache TRACE`: eviction policies over a trace of requests.
enum CacheVerb {
  static let verb = Verb(
    "cache", "Replay a trace of requests through cache policies.",
    discussion: """
      One row a policy and size; a policy that fails gives a row with its status, and the others go on. With --tiers \
      one row a tier: served_share is the share of all requests that the tier answered, and a size is that of each of \
      its caches. Policies: \
      \(PolicyRegistry.standard.names.joined(separator: ", ")). Parameters stand after a colon: \
      s3fifo:small-ratio=0.1,threshold=2.
      """,
    operands: [Operand("TRACE", "CSV, oracleGeneral or LRB, plain, .gz or .zst.", completion: .file)],
    options: [
      .repeated("policy", "P[,P...]", "Policies; lru by default."),
      .repeated("size", "S[,S...]", "Cache sizes: bytes, with a unit, or a % of the footprint."),
      .flag("ignore-object-size", "Every object counts as 1; sizes count objects."),
      .value("admission", "A", standard: "none", "none, second-hit, size:max=Q, adaptsize, probabilistic:p=X."),
      .choice(
        "format", TraceFormat.allCases.map(\.rawValue), standard: TraceFormat.auto.rawValue, "Format of the trace."),
      .value("columns", "time=1,id=2,size=3", "Columns of a CSV trace, counted from 1."),
      .choice(
        "compat", Compatibility.allCases.map(\.rawValue), standard: Compatibility.v035.rawValue,
        "libCacheSim version to agree with where versions differ."),
      .flag("mrc", "Print the exact LRU miss-ratio curve instead, in one pass."),
      .value("tiers", "[N*]P@S[,...]", "Caches behind one another instead: the misses of one tier reach the next."),
      .flag("regret", "Add the excess over Belady's clairvoyant policy."),
      .value("sample", "R", "Keep this share of the objects (SHARDS)."),
      .value("limit", "N", "Read only the first N requests."),
      .value("seed", "S", standard: "0", "Seed of policies that choose at random."),
      .value("jobs", "N", short: "j", "Threads; all processors by default. Never changes a figure."),
      .value("plot", "FILE.svg", completion: .file, "Draw the miss ratio by cache size, a line a policy."),
      .choice("print", TableFormat.allCases.map(\.rawValue), "How the table is printed."),
    ],
    examples: [
      Example("simrun cache trace.csv --policy lru,sieve,s3fifo --size 1%,10%", "Three policies at two sizes."),
      Example("simrun cache trace.csv.zst --mrc", "The whole LRU curve."),
      Example("simrun cache trace.csv --policy lru,sieve --plot misses.svg", "A miss-ratio curve a policy, drawn."),
      Example("simrun cache trace.csv --tiers 9*fifo@2%,s3fifo@10%", "Nine edge sites before one regional cache."),
    ], verbs: [CacheGenerateVerb.verb])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    try refuseUnused(invocation)
    let trace = try readTrace(invocation)
    if trace.skippedZeroSizes > 0 {
      Simrun.complain("simrun: \(trace.skippedZeroSizes) requests of size 0 were left out")
    }
    let jobs = try ScenarioOptions.jobs(invocation)
    let ignoresSizes = invocation.flag("ignore-object-size")
    var capacities = try sizes(invocation)
    if capacities.isEmpty, invocation.text("plot") != nil, !invocation.flag("mrc") {
      capacities = try plottedShares.map { text in try CacheCapacity(text) }
    }
    if invocation.flag("mrc") {
      let footprint = ignoresSizes ? Int64(trace.objectCount) : trace.footprintBytes
      let points = MissRatioCurve.lru(
        trace: trace,
        capacities: capacities.isEmpty
          ? MissRatioCurve.defaultCapacities(footprint: footprint)
          : capacities.map { $0.resolved(footprint: footprint) },
        ignoringSizes: ignoresSizes, jobs: jobs)
      try draw(invocation) { CachePlot.chart(trace: $0, curve: points, ignoresSizes: ignoresSizes) }
      show(MissRatioPoint.header, points.map(\.fields), invocation)
      return .success
    }
    if let text = invocation.text("tiers") { return try runTiers(text, trace, invocation) }
    guard !capacities.isEmpty else { throw invocation.error("--size is missing", suggestion: "--size 1%,10%") }
    var options = try options(invocation)
    options.policies = try policies(invocation)
    options.capacities = capacities
    options.jobs = jobs
    options.sampleRate = try invocation.measure("sample", .fraction, in: 1e-6...1)
    options.comparesWithBelady = invocation.flag("regret")
    let runs = options.policies.count * capacities.count + (options.comparesWithBelady ? capacities.count : 0)
    let progress = SharedProgress(title: "\(trace.name), \(runs) runs", total: runs)
    options.progress = { _, _, requests in progress.finished(Double(requests) / Double(trace.count)) }
    let rows = CacheStudy.rows(trace: trace, options: options)
    progress.end()
    try draw(invocation) { CachePlot.chart(trace: $0, rows: rows, ignoresSizes: ignoresSizes) }
    show(
      CacheStudyRow.header(withRegret: options.comparesWithBelady),
      rows.map { $0.fields(withRegret: options.comparesWithBelady) }, invocation)
    return .success
  }

  /// Refuses options that would do nothing beside `--mrc` or `--tiers`.
  private static func refuseUnused(_ invocation: Invocation) throws(UsageError) {
    let unused = [
      "mrc": ["tiers", "policy", "admission", "compat", "regret", "sample", "seed"],
      "tiers": ["mrc", "policy", "size", "regret", "sample", "plot"],
    ]
    for mode in ["mrc", "tiers"] where invocation.isGiven(mode) {
      for name in unused[mode] ?? [] where invocation.isGiven(name) {
        throw invocation.error(name, "has no meaning beside --\(mode)")
      }
    }
  }

  /// What runs of one trace and of tiers have in common.
  private static func options(_ invocation: Invocation) throws -> CacheStudyOptions {
    var options = CacheStudyOptions(policies: [], capacities: [])
    options.ignoresSizes = invocation.flag("ignore-object-size")
    options.compatibility = invocation.text("compat").flatMap(Compatibility.init(rawValue:)) ?? .v035
    options.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 0)
    do throws(PolicyFailure) {
      options.admission = try AdmissionRegistry.standard.choice(invocation.text("admission") ?? "none")
    } catch { throw invocation.error("admission", error.description) }
    return options
  }

  private static func runTiers(
    _ text: String, _ trace: RequestTrace, _ invocation: Invocation
  ) throws -> ExitStatus {
    let tiers: [CacheTier]
    do throws(PolicyFailure) { tiers = try CacheTier.list(text) } catch {
      throw invocation.error("tiers", error.description)
    }
    let rows = TierStudy.rows(trace: trace, tiers: tiers, options: try options(invocation))
    show(CacheTierRow.header, rows.map(\.fields), invocation)
    return .success
  }

  /// Sizes of a plot without `--size`: shares of the footprint, evenly on a logarithmic axis.
  private static let plottedShares = ["0.1%", "0.2%", "0.5%", "1%", "2%", "5%", "10%", "20%", "50%"]

  /// Writes the chart that `--plot` asks for.
  private static func draw(_ invocation: Invocation, _ chart: (_ trace: String) -> any Chart) throws {
    guard let path = invocation.text("plot") else { return }
    let trace = invocation.required("TRACE").split(separator: "/").last.map(String.init) ?? ""
    try AtomicFile.write(chart(trace).svg(), to: path)
  }

  private static func readTrace(_ invocation: Invocation) throws -> RequestTrace {
    var reader = TraceReader()
    reader.format = invocation.text("format").flatMap(TraceFormat.init(rawValue:)) ?? .auto
    if let columns = invocation.text("columns") {
      do throws(PolicyFailure) { reader.columns = try TraceColumns(columns) } catch {
        throw invocation.error("columns", error.description)
      }
    }
    reader.limit = try invocation.integer("limit", in: 1...Int64.max).map(Int.init)
    let reading = SharedProgress(title: "reading", total: 1)
    reader.progress = { read, all in reading.finished(Double(read) / Double(max(all, 1))) }
    let trace = try reader.read(path: invocation.required("TRACE"))
    reading.end()
    guard invocation.flag("mrc"), let rate = try invocation.number("sample", in: 1e-6...1) else { return trace }
    return trace.sampled(rate: rate)
  }

  private static func policies(_ invocation: Invocation) throws -> [PolicyChoice] {
    let lists = invocation.texts("policy")
    do throws(PolicyFailure) {
      var choices: [PolicyChoice] = []
      for list in lists.isEmpty ? ["lru"] : lists { choices += try PolicyRegistry.standard.choices(list) }
      return choices
    } catch { throw invocation.error("policy", error.description) }
  }

  private static func sizes(_ invocation: Invocation) throws -> [CacheCapacity] {
    do throws(QuantityError) {
      var sizes: [CacheCapacity] = []
      for list in invocation.texts("size") {
        for text in list.split(separator: ",") { sizes.append(try CacheCapacity(String(text))) }
      }
      return sizes
    } catch { throw invocation.error("size", error.message, suggestion: error.suggestion) }
  }

  private static func show(_ columns: [String], _ rows: [[String]], _ invocation: Invocation) {
    let format = invocation.text("print").flatMap(TableFormat.init(rawValue:)) ?? .forStandardOutput
    var table = Table(columns, text: ["trace", "policy", "params", "admission", "status"])
    for row in rows { table.append(row.map { $0.isEmpty ? .empty : .text($0) }) }
    print(table.text(format), terminator: "")
  }
}
