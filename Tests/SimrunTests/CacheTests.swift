import Foundation
import Testing

@Suite("simrun cache")
struct CacheTests {
  /// A trace of single objects, made by the tool.
  private func trace(_ scratch: Scratch, _ name: String = "t.csv", _ options: String...) throws -> String {
    let path = "\(scratch.path)/\(name)"
    let result = try Tool.call(
      ["cache", "generate", path, "--requests", "20000", "--titles", "300", "--segments", "1"] + options)
    #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty, "\(result.errors)")
    return path
  }

  /// The rows of a CSV table by column.
  private func rows(_ result: Tool.Result) throws -> [[String: String]] {
    let lines = result.output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first, "\(result.errors)")
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
  }

  // MARK: cache generate

  @Test("equal options make equal bytes, another seed other ones, and the trace reads back in every format and packing")
  func generated() throws {
    let scratch = try Scratch()
    let first = try Data(contentsOf: URL(fileURLWithPath: try trace(scratch, "a.csv")))
    let text = String(decoding: first, as: UTF8.self)
    #expect(text.hasPrefix("time,obj_id,obj_size\n"))
    #expect(text.split(separator: "\n").count == 20_001)
    #expect(try Data(contentsOf: URL(fileURLWithPath: try trace(scratch, "b.csv"))) == first)
    #expect(try Data(contentsOf: URL(fileURLWithPath: try trace(scratch, "c.csv", "--seed", "2"))) != first)
    var misses: Set<String> = []
    for name in ["a.csv", "d.csv.gz", "e.csv.zst", "f.bin", "g.oracleGeneral.zst"] {
      let path = try trace(scratch, name)
      let result = try Tool.call("cache", path, "--policy", "sieve", "--size", "10%", "--print", "csv")
      #expect(result.status == 0, "\(result.errors)")
      misses.insert(try #require(rows(result).first?["n_miss"]))
    }
    #expect(misses.count == 1)
    let drift = try trace(scratch, "h.csv", "--drift", "3%")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: drift))
        == Data(
          contentsOf: URL(
            fileURLWithPath: try trace(
              scratch, "i.csv", "--drift", "0.03"))))
  }

  @Test(
    "a wrong option of generate is refused by name, and no file is left behind",
    arguments: [
      ("t.csv --requests 0", "--requests: 0 is not in 1 to 1000000000"),
      ("t.csv --titels 3", "did you mean '--titles'"), ("t.csv --ladder 3MB", "--ladder: '3MB' is a byte size"),
      ("t.csv --ladder ,", "the ladder has 1 to 62 bit rates"),
      ("t.csv --exponent nan", "--exponent: 'nan' is no number"),
      ("t.csv --drift 200%", "--drift"), ("t.csv --segment-length 1.5s", "--segment-length: a segment lasts whole"),
      ("t.csv --seed -1", "--seed: -1 is not in"), ("t.csv --format lrb", "one of csv, oraclegeneral"),
      ("t.foo.gz", "'t.foo.gz' does not say how to write the trace"), ("t.csv u.csv", "unexpected argument 'u.csv'"),
      ("", "FILE is missing"),
      ("t.bin --segments 1 --sessions 0.000001 --requests 6000", "does not fit the format's 32 bits"),
    ])
  func wrongGenerate(arguments: String, message: String) throws {
    let scratch = try Scratch()
    let result = try Tool.call(
      ["cache", "generate"] + arguments.split(separator: " ").map(String.init), in: scratch.path)
    #expect(result.status == 2)
    #expect(result.errors.contains(message), "\(result.errors)")
    #expect(result.errors.contains("see 'simrun cache generate --help'"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
  }

  @Test("a folder that cannot be written to exits with 74")
  func unwritable() throws {
    let result = try Tool.call("cache", "generate", "nosuch/t.csv")
    #expect(result.status == 74)
    #expect(result.errors.contains("cannot write nosuch/t.csv"), "\(result.errors)")
  }

  // MARK: cache --tiers

  @Test("a row a tier: each is asked for what the one before missed, and the shares add up to what is not missed")
  func tiers() throws {
    let scratch = try Scratch()
    let path = try trace(scratch)
    let arguments = ["cache", path, "--tiers", "3*fifo@5%,s3fifo:small-ratio=0.2,threshold=1@20%", "--print", "csv"]
    let result = try Tool.call(arguments)
    #expect(result.status == 0, "\(result.errors)")
    let rows = try rows(result)
    #expect(rows.map { $0["tier"] } == ["1", "2"])
    #expect(rows.map { $0["caches"] } == ["3", "1"])
    #expect(rows.map { $0["policy"] } == ["fifo", "s3fifo"])
    #expect(rows[1]["params"] == "small-ratio=0.2;ghost-ratio=0.9;threshold=1")
    #expect(rows[0]["n_req"] == "20000" && rows[1]["n_req"] == rows[0]["n_miss"])
    let served = rows.compactMap { $0["served_share"].flatMap(Double.init) }.reduce(0, +)
    let missed = try #require(rows[1]["n_miss"].flatMap(Double.init))
    #expect(abs(served - (1 - missed / 20_000)) < 1e-9)
  }

  @Test("a tier that fails is a row with its status, and so is the one behind it")
  func failingTier() throws {
    let scratch = try Scratch()
    let result = try Tool.call("cache", try trace(scratch), "--tiers", "s3fifo@5,lru@10%", "--print", "csv")
    #expect(result.status == 0, "\(result.errors)")
    let rows = try rows(result)
    #expect(rows.count == 2)
    #expect(rows[0]["status"]?.contains("the small queue has no room") == true)
    #expect(rows[1]["status"]?.contains("tier 1") == true && rows[1]["n_req"]?.isEmpty == true)
  }

  @Test(
    "tiers that cannot be read are refused with what is wrong",
    arguments: [
      ("fifo", "tier 'fifo' should be written POLICY@SIZE"), ("0*fifo@5%", "'0' is not a number of caches"),
      ("x*fifo@5%", "'x' is not a number of caches"), ("20000*lru@1%", "from 1 to 10000"),
      ("fifo@5x", "'x' in '5x' is no unit of a byte size"), ("fifo@0%", "'0%' is not a share"),
      ("nope@5%", "there is no policy 'nope'"), ("siev@5%", "did you mean 'sieve'"), ("fifo@5%,", "tier ''"),
      ("fifo:zz=1@5%", "fifo has no parameter 'zz'"),
    ])
  func wrongTiers(tiers: String, message: String) throws {
    let scratch = try Scratch()
    let result = try Tool.call("cache", try trace(scratch), "--tiers", tiers)
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.errors.contains("--tiers: ") && result.errors.contains(message), "\(result.errors)")
  }

  @Test(
    "options that would do nothing are refused",
    arguments: [
      ("--tiers lru@1% --policy lru", "--policy", "--tiers"), ("--tiers lru@1% --size 5%", "--size", "--tiers"),
      ("--tiers lru@1% --regret", "--regret", "--tiers"), ("--tiers lru@1% --sample 0.1", "--sample", "--tiers"),
      ("--tiers lru@1% --plot p.svg", "--plot", "--tiers"), ("--mrc --tiers lru@1%", "--tiers", "--mrc"),
      ("--mrc --policy sieve", "--policy", "--mrc"), ("--mrc --admission second-hit", "--admission", "--mrc"),
    ])
  func unused(options: String, name: String, mode: String) throws {
    let scratch = try Scratch()
    let result = try Tool.call(["cache", try trace(scratch)] + options.split(separator: " ").map(String.init))
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.errors.contains("\(name): has no meaning beside \(mode)"), "\(result.errors)")
  }

  // MARK: Traces

  @Test(
    "a damaged trace exits with 65 and names the place",
    arguments: [
      ("1,1,10\n2,2,20\n3,x,10\n", ":3:3: object id 'x'"), ("1,1,10\n2,2,-20\n", ":2: a negative size: -20"),
      ("5,1,10\n2,2,20\n", ":2: time 2.0 comes after 5.0"), ("1,1,10\n2,2\n", ":2: column 3 is missing"),
      ("1,1,10\n2,18446744073709551616,20\n", ":2:3: object id '18446744073709551616'"),
      ("1,1,10\n\n2,2,20\n", ":2: a blank line inside the trace"), ("", "the trace has no requests"),
      ("1,1,0\n", "the trace has no requests but 1 of size zero"),
    ])
  func damaged(text: String, message: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write(text, to: "bad.csv")
    let result = try Tool.call("cache", path, "--tiers", "lru@10%")
    #expect(result.status == 65 && result.output.isEmpty)
    #expect(result.errors.contains("bad.csv\(message.hasPrefix(":") ? "" : ": ")\(message)"), "\(result.errors)")
  }

  @Test("a trace that ends in the middle exits with 65 and its byte, a missing one with 66")
  func truncated() throws {
    let scratch = try Scratch()
    for (name, kept, message) in [
      ("a.bin", 100, "byte 96: the last record has 4 of 24 bytes"), ("b.csv.gz", 500, "ends in the middle"),
      ("c.csv.zst", 500, "ends in the middle"),
    ] {
      let path = try trace(scratch, name)
      try Data(contentsOf: URL(fileURLWithPath: path)).prefix(kept).write(to: URL(fileURLWithPath: path))
      let result = try Tool.call("cache", path, "--tiers", "lru@10%")
      #expect(result.status == 65 && result.errors.contains(message), "\(result.errors)")
    }
    let missing = try Tool.call("cache", "nosuch.csv", "--tiers", "lru@10%")
    #expect(missing.status == 66 && missing.errors.contains("nosuch.csv"))
  }

  @Test("requests of size zero are left out and counted, regret is against Belady, and a plot is an SVG")
  func rowsAndPlot() throws {
    let scratch = try Scratch()
    let zero = try scratch.write("1,1,0\n2,2,0\n3,1,5\n", to: "zero.csv")
    let skipped = try Tool.call("cache", zero, "--policy", "lru", "--size", "100%")
    #expect(skipped.status == 0 && skipped.errors.contains("2 requests of size 0 were left out"))
    let plot = "\(scratch.path)/p.svg"
    let result = try Tool.call(
      "cache", try trace(scratch), "--policy", "s3fifo,belady", "--size", "5,10%", "--regret", "--plot", plot,
      "--print", "csv")
    #expect(result.status == 0, "\(result.errors)")
    let rows = try rows(result)
    #expect(rows.map { $0["status"] == "ok" } == [false, true, true, true])
    #expect(rows[0]["n_miss"]?.isEmpty == true && rows[0]["object_regret"]?.isEmpty == true)
    #expect(rows[1]["object_regret"].flatMap(Double.init).map { $0 > 0 } == true)
    #expect(rows[3]["object_regret"] == "0.0")
    let svg = try String(contentsOfFile: plot, encoding: .utf8)
    #expect(svg.hasPrefix("<svg") && svg.contains("belady") && svg.contains("Miss ratio by policy"))
  }

  @Test("the help of both verbs names every option of the documentation")
  func help() throws {
    let generate = try Tool.call("cache", "generate", "--help")
    for option in ["--requests N", "--exponent A", "--releases N", "--drift F", "--ladder RATE", "--seed S", ".zst"] {
      #expect(generate.output.contains(option), "\(option)")
    }
    let cache = try Tool.call("cache", "--help")
    for option in ["--tiers [N*]P@S[,...]", "served_share", "--mrc", "--regret", "--plot FILE.svg", "generate  Make"] {
      #expect(cache.output.contains(option), "\(option)")
    }
    #expect(generate.status == 0 && cache.status == 0)
  }
}
