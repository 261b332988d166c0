import CDNModel
import Foundation
import Glibc
import TextFormats
import Testing

@Suite("Trace files")
struct TraceTests {
  /// Writes a temporary file and removes it after use.
  static func withFile<Result>(_ bytes: [UInt8], _ name: String, _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.path + "/cdn-\(UUID().uuidString)-\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  static func read(_ text: String, _ name: String = "t.csv", _ reader: TraceReader = TraceReader()) throws
    -> RequestTrace
  {
    try withFile(Array(text.utf8), name) { try reader.read(path: $0) }
  }

  static func binary(_ records: [(UInt32, UInt64, UInt32)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records {
      withUnsafeBytes(of: record.0.littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: record.1.littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: record.2.littleEndian) { bytes.append(contentsOf: $0) }
      withUnsafeBytes(of: Int64(-1).littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  @Test("CSV, LRB and oracleGeneral hold the same trace, found out by content")
  func formats() throws {
    let csv = try TraceTests.read("time,obj_id,obj_size\n0,7,10\n1,9,20\r\n1,7,10\n2,18446744073709551615,5")
    let lrb = try TraceTests.read("0 7 10\n1 9 20 3 4\n1 7 10\n2 18446744073709551615 5\n", "t.tr")
    let bytes = TraceTests.binary([(0, 7, 10), (1, 9, 20), (1, 7, 10), (2, .max, 5)])
    let oracle = try TraceTests.withFile(bytes, "t.oracleGeneral.bin") { try TraceReader().read(path: $0) }
    for trace in [csv, lrb, oracle] {
      #expect(trace.ids == [0, 1, 0, 2])
      #expect(trace.bytes == [10, 20, 10, 5])
      #expect(trace.keys == [7, 9, .max])
      #expect(trace.footprintBytes == 35)
    }
  }

  @Test("columns are chosen by number, and a limit ends the reading")
  func columns() throws {
    var reader = TraceReader()
    reader.columns = try TraceColumns("id=1,size=4")
    reader.limit = 2
    let trace = try TraceTests.read("5;a;b;100\n6;a;b;200\n7;a;b;300\n", "t.csv", reader)
    #expect(trace.bytes == [100, 200])
    #expect(throws: PolicyFailure.self) { try TraceColumns("time=1,size=3") }
    #expect(throws: PolicyFailure.self) { try TraceColumns("id=0") }
  }

  @Test("requests of size zero are left out and counted")
  func zeroSizes() throws {
    let trace = try TraceTests.read("0,1,10\n0,2,0\n0,3,0\n1,1,10\n")
    #expect(trace.count == 2)
    #expect(trace.skippedZeroSizes == 2)
  }

  @Test(
    "malformed text is an error with its line",
    arguments: [
      ("0,1,10\nx,2,10\n", ":2:1", "time"), ("0,1,10\n1,2x,10\n", ":2:3", "object id"),
      ("0,1,10\n1,2,1.5\n", ":2:5", "size"), ("0,1,10\n1,2\n", ":2", "column 3 is missing"),
      ("5,1,10\n4,2,10\n", ":2", "order of time"), ("0,1,10\n1,2,-3\n", ":2", "negative size"),
      ("0,1,10\n\n1,2,3\n", ":2", "blank line"), ("0,18446744073709551616,1\n", ":1:3", "object id"),
      ("0,1,999999999999999\n", ":1", "2^48"), ("time,id,size\n", "", "no requests"), ("", "", "no requests"),
      ("0,1,0\n", "", "1 of size zero"), ("0,-1,1\n", ":1:3", "object id"), ("nan,1,1\ninf,1,1\n", ":2:1", "time"),
    ])
  func malformedText(text: String, place: String, phrase: String) throws {
    var reader = TraceReader()
    reader.format = .csv
    do {
      _ = try TraceTests.read(text, "bad.csv", reader)
      Issue.record("accepted: \(text)")
    } catch let error as InputError {
      #expect(error.description.contains("bad.csv\(place)"), "\(error)")
      #expect(error.description.contains(phrase), "\(error)")
    }
  }

  @Test("a truncated or disordered binary trace is an error with its byte offset")
  func malformedBinary() throws {
    let whole = TraceTests.binary([(3, 1, 1), (4, 2, 2), (2, 3, 3)])
    for (bytes, phrase) in [(Array(whole.prefix(40)), "byte 24"), (whole, "byte 48")] {
      do {
        _ = try TraceTests.withFile(bytes, "t.bin") { try TraceReader().read(path: $0) }
        Issue.record("accepted")
      } catch let error as InputError {
        #expect(error.description.contains(phrase), "\(error)")
      }
    }
    #expect(throws: FileError.self) { try TraceReader().read(path: "/nonexistent/trace.csv") }
    #expect(throws: FileError.self) { try TraceReader().read(path: "/tmp") }
  }

  @Test("a trace reads the same plain, gzipped and in zstd, and damage is an error", arguments: ["gzip", "zstd"])
  func compression(tool: String) throws {
    var text = "time,obj_id,obj_size\n"
    var random = TestRandom(seed: 3)
    for second in 0..<60_000 { text += "\(second),\(random.skewed(5000) * 977),\(1 + random.below(9000))\n" }
    let path = FileManager.default.temporaryDirectory.path + "/cdn-\(UUID().uuidString).csv"
    let packed = path + (tool == "gzip" ? ".gz" : ".zst")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer {
      unlink(path)
      unlink(packed)
    }
    try #require(system("\(tool) -k -q '\(path)'") == 0, "\(tool) is not installed")
    let plain = try TraceReader().read(path: path)
    let unpacked = try TraceReader().read(path: packed)
    #expect(unpacked.ids == plain.ids)
    #expect(unpacked.bytes == plain.bytes)
    #expect(unpacked.keys == plain.keys)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: packed))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: packed))
    #expect(throws: InputError.self) { try TraceReader().read(path: packed) }
  }

  @Test("sizes are the same whichever width they are kept in")
  func sizes() {
    var random = TestRandom(seed: 12)
    for limit: Int64 in [1, 2, 1 << 32, 1 << 40] {
      var sizes: [Int64] = []
      for _ in 0..<3000 { sizes.append(1 + Int64(random.below(1 << 40)) % limit) }
      sizes[0] = 1
      #expect(Array(RequestSizes(sizes)) == sizes)
      #expect(Array(RequestSizes([1 << 33] + sizes)) == [1 << 33] + sizes)
    }
    let late: [Int64] = Array(repeating: 7, count: 1000) + [9] + Array(repeating: 1 << 35, count: 10)
    let trace = RequestTrace(name: "late", ids: (0..<Int32(late.count)).map { $0 }, bytes: late)
    #expect(Array(trace.bytes) == late)
    #expect(trace.footprintBytes == late.reduce(0, +))
  }
}
