public import Platform
import Reporting
import SimEngine

/// `simrun verify`: runs a scenario again and again in ways that must not matter, and compares.
///
/// Each way is a fresh process, because hash seeds and processor features are chosen once a process. They compare the
/// digests of every partition and the bytes of every table. Where two runs part, the digests' checkpoints lead to the
/// window of events, which both ways then keep in full, and the first event that differs is told from both sides.
public struct VerifyStudy {
  /// A way of running that must not change anything.
  public struct Way: Sendable {
    /// What is different, in words.
    public var name: String
    /// Options of `simrun fingerprint`.
    public var options: [String]
    /// Environment variables added for the process.
    public var environment: [String]

    /// A way of running.
    public init(_ name: String, options: [String], environment: [String] = []) {
      self.name = name
      self.options = options
      self.environment = environment
    }

    /// Masks fused multiply-add and the vector units above SSE, with which the C library rounds otherwise.
    public static let withoutFusedArithmetic = ["GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX"]

    /// The reference, then everything that is compared with it.
    public static let all = [
      Way("one thread, radix queue", options: ["--jobs", "1"]),
      Way("the same again", options: ["--jobs", "1"]),
      Way("three threads", options: ["--jobs", "3"]),
      Way("fused multiply-add masked", options: ["--jobs", "2"], environment: withoutFusedArithmetic),
      Way("heap queue", options: ["--jobs", "2", "--queue", "heap"]),
    ]
  }

  /// What the comparison of one way with the reference found.
  public struct Finding: Sendable {
    /// The way.
    public var way: Way
    /// Whether everything was equal.
    public var agrees: Bool
    /// One line, and for a difference the first events that differ.
    public var text: String
  }

  /// Runs one way in a fresh process: options of the way, events to keep, the folder for its tables.
  public typealias Runner = (Way, TracedEvents?) throws -> Fingerprint

  /// Runs every way and compares it with the first.
  ///
  /// - Parameter report: told each finding as it comes.
  /// - Returns: whether all ways agree.
  public static func run(ways: [Way] = Way.all, with runner: Runner, report: (Finding) -> Void) throws -> Bool {
    guard let referenceWay = ways.first else { return true }
    let reference = try runner(referenceWay, nil)
    let events = reference.partitions.reduce(0) { $0 + $1.events }
    report(
      Finding(way: referenceWay, agrees: true, text: "\(referenceWay.name): \(reference.digest), \(events) events"))
    var allAgree = true
    for way in ways.dropFirst() {
      try Interruption.check()
      let other = try runner(way, nil)
      if other == reference {
        report(Finding(way: way, agrees: true, text: "\(way.name): the same"))
        continue
      }
      allAgree = false
      report(
        Finding(
          way: way, agrees: false,
          text: try difference(between: (referenceWay, reference), and: (way, other), with: runner)))
    }
    return allAgree
  }

  /// Tells the first event that differs, from both sides.
  private static func difference(
    between left: (way: Way, print: Fingerprint), and right: (way: Way, print: Fingerprint), with runner: Runner
  ) throws -> String {
    guard let place = left.print.firstDifference(from: right.print) else {
      let tables = zip(left.print.tables, right.print.tables).filter { $0 != $1 }
      let names = tables.compactMap { $0.0.split(separator: " ").first }.joined(separator: ", ")
      return "\(right.way.name): DIFFERENT tables (\(names)) from the same events"
    }
    let core = left.print.partitions.count - 1
    let partition = place.partition == core ? "core" : "edge-\(place.partition)"
    let leftTrace = try runner(left.way, place).trace
    let rightTrace = try runner(right.way, place).trace
    let agreeing = zip(leftTrace, rightTrace).prefix { $0 == $1 }.count
    func side(_ trace: [String]) -> String { agreeing < trace.count ? trace[agreeing] : "no more events" }
    return """
      \(right.way.name): DIFFERENT from \(left.way.name), first in \(partition)
        \(left.way.name): \(side(leftTrace))
        \(right.way.name): \(side(rightTrace))
      """
  }
}
