import Arguments
import NetModel
import Reporting
import SimEngine
import TextFormats

/// `simrun network ...`: sharing links, on its own.
enum NetworkVerbs {
  static let verb = Verb(
    "network", "Share links among flows: rates, completion times, downloads over TCP.",
    verbs: [
      Verb(
        "share", "Print the weighted max-min fair rates of flows across links.",
        discussion: """
          FILE holds one problem or an array of problems: {name, links: [{id, capacity_kbps}], flows: [{id, path, \
          cap_kbps, weight}]}.
          """,
        operands: [Operand("FILE", "Links and flows, as JSON.", completion: .file)], options: [OutputFormat.option],
        examples: [Example("simrun network share links.json", "One row a flow: name,flow,rate_kbps.")]),
      Verb(
        "transfer", "Print when flows that start and end get their last bit.",
        discussion: """
          FILE is as for 'network share', with start_s and size_kbit for each flow. An empty completion means never.
          """,
        operands: [Operand("FILE", "Links and flows with sizes, as JSON.", completion: .file)],
        options: [OutputFormat.option],
        examples: [Example("simrun network transfer flows.json", "One row a flow: name,flow,completion_s.")]),
      Verb(
        "download", "Download objects over one bottleneck with the fluid TCP model.",
        discussion: """
          Connections are cold at first and warm for further objects. A warm window may overflow the drop-tail queue of \
          the bottleneck while no other client keeps it busy. Times are seconds of simulated time.
          """,
        options: [
          .value("rate", "KBPS", "Capacity of the bottleneck in kbit/s."),
          .value("rtt", "MS", "Round-trip time in milliseconds."),
          .value("flows", "N", standard: "1", "Clients, each on a connection of its own."),
          .value("bytes", "B", "Payload of each object in bytes."),
          .value("starts", "S1,S2,...", "When each client connects, in seconds; all at 0 by default."),
          .value("initial-window", "SEGMENTS", standard: "10", "Initial congestion window."),
          .value("objects", "K", standard: "1", "Objects that each client fetches, one after the other."),
          .choice(
            "congestion", CongestionControl.allCases.map(\.rawValue), standard: CongestionControl.cubic.rawValue,
            "How windows grow and fall."),
          .value(
            "queue", "SEGMENTS", standard: "bdp",
            "Queue of the bottleneck: segments, 'bdp' (a bandwidth-delay product, at least 20), or 'none' (no loss)."),
          .value("gap", "S", standard: "0", "Seconds from the last byte of an object to the next request."),
          OutputFormat.option,
        ],
        examples: [
          Example(
            "simrun network download --rate 10000 --rtt 50 --flows 2 --bytes 1000000 --starts 0,0.02",
            "Two downloads that meet.")
        ]),
    ])

  @Sendable static func share(_ invocation: Invocation) throws -> ExitStatus {
    var table = Table(["name", "flow", "rate_kbps"], text: ["name", "flow"])
    for problem in try SharingProblem.read(file: invocation.required("FILE"), timed: false) {
      for (flow, rate) in zip(problem.flows, problem.rates()) {
        table.append([.text(problem.name), .text(flow.id), .number(rate)])
      }
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  @Sendable static func transfer(_ invocation: Invocation) throws -> ExitStatus {
    var table = Table(["name", "flow", "completion_s"], text: ["name", "flow"])
    for problem in try SharingProblem.read(file: invocation.required("FILE"), timed: true) {
      for (flow, completion) in zip(problem.flows, problem.completionsSeconds()) {
        table.append([.text(problem.name), .text(flow.id), completion.map { .number($0) } ?? .empty])
      }
    }
    OutputFormat.show(table, invocation)
    return .success
  }

  @Sendable static func download(_ invocation: Invocation) throws -> ExitStatus {
    func needed<Value>(_ value: Value?, _ name: String) throws -> Value {
      guard let value else { throw invocation.error("--\(name) is missing") }
      return value
    }
    let count = Int(try invocation.integer("flows", in: 1...1_000_000) ?? 1)
    var starts = try invocation.numbers("starts", in: 0...1e9)
    if starts.isEmpty { starts = [Double](repeating: 0, count: count) }
    guard starts.count == count else {
      throw invocation.error("starts", "\(starts.count) starts for \(count) flows", suggestion: "one start a flow")
    }
    var experiment = DownloadExperiment(
      capacity: BitRate(kbps: try needed(try invocation.number("rate", in: 0...1e12), "rate")),
      roundTrip: .seconds(try needed(try invocation.number("rtt", in: 0...1e6), "rtt") / 1_000),
      starts: starts.map { .seconds($0) },
      objectBytes: try needed(try invocation.integer("bytes", in: 0...Int64.max), "bytes"))
    experiment.objects = Int(try invocation.integer("objects", in: 1...1_000_000) ?? 1)
    experiment.gap = .seconds(try invocation.number("gap", in: 0...1e6) ?? 0)
    experiment.profile.initialWindowSegments = try invocation.integer("initial-window", in: 1...100_000) ?? 10
    let congestion = invocation.text("congestion").flatMap(CongestionControl.init(rawValue:))
    experiment.profile.congestionControl = congestion ?? .cubic
    switch invocation.text("queue") {
    case "none": break
    case "bdp", nil:
      experiment.bottleneckQueue = DropTailQueue(
        bandwidthDelayProduct: experiment.capacity, roundTrip: experiment.roundTrip)
    case let text?:
      guard let segments = Int64(text), (1...1_000_000_000).contains(segments) else {
        throw invocation.error(
          "queue", "'\(text)' is no queue", suggestion: "a number of segments from 1 on, 'bdp' or 'none'")
      }
      experiment.bottleneckQueue = DropTailQueue(segments: segments)
    }
    try experiment.check()
    var table = Table(["flow", "object", "start_s", "completion_s"])
    for row in experiment.run() {
      table.append([
        .integer(Int64(row.flow)), .integer(Int64(row.object)), .number(row.start.seconds),
        row.completion.map { .number($0.seconds) } ?? .empty,
      ])
    }
    OutputFormat.show(table, invocation)
    return .success
  }
}
