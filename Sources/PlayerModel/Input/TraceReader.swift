// Network traces from files: Sabre's JSON, Pensieve's `time Mbit/s` lines, and Mahimahi's packet opportunities.

public import TextFormats

/// A network as a file recorded it.
public enum RecordedNetwork: Sendable, Equatable {
  /// Periods of bandwidth and latency (Sabre, Mahimahi).
  case periods(NetworkTrace)
  /// Samples of bandwidth (Pensieve).
  case samples(BandwidthSamples)

  /// Latency that traces without one get when they are played as periods: Pensieve's 80 ms for its round trip.
  public static let assumedLatencyMs = 80.0

  /// Reads a trace, telling the format by its content.
  ///
  /// A text that begins with `[` is Sabre's JSON; lines of two numbers are Pensieve's; lines of one whole number are
  /// Mahimahi's milliseconds at which a packet of 1500 bytes may leave.
  /// - Throws: `InputError` with the place.
  public init(bytes: [UInt8], source: String) throws(InputError) {
    let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
      self = .periods(try NetworkTrace(sabreTrace: bytes, source: source))
      return
    }
    let lines = try TraceLine.lines(of: bytes, source: source)
    guard let opening = lines.first else {
      throw InputError(InputPlace(source: source, line: 1), "the trace is empty")
    }
    if opening.numbers.count == 1 {
      self = .periods(try NetworkTrace(mahimahi: lines, source: source))
    } else {
      self = .samples(try BandwidthSamples(lines: lines, source: source))
    }
  }

  /// The network as periods.
  public var trace: NetworkTrace {
    switch self {
    case .periods(let trace): trace
    case .samples(let samples): samples.trace
    }
  }

  /// The network as samples.
  public var samples: BandwidthSamples {
    switch self {
    case .periods(let trace): BandwidthSamples(trace)
    case .samples(let samples): samples
    }
  }
}

/// Pensieve's trace: between `seconds[i - 1]` and `seconds[i]` the bandwidth is `megabits[i]`.
public struct BandwidthSamples: Sendable, Equatable {
  /// Where it came from, for messages.
  public var source: String
  /// Times in seconds, ascending, at least two.
  public var seconds: [Double]
  /// Bandwidths in Mbit/s.
  public var megabits: [Double]

  /// The periods between the samples, with the assumed latency.
  var trace: NetworkTrace {
    let periods = seconds.indices.dropFirst().map { index in
      NetworkTrace.Period(
        durationMs: (seconds[index] - seconds[index - 1]) * 1000, bandwidthKbps: megabits[index] * 1000,
        latencyMs: RecordedNetwork.assumedLatencyMs)
    }
    return NetworkTrace(source: source, periods: periods)
  }

  init(_ trace: NetworkTrace) {
    source = trace.source
    seconds = [0]
    megabits = [trace.periods[0].bandwidthKbps / 1000]
    var clockMs = 0.0
    for period in trace.periods {
      clockMs += period.durationMs
      seconds.append(clockMs / 1000)
      megabits.append(period.bandwidthKbps / 1000)
    }
  }

  init(lines: [TraceLine], source: String) throws(InputError) {
    self.source = source
    seconds = []
    megabits = []
    for line in lines {
      guard line.numbers.count == 2 else { throw line.error("a line has a time in seconds and a bandwidth in Mbit/s") }
      if let last = seconds.last, line.numbers[0] < last + 1e-6 {
        throw line.error("times must ascend by at least a microsecond: \(line.numbers[0]) follows \(last)")
      }
      seconds.append(line.numbers[0])
      megabits.append(line.numbers[1])
    }
    guard seconds.count >= 2 else { throw InputError(InputPlace(source: source), "a trace needs at least two samples") }
    var megabitsCarried = 0.0
    for index in seconds.indices.dropFirst() {
      megabitsCarried += megabits[index] * (seconds[index] - seconds[index - 1])
    }
    try NetworkTrace.checkCarried(
      kbits: megabitsCarried * 1000, ms: (seconds[seconds.count - 1] - seconds[0]) * 1000, source)
  }
}

/// A line of numbers, with its place.
struct TraceLine {
  var numbers: [Double]
  var line: Int
  var source: String

  func error(_ message: String) -> InputError { InputError(InputPlace(source: source, line: line, column: 1), message) }

  /// The lines of a text that are not empty.
  static func lines(of bytes: [UInt8], source: String) throws(InputError) -> [TraceLine] {
    var lines: [TraceLine] = []
    var number = 0
    for raw in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let fields = raw.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      if fields.isEmpty { continue }
      var numbers: [Double] = []
      for field in fields {
        let text = String(decoding: field, as: UTF8.self)
        guard let value = Double(text), value.isFinite, value >= 0, value < 1e12 else {
          throw InputError(
            InputPlace(
              source: source, line: number, column: raw.distance(from: raw.startIndex, to: field.startIndex) + 1),
            "'\(text.prefix(40))' is no number of at least 0",
            suggestion: "a trace is Sabre JSON, lines of 'seconds Mbit/s', or Mahimahi milliseconds")
        }
        numbers.append(value)
      }
      lines.append(TraceLine(numbers: numbers, line: number, source: source))
    }
    return lines
  }
}

extension NetworkTrace {
  /// Longest time to the first byte that a trace may have, in milliseconds.
  static let longestLatencyMs = 600_000.0

  /// Reads Sabre's trace JSON: `[{duration_ms, bandwidth_kbps, latency_ms}, ...]`.
  init(sabreTrace bytes: [UInt8], source: String) throws(InputError) {
    let root = try JSONText(parsing: bytes, source: source).root
    guard case .array(let items) = root.content, !items.isEmpty else {
      throw InputError(root.place, "\(root.kindPhrase) stands where the array of periods should")
    }
    var findings: [InputDiagnostic] = []
    var periods: [Period] = []
    for item in items {
      let duration = item.positive("duration_ms", &findings)
      let bandwidth = item["bandwidth_kbps"].map { $0.nonNegative(&findings) }
      let latency = item["latency_ms"].map { $0.nonNegative(&findings) }
      if bandwidth == nil || latency == nil {
        findings.append(
          InputDiagnostic(place: item.place, message: "a period has duration_ms, bandwidth_kbps and latency_ms"))
      }
      if duration < 0.001 || (latency ?? 0) > Self.longestLatencyMs || (bandwidth ?? 0) > 1e12 {
        findings.append(
          InputDiagnostic(
            place: item.place, message: "a period lasts a microsecond or more, its latency 10 min or less"))
      }
      periods.append(
        Period(durationMs: duration, bandwidthKbps: bandwidth ?? 0, latencyMs: latency ?? 0))
    }
    guard findings.isEmpty else { throw InputError(findings) }
    let kbits = periods.reduce(0) { $0 + $1.durationMs * $1.bandwidthKbps / 1000 }
    try Self.checkCarried(kbits: kbits, ms: periods.reduce(0) { $0 + $1.durationMs }, source)
    self.init(source: source, periods: periods)
  }

  /// Reads Mahimahi's trace: each line is a millisecond at which one packet of 1500 bytes may leave; the trace repeats
  /// after its last line.
  init(mahimahi lines: [TraceLine], source: String) throws(InputError) {
    var periods: [Period] = []
    func append(_ durationMs: Double, packets: Double) {
      let kbps = packets * 12_000
      if let last = periods.last, last.bandwidthKbps == kbps {
        periods[periods.count - 1].durationMs += durationMs
      } else if durationMs > 0 {
        periods.append(
          Period(durationMs: durationMs, bandwidthKbps: kbps, latencyMs: RecordedNetwork.assumedLatencyMs))
      }
    }
    var clockMs = 0.0
    var index = 0
    while index < lines.count {
      let line = lines[index]
      guard line.numbers.count == 1, let ms = line.numbers.first, ms == ms.rounded() else {
        throw line.error("a line has one whole number of milliseconds")
      }
      // Opportunities of the millisecond that ends at `ms`; those of time 0 leave in the first one.
      let end = max(ms, 1)
      guard end > clockMs else { throw line.error("milliseconds must not descend") }
      var packets = 0.0
      while index < lines.count, lines[index].numbers.count == 1, max(lines[index].numbers[0], 1) == end {
        packets += 1
        index += 1
      }
      append(end - 1 - clockMs, packets: 0)
      append(1, packets: packets)
      clockMs = end
    }
    let kbits = periods.reduce(0) { $0 + $1.durationMs * $1.bandwidthKbps / 1000 }
    try Self.checkCarried(kbits: kbits, ms: clockMs, source)
    self.init(source: source, periods: periods)
  }

  /// A network that carries next to nothing would never end a session.
  static func checkCarried(kbits: Double, ms: Double, _ source: String) throws(InputError) {
    guard kbits * 1000 / ms >= 1 else {
      throw InputError(InputPlace(source: source), "the trace carries less than 1 kbit/s on average")
    }
  }
}
