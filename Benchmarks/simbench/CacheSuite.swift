// Cache policies on a Zipf(1.0) trace, beside the `libcachesim` Python package where one is at hand.
import CDNModel
import Glibc
import SimEngine

/// Measures cache policies; options are --requests, --objects, --capacity, --rounds, --policies and --python.
///
/// Writes the trace to a temporary oracleGeneral file, reads it back and replays it, sizes ignored; prints CPU
/// nanoseconds a request with and without reading. With `--python` (or the environment variable LIBCACHESIM_PYTHON)
/// naming an interpreter that has `libcachesim`, the same runs there and the ratios.
func runCacheBenchmarks(arguments: [String]) throws {
  let options = try CacheBenchmarkOptions(arguments)
  let path = "/tmp/simbench-zipf-\(getpid()).oracleGeneral.bin"
  defer { unlink(path) }
  try writeZipfTrace(path, requests: options.requests, objects: options.objects)

  var readings: [Double] = []
  var trace: RequestTrace?
  for _ in 0..<options.rounds {
    let start = processCPUNanoseconds()
    trace = try TraceReader().read(path: path)
    readings.append((processCPUNanoseconds() - start) / Double(options.requests))
  }
  guard let trace else { return }
  let reading = median(readings)
  print("\(trace.count) requests, \(trace.objectCount) objects seen, cache of \(options.capacity) objects")
  print("reading: \(column(reading)) CPU ns a request")
  print(
    pad("policy", 14), pad("n_miss", 10), pad("ns/request", 11), pad("with reading", 13), pad("M req/s", 8),
    pad("peer ns", 9), pad("ratio", 6))
  for choice in try PolicyRegistry.standard.choices(options.policies) {
    let name = choice.entry.description.name
    var times: [Double] = []
    var peers: [Double] = []
    var misses: Int64 = 0
    for _ in 0..<options.rounds {
      var study = CacheStudyOptions(policies: [choice], capacities: [.absolute(Int64(options.capacity))])
      study.ignoresSizes = true
      let row = CacheStudy.rows(trace: trace, options: study)[0]
      guard let time = row.cpuNanosecondsPerRequest else { throw BenchmarkFailure("\(name): \(row.status)") }
      times.append(time)
      misses = row.counts.misses
      if let python = options.python, let peer = libcachesimName(name) {
        peers.append(try libcachesimNanoseconds(python, peer, path, options))
      }
    }
    let time = median(times)
    let peer = median(peers)
    print(
      pad(name, 14), pad("\(misses)", 10), column(time, width: 11), column(time + reading, width: 13),
      column(1000 / (time + reading), width: 8), column(peer, width: 9), column(peer / (time + reading), width: 6))
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
