// Three common formats of capacity traces.

import SimEngine
public import TextFormats

extension CapacityTrace {
  /// Bytes that one line of a Mahimahi trace lets pass: a full packet with its tunnel header.
  public static let mahimahiPacketBytes: Int64 = 1504

  /// Reads a trace of any of the three formats: JSON is Sabre's, one number a line Mahimahi's, two Pensieve's.
  ///
  /// - Throws: `FileError`, or `InputError` with the place of what is wrong.
  public static func read(file path: String) throws -> CapacityTrace {
    try parse(InputFile.bytes(path), source: path)
  }

  /// Parses a trace; see `read(file:)`.
  public static func parse(_ bytes: [UInt8], source: String) throws(InputError) -> CapacityTrace {
    let first = bytes.first { !isSpace($0) }
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
      return try sabre(JSONText(parsing: bytes, source: source))
    }
    let lines = numberLines(bytes)
    guard let columns = lines.first?.fields.count else {
      throw InputError(InputPlace(source: source), "the trace is empty")
    }
    return columns == 1 ? try mahimahi(lines, source: source) : try pensieve(lines, source: source)
  }

  // MARK: - Sabre

  /// Sabre: `[{"duration_ms": .., "bandwidth_kbps": .., "latency_ms": ..}, ...]`; the latency may be left out.
  public static func sabre(_ text: JSONText) throws(InputError) -> CapacityTrace {
    guard case .array(let items) = text.root.content else {
      throw InputError(text.root.place, "a trace is an array of periods, not \(text.root.kindPhrase)")
    }
    var findings: [InputDiagnostic] = []
    func number(_ key: String, of item: JSONNode, isNeeded: Bool = true) -> Double? {
      guard let node = item[key] else {
        if isNeeded { findings.append(InputDiagnostic(place: item.place, message: "'\(key)' is missing")) }
        return nil
      }
      guard case .number(let number) = node.content, number.double >= 0, number.double <= 1e15 else {
        findings.append(
          InputDiagnostic(place: node.place, message: "'\(key)' is a number of 0 to 1e15, not \(node.kindPhrase)"))
        return nil
      }
      return number.double
    }
    var elapsedMilliseconds = 0.0
    var periods: [Period] = []
    for item in items {
      guard let duration = number("duration_ms", of: item), let bandwidth = number("bandwidth_kbps", of: item) else {
        continue
      }
      elapsedMilliseconds += duration
      let latency = number("latency_ms", of: item, isNeeded: false)
      guard let end = SimDuration(checkingSeconds: elapsedMilliseconds / 1000) else {
        throw InputError(item.place, "the trace is longer than the clock can tell")
      }
      periods.append(
        Period(
          end: end, capacity: BitRate(kbps: bandwidth),
          latency: latency.flatMap { SimDuration(checkingSeconds: $0 / 1000) }))
    }
    guard findings.isEmpty else { throw InputError(findings) }
    return try trace(periods, at: text.root.place)
  }

  // MARK: - Text traces

  /// A line with numbers, and where it stands.
  private struct NumberLine {
    var number: Int
    var fields: [String]
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  /// The lines of a text that are not blank, split at white space.
  private static func numberLines(_ bytes: [UInt8]) -> [NumberLine] {
    var lines: [NumberLine] = []
    for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      let fields = line.split(whereSeparator: isSpace).map { String(decoding: $0, as: UTF8.self) }
      if !fields.isEmpty { lines.append(NumberLine(number: index + 1, fields: fields)) }
    }
    return lines
  }

  /// Pensieve: `time_s bandwidth_mbps`; the bandwidth holds from the time of the line before to the time of its line,
  /// that of the first line from zero, if its time is not zero.
  private static func pensieve(_ lines: [NumberLine], source: String) throws(InputError) -> CapacityTrace {
    var periods: [Period] = []
    var last = 0.0
    for line in lines {
      let place = InputPlace(source: source, line: line.number)
      guard line.fields.count == 2 else {
        throw InputError(place, "a line holds a time in s and a bandwidth in Mbit/s, not \(line.fields.count) fields")
      }
      guard let seconds = Double(line.fields[0]), seconds >= 0, let end = SimDuration(checkingSeconds: seconds) else {
        throw InputError(place, "'\(line.fields[0])' is not a time in s")
      }
      guard let mbps = Double(line.fields[1]), mbps >= 0, mbps <= 1e9 else {
        throw InputError(place, "'\(line.fields[1])' is not a bandwidth in Mbit/s")
      }
      guard seconds >= last else {
        throw InputError(place, "time goes back from \(last) s to \(seconds) s")
      }
      last = seconds
      periods.append(Period(end: end, capacity: BitRate(mbps: mbps)))
    }
    return try trace(periods, at: InputPlace(source: source))
  }

  /// Mahimahi: each line is a time in ms at which one packet may pass; a round ends at the last line.
  ///
  /// Opportunities are counted over windows, `mahimahiWindow` long, because a fluid has no packets; a longer window
  /// smooths more and changes the capacity less often.
  private static func mahimahi(_ lines: [NumberLine], source: String) throws(InputError) -> CapacityTrace {
    var counts: [Int64] = []
    var last: Int64 = 0
    for line in lines {
      let place = InputPlace(source: source, line: line.number)
      guard line.fields.count == 1, let milliseconds = Int64(line.fields[0]), milliseconds >= 0 else {
        throw InputError(place, "'\(line.fields.joined(separator: " "))' is not a time in whole ms")
      }
      guard milliseconds <= 1_000_000_000 else { throw InputError(place, "the trace is longer than 1e9 ms") }
      guard milliseconds >= last else {
        throw InputError(place, "time goes back from \(last) ms to \(milliseconds) ms")
      }
      last = milliseconds
      // A packet at time t passes in the millisecond that ends at t; one at 0 in the first.
      let window = Int(max(milliseconds - 1, 0) / mahimahiWindowMilliseconds)
      while counts.count <= window { counts.append(0) }
      counts[window] += 1
    }
    var periods: [Period] = []
    for (window, count) in counts.enumerated() {
      let start = Int64(window) * mahimahiWindowMilliseconds
      let end = min(start + mahimahiWindowMilliseconds, last)
      guard end > start else { continue }
      let bits = Double(count * mahimahiPacketBytes * 8)
      periods.append(
        Period(end: .milliseconds(end), capacity: BitRate(kbps: bits / Double(end - start))))
    }
    return try trace(periods, at: InputPlace(source: source))
  }

  /// Window over which the packets of a Mahimahi trace are counted.
  static let mahimahiWindowMilliseconds: Int64 = 100

  private static func trace(_ periods: [Period], at place: InputPlace) throws(InputError) -> CapacityTrace {
    guard let trace = CapacityTrace(periods: periods) else {
      throw InputError(place, periods.isEmpty ? "the trace is empty" : "the trace takes no time")
    }
    return trace
  }
}
