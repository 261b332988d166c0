import Arguments
import CDNModel
import Reporting
import TextFormats

/// `simrun cache generate FILE`: a synthetic trace of a video CDN.
enum CacheGenerateVerb {
  private static let standard = WorkloadParameters()

  static let verb = Verb(
    "generate", "Make a synthetic trace: popularity, releases, drift, sizes, sessions of segments.",
    discussion: """
      Sessions start as a Poisson process. Each picks a title, rank i with a weight of 1 / (i + shift)^exponent, and a \
      representation, and asks for one segment after the other until it leaves. Every day ranks drift and new titles \
      come, boosted at first. The same options always give the same file, which appears whole or not at all. The name \
      decides how it is written: .csv, or .bin / .oracleGeneral for binary records; .gz and .zst pack it.
      """,
    operands: [Operand("FILE", "The trace to write.", completion: .file)],
    options: [
      .value("requests", "N", standard: "\(standard.requests)", "Requests to make."),
      .value("titles", "N", standard: "\(standard.titles)", "Titles in the catalog at the start."),
      .value("exponent", "A", standard: "\(standard.exponent)", "Exponent of the popularity."),
      .value("shift", "Q", standard: "\(standard.shift)", "Flattens the head of the popularity; 0 is Zipf."),
      .value("releases", "N", standard: "\(standard.releasesPerDay)", "Titles released a day, on average."),
      .value(
        "boost", "B", standard: "\(standard.releaseBoost)", "How much more a release is watched at first; halves daily."
      ),
      .value("drift", "F", standard: "\(standard.dailyDrift)", "Share of the titles whose ranks change every day."),
      .value("segments", "N", standard: "\(standard.segments)", "Segments of a title; 1 makes a title one object."),
      .value("segment-length", "TIME", standard: "\(standard.segmentSeconds)s", "Length of a segment, whole seconds."),
      .value("watched", "N", standard: "\(standard.meanSegmentsWatched)", "Segments watched in one go, on average."),
      .value(
        "ladder", "RATE[,RATE...]", standard: standard.ladderKbps.map { "\($0)kbit/s" }.joined(separator: ","),
        "Bit rates of the representations."),
      .value("size-variation", "CV", standard: "\(standard.sizeVariation)", "Spread of segment sizes over their mean."),
      .value(
        "sessions", "N", standard: "\(standard.sessionsPerSecond)", "Sessions that start in a second, on average."),
      .value("seed", "S", standard: "\(standard.seed)", "Seed of all random choices."),
      .choice("format", ["csv", "oraclegeneral"], "How it is written, whatever the name says."),
    ],
    examples: [
      Example("simrun cache generate week.csv.zst --requests 5000000 --releases 20", "A trace with new releases."),
      Example(
        "simrun cache generate zipf.bin --titles 100000 --segments 1 --shift 0 --exponent 1 --releases 0 --drift 0",
        "Independent Zipf requests, one object a title."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let path = invocation.required("FILE")
    guard
      let format = invocation.text("format").flatMap(TraceFormat.init(rawValue:)) ?? TraceWriter.format(fileName: path)
    else {
      throw invocation.error(
        "'\(path)' does not say how to write the trace", suggestion: "end the name in .csv or .bin, or give --format")
    }
    let parameters = try parameters(invocation)
    if let problem = parameters.problem { throw invocation.error(problem) }
    let file = try AtomicFile(path)
    do {
      try TraceWriter(parameters, format: format, compression: TraceCompression(fileName: path)).write { bytes in
        try file.write(bytes)
      }
    } catch let failure as PolicyFailure {
      throw invocation.error(failure.description, suggestion: "write CSV, whose numbers have no bounds")
    }
    try file.commit()
    return .success
  }

  private static func parameters(_ invocation: Invocation) throws(UsageError) -> WorkloadParameters {
    var made = WorkloadParameters()
    func whole(_ name: String, _ range: ClosedRange<Int64>, _ value: inout Int) throws(UsageError) {
      if let given = try invocation.integer(name, in: range) { value = Int(given) }
    }
    func number(_ name: String, _ range: ClosedRange<Double>, _ value: inout Double) throws(UsageError) {
      if let given = try invocation.number(name, in: range) { value = given }
    }
    try whole("requests", 1...1_000_000_000, &made.requests)
    try whole("titles", 1...10_000_000, &made.titles)
    try whole("segments", 1...100_000, &made.segments)
    try number("exponent", 0...10, &made.exponent)
    try number("shift", 0...1e12, &made.shift)
    try number("releases", 0...1e6, &made.releasesPerDay)
    try number("boost", 0...1e6, &made.releaseBoost)
    if let drift = try invocation.measure("drift", .fraction, in: 0...1) { made.dailyDrift = drift }
    try number("watched", 1...100_000, &made.meanSegmentsWatched)
    try number("size-variation", 0...2, &made.sizeVariation)
    try number("sessions", 1e-6...1e6, &made.sessionsPerSecond)
    made.seed = UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1)
    if let nanoseconds = try invocation.quantity("segment-length", .duration) {
      guard nanoseconds % 1_000_000_000 == 0 else {
        throw invocation.error("segment-length", "a segment lasts whole seconds", suggestion: "4s")
      }
      made.segmentSeconds = Int(nanoseconds / 1_000_000_000)
    }
    if let ladder = invocation.text("ladder") {
      do throws(QuantityError) {
        made.ladderKbps = try ladder.split(separator: ",").map { rate throws(QuantityError) in
          Int(try Quantity.baseUnits(String(rate), .bitRate) / 1000)
        }
      } catch { throw invocation.error("ladder", error.message, suggestion: error.suggestion) }
    }
    return made
  }
}
