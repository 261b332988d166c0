// A small scenario of every kind of setting, for the tests of settings.

import TextFormats

struct SampleScenario: SettingsGroup, Equatable {
  enum Policy: String, CaseIterable, Sendable { case lru, sieve, hotTitle = "hot-title-placement" }

  struct Edge: SettingsGroup, Equatable {
    var siteCount = 12
    var diskBytes: Int64 = 20_000_000_000_000
    var linkBitsPerSecond: Int64 = 10_000_000_000
    var policy = Policy.lru
    var exponent = 0.8
    static let settings = SettingsTable<Edge>("Edge sites: caches next to the viewers.")
      .integer("sites", \.siteCount, 1...100_000, "Number of edge sites.")
      .bytes("disk", \.diskBytes, 1...Int64.max, "Cache of one site.")
      .bitRate("link", \.linkBitsPerSecond, 1...Int64.max, "Link of one site.")
      .choice("policy", \.policy, "What is evicted when a cache is full.")
      .number("exponent", \.exponent, 0...10, "Zipf exponent of the titles.")
  }

  struct CDN: SettingsGroup, Equatable {
    var edge = Edge()
    var regionalShare = 0.5
    static let settings = SettingsTable<CDN>("Delivery.")
      .group("edge", \.edge, "The edge.")
      .fraction("regionalShare", \.regionalShare, "Share of the regional caches.")
  }

  struct Event: SettingsGroup, Equatable {
    var name = ""
    var startNanoseconds: Int64 = 0
    var lengthNanoseconds: Int64 = 60_000_000_000
    static let settings = SettingsTable<Event>("Something that happens.")
      .text("name", \.name, "Its name.")
      .clock("start", \.startNanoseconds, "When it starts.")
      .duration("length", \.lengthNanoseconds, 1...86_400_000_000_000, "How long it lasts.")
      .required("name", "start")
  }

  struct Premiere: SettingsGroup, Equatable {
    var share = 0.1
    static let settings = SettingsTable<Premiere>("A premiere.").fraction("share", \.share, "Share of viewers.")
  }

  struct Lognormal: SettingsGroup, Equatable {
    var meanNanoseconds: Int64 = 42_000_000_000
    var variation = 0.35
    static let settings = SettingsTable<Lognormal>("Lognormal.")
      .duration("mean", \.meanNanoseconds, 1...Int64.max, "Mean.")
      .number("cv", \.variation, 0...10, "Coefficient of variation.")
  }

  enum Length: SettingsVariant, Equatable {
    case constant(Int64)
    case lognormal(Lognormal)
    static let variants = SettingsVariants<Length>("How long sessions are.")
      .form(
        "constant", .quantity(.duration, 1...Int64.max), initial: 1_000_000_000, Length.constant,
        { if case .constant(let form) = $0 { form } else { nil } }, "Always the same."
      )
      .form(
        "lognormal", Length.lognormal, { if case .lognormal(let form) = $0 { form } else { nil } },
        "Skewed to the right.")
  }

  var name = ""
  var arrivalsPerSecond = 40.0 / 3600
  var budgetNanoseconds: Int64 = 4_000_000_000
  var diurnal = [1.0, 2.0, 3.0]
  var isTraced = false
  var cdn = CDN()
  var length = Length.lognormal(Lognormal())
  var premiere: Premiere?
  var events: [Event] = []
  var regions = ["north"]
  var timeout: Int64?

  static let settings = SettingsTable<SampleScenario>("A sample scenario.")
    .text("name", \.name, "Name of the scenario.")
    .rate("arrivals", \.arrivalsPerSecond, 0...1e6, "Viewers that arrive.")
    .duration("segmentBudget", \.budgetNanoseconds, 1...60_000_000_000, "Time for one segment.")
    .numbers("diurnal", \.diurnal, count: 3...3, 0...100, "Weights of the parts of the day.")
    .flag("traced", \.isTraced, "Whether requests are logged.")
    .group("cdn", \.cdn, "Delivery.")
    .variant("length", \.length, "How long sessions are.")
    .optionalGroup("premiere", \.premiere, "A premiere, if there is one.")
    .list("events", \.events, 0...1000, "What happens.")
    .texts("regions", \.regions, 1...8, "Names of regions.")
    .value(
      "timeout", \.timeout, .optional(.quantity(.duration, 1...Int64.max), initial: 1_000_000_000), "When to give up."
    )
    .required("name")
    .check { scenario, places in
      guard scenario.events.count > scenario.cdn.edge.siteCount else { return [] }
      return [
        places.finding("events", "more events than sites"), places.finding("cdn.edge.sites", "fewer sites than events"),
      ]
    }
}

/// The diagnostics of decoding a text, as lines.
func findings(_ text: String, set: [(String, String)] = []) throws -> [String] {
  do throws(InputError) {
    var json = try JSONText(parsing: text, source: "s.json")
    for (path, value) in set { try json.set(path: path, to: value, origin: "--set \(path)=\(value)") }
    _ = try SettingsDecoder.decode(SampleScenario.self, from: json)
    return []
  } catch {
    return error.diagnostics.map(\.description)
  }
}
