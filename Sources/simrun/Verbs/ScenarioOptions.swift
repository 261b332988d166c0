import Arguments
import Glibc
import Platform
import Reporting
import SimEngine
import Studies
import TextFormats

/// The options that every verb with a scenario takes, and the scenario that they lead to.
enum ScenarioOptions {
  static let options: [Option] = [
    .value("seed", "N", "Root of all random streams, in place of the scenario's."),
    .repeated("set", "PATH=VALUE", "Replace one value of the scenario, for example cdn.edge.policy=lru."),
    .value("until", "DURATION", "Stop after so much simulated time."),
    .value("jobs", "N", short: "j", "Threads; all processors by default. Never changes a result."),
  ]

  /// The arguments that lead another process to the same scenario.
  static func arguments(_ invocation: Invocation) -> [String] {
    var arguments = [invocation.required("SCENARIO")]
    for text in invocation.texts("set") { arguments += ["--set", text] }
    for name in ["seed", "until"] {
      if let text = invocation.text(name) { arguments += ["--\(name)", text] }
    }
    return arguments
  }

  /// The scenario with the overrides of the command line.
  static func file(_ invocation: Invocation) throws -> ScenarioFile {
    var overrides = try invocation.assignments("set").map {
      ScenarioOverride(path: $0.path, value: $0.value, origin: "--set \($0.path)=\($0.value)")
    }
    if let seed = try invocation.integer("seed", in: 0...Int64.max) {
      overrides.append(ScenarioOverride(path: "seed", value: "\(seed)", origin: "--seed \(seed)"))
    }
    let file = try ScenarioFile(path: invocation.required("SCENARIO"), overrides: overrides)
    guard let until = try invocation.quantity("until", .duration, in: 1...Int64.max) else { return file }
    guard let shortened = file.ending(after: SimDuration(nanoseconds: until)) else {
      let warmup = DisplayNumber.significant(file.scenario.warmup.seconds)
      throw invocation.error("until", "nothing would be observed, the warm-up lasts \(warmup) s")
    }
    return shortened
  }

  /// Threads to use: as many as asked for, or one a processor.
  static func jobs(_ invocation: Invocation) throws -> Int {
    try invocation.integer("jobs", in: 1...1_024).map(Int.init) ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Replications to run: as many as asked for, or as the scenario says.
  static func replications(_ invocation: Invocation, _ file: ScenarioFile? = nil) throws -> Int {
    try invocation.integer("replications", in: 1...1_000_000).map(Int.init) ?? file?.scenario.replications ?? 1
  }
}
