import Foundation
import Testing

@Suite("simrun run")
struct RunTests {
  private let smoke = Tool.path("scenarios/smoke.json")

  @Test("two runs leave the same bytes for any number of threads; another seed leaves others")
  func reproducible() throws {
    let scratch = try Scratch()
    for (name, arguments) in [("a", ["--jobs", "1"]), ("b", ["--jobs", "4"]), ("c", ["--seed", "2"])] {
      let result = try Tool.call([smoke, "--until", "8min", "--out", "\(scratch.path)/\(name)"] + arguments)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("digest"))
    }
    var (a, b, c) = (try scratch.files("a"), try scratch.files("b"), try scratch.files("c"))
    #expect(
      a.keys.sorted() == [
        "cdn.csv", "report.html", "run.json", "sessions.csv", "summary.csv", "timeseries.csv",
      ])
    let digest = { (files: [String: String]) in
      files["run.json"]?.split(separator: "\n").first { $0.contains("\"digest\"") }
    }
    #expect(digest(a) != nil)
    #expect(digest(a) == digest(b))
    #expect(digest(a) != digest(c))
    for name in ["summary.csv", "timeseries.csv", "sessions.csv", "cdn.csv", "report.html"] {
      #expect(a[name] == b[name])
      #expect(a[name] != c[name])
    }
    // Only the arguments differ, as they should.
    a["run.json"] = nil
    b["run.json"] = nil
    c["run.json"] = nil
    #expect(a == b)
  }

  @Test("the small scenario has the digest that it has on every machine")
  func goldenDigest() throws {
    let scratch = try Scratch()
    let result = try Tool.call(smoke, "--out", "\(scratch.path)/a", "--no-html")
    #expect(result.status == 0, "\(result.errors)")
    // A change of the model moves it: then it is changed here, with the reason in the commit.
    #expect(result.output.contains("digest        6afc2d2db2a5cae8"), "\(result.output)")
  }

  @Test("every table has a header of plain names and rows of as many fields")
  func tables() throws {
    let scratch = try Scratch()
    #expect(try Tool.call(smoke, "--until", "7min", "--quiet", "--out", "\(scratch.path)/a").status == 0)
    for (name, text) in try scratch.files("a") where name.hasSuffix(".csv") {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.last == "")
      let columns = lines[0].split(separator: ",")
      #expect(columns.allSatisfy { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } })
      #expect(lines.count > 2, "\(name) has rows")
      for line in lines.dropLast() {
        #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns.count)
      }
      #expect(!text.contains("nan"))
    }
  }

  @Test("replications share the platform and differ in their viewers")
  func replications() throws {
    let scratch = try Scratch()
    let result = try Tool.call(
      smoke, "--until", "6min", "--replications", "3", "--out", "\(scratch.path)/a")
    #expect(result.status == 0, "\(result.errors)")
    let summary = try #require(try scratch.files("a")["summary.csv"])
    let sessions = summary.split(separator: "\n").filter { $0.contains(",viewers,all,sessions,") }
    #expect(sessions.count == 3)
    #expect(Set(sessions.compactMap { $0.split(separator: ",").last }).count > 1)
  }

  @Test("more replications later take the finished ones over and leave the same bytes as all at once")
  func addedReplications() throws {
    let scratch = try Scratch()
    func run(_ replications: String, _ folder: String, _ more: String...) throws -> String {
      let result = try Tool.call(
        ["run", smoke, "--until", "6min", "--replications", replications, "--out", "\(scratch.path)/\(folder)"] + more)
      #expect(result.status == 0, "\(result.errors)")
      return result.output
    }
    #expect(try !run("2", "a").contains("taken over"))
    #expect(try run("4", "a").contains("2 of 4 replications from the results there"))
    #expect(try !run("4", "b", "--jobs", "1").contains("taken over"))
    #expect(try scratch.tables("a") == scratch.tables("b"))
    // Another seed is another run.
    #expect(try !run("4", "a", "--seed", "9").contains("taken over"))
  }

  @Test("a damaged table is simulated again, never taken over")
  func damagedResults() throws {
    let scratch = try Scratch()
    func run() throws -> String {
      try Tool.call("run", smoke, "--until", "6min", "--out", "\(scratch.path)/a").output
    }
    _ = try run()
    let whole = try scratch.tables("a")
    _ = try scratch.write("scenario,configuration\n\"", to: "a/cdn.csv")
    #expect(try !run().contains("taken over"))
    #expect(try scratch.tables("a") == whole)
  }

  @Test("replications are added until the intervals are narrow enough, the same number on any number of threads")
  func precision() throws {
    let scratch = try Scratch()
    func run(jobs: String, _ more: String...) throws -> Tool.Result {
      try Tool.call(
        ["run", smoke, "--until", "6min", "--precision", "0.05", "--metric", "mean_bitrate_kbps", "--jobs", jobs]
          + ["--out", "\(scratch.path)/\(jobs)"] + more)
    }
    let alone = try run(jobs: "1")
    #expect(alone.status == 0, "\(alone.errors)")
    #expect(alone.output.contains("reached after "))
    _ = try run(jobs: "3")
    #expect(try scratch.tables("1") == scratch.tables("3"))
    let unknown = try run(jobs: "2", "--metric", "mean_bitrate_kpbs")
    #expect(unknown.status == 2)
    #expect(unknown.errors.contains("mean_bitrate_kbps"))
  }

  @Test("an interrupted run exits with 130, marks its results and leaves no half-written file")
  func interrupted() throws {
    let scratch = try Scratch()
    let result = try Tool.call(
      [
        Tool.path("scenarios/peak.json"), "--out", "\(scratch.path)/peak", "--jobs", "1", "--set",
        "cdn.edge.prefill=empty",
        // Whether there are frames depends on how far the run comes.
        "--set", "player.frame_sample=0",
      ],
      meanwhile: { process in
        // The folder is locked when the simulation begins; before that a signal could be lost.
        while process.isRunning, !FileManager.default.fileExists(atPath: "\(scratch.path)/peak/.lock") {
          Thread.sleep(forTimeInterval: 0.02)
        }
        Thread.sleep(forTimeInterval: 0.3)
        process.interrupt()
      })
    #expect(result.status == 130)
    let files = try scratch.files("peak")
    #expect(
      files.keys.sorted() == [
        "cdn.csv", "cluster_events.csv", "cmcd.csv", "ingest.csv", "report.html", "run.json", "sessions.csv",
        "summary.csv",
        "timeseries.csv",
      ])
    #expect(files["run.json"]?.contains("\"incomplete\"") == true)
  }

  @Test("a dry run prints the whole scenario, which runs to the same digest")
  func dryRun() throws {
    let scratch = try Scratch()
    let resolved = try Tool.call(smoke, "--dry-run")
    #expect(resolved.status == 0)
    let media = Tool.path("scenarios/media/manifest.mpd")
    let copy = try scratch.write(
      resolved.output.replacingOccurrences(of: "media/manifest.mpd", with: media), to: "copy.json")
    let first = try Tool.call(smoke, "--until", "6min", "--out", "\(scratch.path)/a")
    let second = try Tool.call(copy, "--until", "6min", "--out", "\(scratch.path)/b")
    let digest = { (result: Tool.Result) in result.output.split(separator: "\n").first { $0.contains("digest") } }
    #expect(digest(first) != nil)
    #expect(digest(first) == digest(second))
  }
}
