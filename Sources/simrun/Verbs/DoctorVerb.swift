import Arguments
import Glibc
import Reporting
import Studies
import TextFormats

/// `simrun doctor`: what this machine has, what it lacks, and how to get it.
enum DoctorVerb {
  static let verb = Verb(
    "doctor", "Tell what is installed, what is missing, and how to install it.",
    discussion: """
      Looks at the libraries that this executable runs with, the machine, and the tools that go well with simrun. The \
      exit status is 1 only if something is missing that simrun needs.
      """,
    options: [OutputFormat.option],
    examples: [Example("simrun doctor", "When something does not work, begin here.")])

  /// One thing looked at.
  private struct Finding {
    enum Status: String {
      case ok, optional, missing
    }
    var name: String
    var status: Status
    var detail: String
    var advice = ""
  }

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let findings = libraries() + machine() + tools()
    var table = Table(["what", "status", "detail", "advice"], text: ["what", "status", "detail", "advice"])
    for finding in findings {
      table.append([
        .text(finding.name), .text(finding.status.rawValue), .text(finding.detail), .text(finding.advice),
      ])
    }
    OutputFormat.show(table, invocation)
    return findings.contains { $0.status == .missing } ? .failure : .success
  }

  /// Shared libraries that are loaded, as the kernel lists them; what is not there is part of the executable.
  private static func libraries() -> [Finding] {
    let maps = (try? InputFile.bytes("/proc/self/maps")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    var loaded: [String] = []
    for line in maps.split(separator: "\n") {
      guard let path = line.split(separator: " ").last, path.contains(".so"),
        let name = path.split(separator: "/").last
      else { continue }
      if loaded.last != String(name) { loaded.append(String(name)) }
    }
    let version = Simrun.version
    return [Finding(name: "simrun", status: .ok, detail: "\(version.number), source \(version.revision)")]
      + [
        ("random variates (GSL)", "libgsl.so"), ("matrix products (BLAS)", "libopenblas"), ("SQLite", "libsqlite3"),
        ("gzip", "libz.so"), ("Zstandard", "libzstd"), ("Swift runtime", "libswiftCore"),
      ].map { name, prefix in
        let file = loaded.first { $0.hasPrefix(prefix) }
        return Finding(name: name, status: .ok, detail: file ?? "part of the executable")
      }
  }

  private static func machine() -> [Finding] {
    let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let bytes = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    var findings = [
      Finding(
        name: "machine", status: .ok,
        detail: "\(processors) processors, \(DisplayNumber.significant(bytes / 1e9, digits: 3)) GB of memory"),
      Finding(
        name: "terminal", status: .ok,
        detail: isatty(STDERR_FILENO) == 1 ? "progress is shown" : "no terminal: no progress is shown"),
    ]
    if bytes < 1e9 {
      findings[0].status = .optional
      findings[0].advice = "scenarios/peak.json takes 400 MB; use --set scale.fraction=0.004"
    }
    if access(".", W_OK) != 0 {
      findings.append(
        Finding(
          name: "current folder", status: .optional, detail: "it cannot be written",
          advice: "give --out a folder that can"))
    }
    return findings
  }

  private static func tools() -> [Finding] {
    [
      ("git", "git", "the source revision in run.json"), ("sqlite3", "sqlite3", "queries on results.sqlite"),
      ("ffmpeg", "ffmpeg", "ladders of your own: scripts/make-ladder.sh"),
      ("parallel", "parallel", "sweeps on one machine"), ("sbatch", "slurm-client", "sweeps on a cluster"),
    ].map { tool, package, purpose in
      if let path = path(of: tool) { return Finding(name: tool, status: .ok, detail: path) }
      return Finding(
        name: tool, status: .optional, detail: "not found; for \(purpose)", advice: "apt-get install \(package)")
    }
  }

  /// Where a command is found on the path.
  private static func path(of command: String) -> String? {
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/\(command)" }.first { access($0, X_OK) == 0 }
  }
}
