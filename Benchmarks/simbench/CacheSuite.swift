// Cache policies on a Zipf(1.0) trace, beside the `libcachesim` Python package where one is at hand.
import CDNModel
import Glibc
import SimEngine

/// Measures cache policies; options are --requests, --objects, --capacity, --rounds, --policies,
/// --python and --memory-of.
///
/// Writes the trace to a temporary oracleGeneral file. Each round of a policy reads it, replays it with sizes ignored,
/// and then, with `--python` (or the environment variable LIBCACHESIM_PYTHON) naming an interpreter that has
/// `libcachesim`, lets the package do the same; so both see the same load of the machine. Prints a line a policy as soon
/// as it is measured: medians of CPU nanoseconds a request, the median ratio, whether it is under the target, and the
/// memory of a cache that knows a million objects.
func runCacheBenchmarks(arguments: [String]) throws {
  let options = try CacheBenchmarkOptions(arguments)
  if let policy = options.memoryOf {
    print(try CacheFootprint.measure(PolicyRegistry.standard.choice(policy)))
    return
  }
  let choices = try PolicyRegistry.standard.choices(options.policies)
  let path = "/tmp/simbench-zipf-\(getpid()).oracleGeneral.bin"
  defer { unlink(path) }
  try writeZipfTrace(path, requests: options.requests, objects: options.objects)
  print(
    "\(options.requests) requests, cache of \(options.capacity) objects; CPU ns a request; memory in bytes an object")
  print(
    pad("policy", 12), pad("n_miss", 9), pad("reading", 9), pad("replay", 9), pad("both", 9), pad("M req/s", 8),
    pad("peer", 9), pad("ratio", 7), pad("target", 7), pad("memory", 7))
  for choice in choices {
    var rounds: [CacheRound] = []
    for _ in 0..<options.rounds { rounds.append(try CacheRound(choice, path, options)) }
    let name = choice.entry.description.name
    let both = median(rounds.map { $0.reading + $0.replay })
    let ratio = median(rounds.compactMap { round in round.peer.map { $0 / (round.reading + round.replay) } })
    let target = ["fifo", "lru", "clock", "sieve"].contains(name) ? 6.0 : 3.0
    let bytes = try CacheFootprint.bytesAnObject(name)
    let remarks = (ratio < target ? "  UNDER TARGET" : "") + (bytes > 48 ? "  OVER 48 BYTES" : "")
    print(
      pad(name, 12), pad("\(rounds[0].misses)", 9), column(median(rounds.map(\.reading)), width: 9),
      column(median(rounds.map(\.replay)), width: 9), column(both, width: 9), column(1000 / both, width: 8),
      column(median(rounds.compactMap(\.peer)), width: 9), column(ratio, width: 7),
      column(target, decimals: 0, width: 7),
      column(bytes, width: 7) + remarks)
    fflush(nil)
  }
}

/// One round of one policy, in CPU nanoseconds a request.
private struct CacheRound {
  var reading: Double
  var replay: Double
  var peer: Double?
  var misses: Int64

  init(_ choice: PolicyChoice, _ path: String, _ options: CacheBenchmarkOptions) throws {
    let start = processCPUNanoseconds()
    let trace = try TraceReader().read(path: path)
    reading = (processCPUNanoseconds() - start) / Double(options.requests)
    var study = CacheStudyOptions(policies: [choice], capacities: [.absolute(Int64(options.capacity))])
    study.ignoresSizes = true
    let row = CacheStudy.rows(trace: trace, options: study)[0]
    guard let time = row.cpuNanosecondsPerRequest else {
      throw BenchmarkFailure("\(choice.entry.description.name): \(row.status)")
    }
    replay = time
    misses = row.counts.misses
    if let python = options.python, let name = libcachesimName(choice.entry.description.name) {
      peer = try libcachesimNanoseconds(python, name, path, options)
    }
  }
}

/// What a cache takes for the objects that it knows, in a process of its own, so that nothing freed earlier hides it.
///
/// Each of a million objects is asked for once, and then as many requests follow Zipf's law. The most resident memory
/// of the replay beside the trace is shared among the objects; the larger figure counts of a cache that holds all of
/// them and of one that holds half and may remember the others.
private enum CacheFootprint {
  private static let objects = 1_000_000

  /// Measures a policy in a new process, which runs `measure`.
  static func bytesAnObject(_ policy: String) throws -> Double {
    // With a fixed threshold large blocks always come from the system and go back to it.
    let command = "MALLOC_MMAP_THRESHOLD_=131072 /proc/\(getpid())/exe cache --memory-of '\(policy)'"
    guard let pipe = popen(command, "r") else { throw BenchmarkFailure("cannot start \(command)") }
    let lines = lines(of: pipe)
    guard pclose(pipe) == 0, let bytes = lines.last.flatMap(Double.init) else {
      throw BenchmarkFailure("no memory figure for \(policy)")
    }
    return bytes
  }

  /// Measures a policy in this process.
  static func measure(_ choice: PolicyChoice) throws -> Double {
    let popularity = ZipfMandelbrot(count: objects, exponent: 1)
    var stream = RandomStream(StreamKey(seed: 42, replication: 0, entity: "simbench", purpose: "footprint"))
    let ids = Array(0..<Int32(objects)) + (0..<objects).map { _ in Int32(popularity.sample(&stream)) }
    var trace = RequestTrace(name: "footprint", ids: ids, bytes: Array(repeating: 1, count: ids.count))
    trace.linkRequests()
    var most = 0
    for capacity in [objects, objects / 2] {
      var study = CacheStudyOptions(policies: [choice], capacities: [.absolute(Int64(capacity))])
      study.ignoresSizes = true
      let before = ResidentMemory.bytes(resettingPeak: true)
      let row = CacheStudy.rows(trace: trace, options: study)[0]
      if row.status != "ok" { throw BenchmarkFailure("\(choice.entry.description.name): \(row.status)") }
      most = max(most, ResidentMemory.peakBytes() - before)
    }
    return Double(most) / Double(objects)
  }
}

/// Resident memory of this process, as Linux accounts it.
private enum ResidentMemory {
  /// Resident bytes now; the peak counts anew from here.
  static func bytes(resettingPeak: Bool) -> Int {
    if resettingPeak, let file = fopen("/proc/self/clear_refs", "w") {
      fputs("5", file)
      fclose(file)
    }
    return field("VmRSS:")
  }

  /// Most resident bytes since the last reset.
  static func peakBytes() -> Int { field("VmHWM:") }

  private static func field(_ name: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    for line in lines(of: file) {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.first.map(String.init) == name, words.count > 1, let kilobytes = Int(words[1]) {
        return kilobytes * 1024
      }
    }
    return 0
  }
}

private struct CacheBenchmarkOptions {
  var requests = 10_000_000
  var objects = 1_000_000
  var capacity = 100_000
  var rounds = 3
  var policies =
    "fifo,lru,clock,sieve,s3fifo,slru,arc,lfu,twoq,lirs,gdsf,wtinylfu,lecar,hyperbolic,lhd,random,lfuda,size,"
    + "belady,belady-size,static-top"
  /// The policy whose memory is measured, instead of everything else.
  var memoryOf: String?
  var python = getenv("LIBCACHESIM_PYTHON").map { String(cString: $0) }

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { throw BenchmarkFailure("\(name) needs a value") }
      let number = Int(value).flatMap { $0 > 0 ? $0 : nil }
      switch (name, number) {
      case ("--requests", let number?): requests = number
      case ("--objects", let number?): objects = number
      case ("--capacity", let number?): capacity = number
      case ("--rounds", let number?): rounds = number
      case ("--policies", _): policies = value
      case ("--python", _): python = value
      case ("--memory-of", _): memoryOf = value
      default: throw BenchmarkFailure("cannot use \(name) \(value)")
      }
    }
  }
}

/// Independent requests, popularity 1 / rank, object names scattered as in a real trace.
private func writeZipfTrace(_ path: String, requests: Int, objects: Int) throws {
  let popularity = ZipfMandelbrot(count: objects, exponent: 1)
  var stream = RandomStream(StreamKey(seed: 42, replication: 0, entity: "simbench", purpose: "zipf"))
  var bytes = [UInt8](repeating: 0, count: requests * 24)
  let objectOf = (0..<requests).map { _ in Int32(popularity.sample(&stream)) }
  var next = [Int64](repeating: -1, count: objects)
  bytes.withUnsafeMutableBytes { buffer in
    for request in (0..<requests).reversed() {
      let object = Int(objectOf[request])
      let key = UInt64(object) &* 0x9E37_79B9_7F4A_7C15
      buffer.storeBytes(of: UInt32(request / 1000), toByteOffset: request * 24, as: UInt32.self)
      buffer.storeBytes(of: key >> 1, toByteOffset: request * 24 + 4, as: UInt64.self)
      buffer.storeBytes(of: UInt32(1), toByteOffset: request * 24 + 12, as: UInt32.self)
      buffer.storeBytes(of: next[object], toByteOffset: request * 24 + 16, as: Int64.self)
      next[object] = Int64(request)
    }
  }
  guard let file = fopen(path, "wb") else { throw BenchmarkFailure("cannot write \(path)") }
  defer { fclose(file) }
  guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw BenchmarkFailure("cannot write \(path)") }
}

/// The class of the Python package that runs the policy, nil where there is none that ends in reasonable time.
private func libcachesimName(_ policy: String) -> String? {
  let names = [
    "fifo": "FIFO", "lru": "LRU", "clock": "Clock", "sieve": "Sieve", "s3fifo": "S3FIFO", "slru": "SLRU",
    "arc": "ARC", "lfu": "LFU", "twoq": "TwoQ", "lirs": "LIRS", "gdsf": "GDSF", "wtinylfu": "WTinyLFU",
    "lecar": "LeCaR", "hyperbolic": "Hyperbolic", "lhd": "LHD", "random": "Random", "size": "Size",
    "lfuda": "LFUDA", "belady": "Belady", "belady-size": "BeladySize",
  ]
  return names[policy]
}

/// CPU time a request of the package's own reader and cache, both in C.
private func libcachesimNanoseconds(
  _ python: String, _ policy: String, _ path: String, _ options: CacheBenchmarkOptions
) throws -> Double {
  let script = """
    import time, libcachesim as l
    p = l.ReaderInitParam()
    p.ignore_obj_size = True
    r = l.TraceReader('\(path)', l.TraceType.ORACLE_GENERAL_TRACE, p)
    c = l.\(policy)(\(options.capacity))
    s = time.process_time()
    c.process_trace(r)
    print((time.process_time() - s) * 1e9 / \(options.requests))
    """
  guard let pipe = popen("'\(python)' -c \"\(script)\" 2>/dev/null", "r") else {
    throw BenchmarkFailure("cannot run \(python)")
  }
  let lines = lines(of: pipe)
  guard pclose(pipe) == 0, let time = lines.last.flatMap(Double.init) else {
    throw BenchmarkFailure("libcachesim failed on \(policy)")
  }
  return time
}

/// The lines that a stream holds, without their ends.
private func lines(of stream: UnsafeMutablePointer<FILE>) -> [String] {
  var lines: [String] = []
  var buffer = [CChar](repeating: 0, count: 4096)
  while fgets(&buffer, Int32(buffer.count), stream) != nil {
    lines.append(String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
  return lines
}
