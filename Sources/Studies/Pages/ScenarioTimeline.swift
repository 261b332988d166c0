// What happens during a run because the scenario says so: the warm-up, the premiere, failures, reshards. Found by form
// rather than by name, so that new kinds of events appear without being listed here.

import Reporting
import TextFormats

/// Events of a scenario on the axis of simulated time.
struct ScenarioTimeline {
  /// The events, by time.
  let spans: [LineChart.Span]
  /// The axis of simulated time: the time of day where the scenario names one, else time since the start.
  let axis: ChartAxis

  /// Keys of an event that say how long it lasts, added up; a `length` is that of a title.
  private static let lengths = ["duration", "for", "lasts", "rise", "fall", "time"]
  /// Keys of an event that say what happens.
  private static let kinds = ["event", "what", "kind", "fault", "action", "type"]
  private static let daySeconds = 86_400.0

  /// The events of a resolved scenario: every object with a key `at` that is a time of day or a span since the start.
  init(scenario: JSONValue?) {
    var start: Double?
    var end = Double.infinity
    if let scenario {
      start = scenario["start"].flatMap(Self.clock)
      if let duration = scenario["duration"].flatMap(Self.duration) { end = duration }
    }
    axis =
      (start ?? 0) > 0
      ? ChartAxis("time of day", unit: "hh:mm", scale: .clock(startSeconds: start ?? 0))
      : ChartAxis("simulated time", unit: "h, min, s", scale: .elapsed)
    var found: [LineChart.Span] = []
    if let warmup = scenario?["warmup"].flatMap(Self.duration), warmup > 0 {
      found.append(LineChart.Span("warm-up, not counted", 0...warmup))
    }
    if let scenario { Self.collect(scenario, name: "", start: start ?? 0, into: &found) }
    let last = end
    spans = found.filter { $0.range.lowerBound < last }
      .map { LineChart.Span($0.name, $0.range.lowerBound...min($0.range.upperBound, last)) }
      .sorted { ($0.range.lowerBound, $0.name) < ($1.range.lowerBound, $1.name) }
  }

  private static func collect(_ value: JSONValue, name: String, start: Double, into spans: inout [LineChart.Span]) {
    switch value {
    case .array(let items): for item in items { collect(item, name: name, start: start, into: &spans) }
    case .object(let members):
      if let at = value["at"].flatMap({ moment($0, start: start) }) {
        spans.append(span(members, name: name, at: at, start: start))
      }
      for member in members { collect(member.value, name: member.key, start: start, into: &spans) }
    case .null, .flag, .integer, .number, .text: break
    }
  }

  private static func span(
    _ members: [JSONValue.Member], name: String, at: Double, start: Double
  ) -> LineChart.Span {
    var length = 0.0
    var words = ""
    var targets: [String] = []
    for member in members where member.key != "at" {
      if member.key == "until", let end = moment(member.value, start: start) {
        length = max(0, end - at)
      } else if lengths.contains(member.key) {
        length += duration(member.value) ?? 0
      } else if member.key == "deadline" {
        // What has a deadline is a title on its way to publication.
        words = "upload"
      } else if member.key == "name", case .text(let text) = member.value {
        targets.append(text)
      } else if kinds.contains(member.key), case .text(let text) = member.value {
        words = text
      } else if ["which", "nodes"].contains(member.key), case .array(let numbers) = member.value {
        targets += numbers.map(\.plainText)
      } else if ["site", "node", "target", "region", "component", "link", "tier"].contains(member.key) {
        switch member.value {
        case .text(let text): targets.append(text)
        case .integer(let number): targets.append("\(member.key) \(number)")
        default: break
        }
      }
    }
    let title = words.isEmpty ? (name.hasSuffix("s") ? String(name.dropLast()) : name) : words
    let text = ([title.replacing("_", with: " ").replacing("-", with: " ")] + targets).joined(separator: " ")
    return LineChart.Span(text, at...(at + length))
  }

  /// Seconds since the start of a time of day (the next one after the start) or of a span.
  private static func moment(_ value: JSONValue, start: Double) -> Double? {
    if let clock = clock(value) {
      let offset = clock - start
      return offset < 0 ? offset + daySeconds : offset
    }
    return duration(value)
  }

  private static func clock(_ value: JSONValue) -> Double? {
    guard case .text(let text) = value, let nanoseconds = try? Quantity.clockNanoseconds(text) else { return nil }
    return Double(nanoseconds) / 1e9
  }

  private static func duration(_ value: JSONValue) -> Double? {
    guard case .text(let text) = value, let nanoseconds = try? Quantity.nanoseconds(text) else { return nil }
    return Double(nanoseconds) / 1e9
  }
}
