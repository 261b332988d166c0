// Cache policies on a Zipf(1.0) trace, beside the `libcachesim` Python package where one is at hand.
import CDNModel
import Glibc
import SimEngine

/// Measures cache policies; options are --requests, --objects, --capacity, --rounds, --policies and --python.
///
/// Writes the trace to a temporary oracleGeneral file. Each round of a policy reads it, replays it with sizes ignored,
/// and then, with `--python` (or the environment variable LIBCACHESIM_PYTHON) naming an interpreter that has
/// `libcachesim`, lets the package do the same; so both see the same load of the machine. Prints medians of CPU
/// nanoseconds a request, the median ratio, and the memory that the replay took beside the trace.
func runCacheBenchmarks(arguments: [String]) throws {
  let options = try CacheBenchmarkOptions(arguments)
  let path = "/tmp/simbench-zipf-\(getpid()).oracleGeneral.bin"
  defer { unlink(path) }
  try writeZipfTrace(path, requests: options.requests, objects: options.objects)
  print("\(options.requests) requests, cache of \(options.capacity) objects; CPU ns a request")
  print(
    pad("policy", 12), pad("n_miss", 9), pad("reading", 9), pad("replay", 9), pad("both", 9), pad("M req/s", 8),
    pad("peer", 9), pad("ratio", 7), pad("bytes/object", 13))
  for choice in try PolicyRegistry.standard.choices(options.policies) {
    var rounds: [CacheRound] = []
    for _ in 0..<options.rounds { rounds.append(try CacheRound(choice, path, options)) }
    let both = median(rounds.map { $0.reading + $0.replay })
    print(
      pad(choice.entry.description.name, 12), pad("\(rounds[0].misses)", 9),
      column(median(rounds.map(\.reading)), width: 9), column(median(rounds.map(\.replay)), width: 9),
      column(both, width: 9), column(1000 / both, width: 8), column(median(rounds.compactMap(\.peer)), width: 9),
      column(median(rounds.compactMap { round in round.peer.map { $0 / (round.reading + round.replay) } }), width: 7),
      column(median(rounds.map(\.bytesAnObject)), width: 13))
  }
}

/// One round of one policy, in CPU nanoseconds a request.
private struct CacheRound {
  var reading: Double
  var replay: Double
  var peer: Double?
  var misses: Int64
  /// Memory of the replay beside the trace, for each object of the trace.
  var bytesAnObject: Double

  init(_ choice: PolicyChoice, _ path: String, _ options: CacheBenchmarkOptions) throws {
    let start = processCPUNanoseconds()
    let trace = try TraceReader().read(path: path)
    reading = (processCPUNanoseconds() - start) / Double(options.requests)
    var study = CacheStudyOptions(policies: [choice], capacities: [.absolute(Int64(options.capacity))])
    study.ignoresSizes = true
    let before = ResidentMemory.bytes(resettingPeak: true)
    let row = CacheStudy.rows(trace: trace, options: study)[0]
    bytesAnObject = Double(ResidentMemory.peakBytes() - before) / Double(trace.objectCount)
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
    var buffer = [CChar](repeating: 0, count: 256)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let line = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
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
    "fifo,lru,clock,sieve,s3fifo,slru,arc,lfu,twoq,lirs,gdsf,wtinylfu,lecar,hyperbolic,lhd,random,lfuda,size,belady"
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
  bytes.withUnsafeMutableBytes { buffer in
    for request in 0..<requests {
      let key = UInt64(popularity.sample(&stream)) &* 0x9E37_79B9_7F4A_7C15
      buffer.storeBytes(of: UInt32(request / 1000), toByteOffset: request * 24, as: UInt32.self)
      buffer.storeBytes(of: key >> 1, toByteOffset: request * 24 + 4, as: UInt64.self)
      buffer.storeBytes(of: UInt32(1), toByteOffset: request * 24 + 12, as: UInt32.self)
      buffer.storeBytes(of: Int64(-1), toByteOffset: request * 24 + 16, as: Int64.self)
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
  var buffer = [CChar](repeating: 0, count: 4096)
  var last = ""
  while fgets(&buffer, Int32(buffer.count), pipe) != nil {
    last = String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
  guard pclose(pipe) == 0, let time = Double(last) else { throw BenchmarkFailure("libcachesim failed on \(policy)") }
  return time
}
