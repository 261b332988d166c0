import Testing

@testable import TextFormats

@Suite("Settings") struct SettingsTests {
  @Test("a minimal scenario is all defaults")
  func defaults() throws {
    let scenario = try SettingsDecoder.decode(
      SampleScenario.self, from: JSONText(parsing: #"{"$schema": "x", "name": "peak"}"#, source: "s.json"))
    var expected = SampleScenario()
    expected.name = "peak"
    #expect(scenario == expected)
  }

  @Test("every kind of setting is read")
  func everyKind() throws {
    let text = """
      {"name": "peak", "arrivals": "7200/h", "segmentBudget": "1.5s", "diurnal": [0, 1, 2.5], "traced": true,
       "cdn": {"edge": {"sites": 3, "disk": "1GiB", "link": "25Mbit/s", "policy": "hot-title-placement",
       "exponent": 1}, "regionalShare": "20%"}, "length": {"constant": "2min"}, "premiere": {},
       "events": [{"name": "a", "start": "21:00"}], "regions": ["x", "y"], "timeout": "3s"}
      """
    let scenario = try SettingsDecoder.decode(SampleScenario.self, from: JSONText(parsing: text, source: "s.json"))
    #expect(scenario.arrivalsPerSecond == 2)
    #expect(scenario.budgetNanoseconds == 1_500_000_000)
    #expect(scenario.diurnal == [0, 1, 2.5])
    #expect(scenario.isTraced)
    #expect(scenario.cdn.edge.diskBytes == 1 << 30)
    #expect(scenario.cdn.edge.linkBitsPerSecond == 25_000_000)
    #expect(scenario.cdn.edge.policy == .hotTitle)
    #expect(scenario.cdn.regionalShare == 0.2)
    #expect(scenario.length == .constant(120_000_000_000))
    #expect(scenario.premiere == SampleScenario.Premiere())
    #expect(scenario.events.map(\.startNanoseconds) == [75_600_000_000_000])
    #expect(scenario.timeout == 3_000_000_000)
  }

  @Test("all findings come at once, in the order of the input, with suggestions")
  func allFindings() throws {
    let text = """
      {
        "cdn": {"edge": {"sites": 0, "polcy": "lru", "disk": "25Mbit/s", "link": 12}},
        "segmentBudget": "90s",
        "polict": "lru",
        "length": {"lognromal": {}},
        "events": [{"nme": "x", "start": "25:00"}, 7],
        "diurnal": [1, 2],
        "traced": "yes",
        "name": 3
      }
      """
    let found = try findings(text)
    let expected = [
      "s.json:2:29 (cdn.edge.sites): 0 is out of range (1 to 100000)",
      "s.json:2:32 (cdn.edge.polcy): unknown key 'polcy' (did you mean 'policy'?)",
      "s.json:2:56 (cdn.edge.disk): '25Mbit/s' is a bit rate, not a byte size (write it like 20TB, 500MB or 1.5GiB)",
      "s.json:2:76 (cdn.edge.link): the number 12 has no unit (write it like 25Mbit/s, 800kbit/s or 10Gbit/s)",
      "s.json:3:20 (segmentBudget): '90s' is out of range (1ns to 1min)",
      "s.json:4:3 (polict): unknown key 'polict' (did you mean 'cdn.edge.policy'?)",
      "s.json:5:14 (length.lognromal): unknown form 'lognromal' (did you mean 'lognormal'?)",
      "s.json:6:14 (events[0]): the key 'name' is missing (Its name.)",
      "s.json:6:15 (events[0].nme): unknown key 'nme' (did you mean 'name'?)",
      "s.json:6:36 (events[0].start): '25:00' is not a time of day (write it like 21:00 or 06:30:15)",
      "s.json:6:46 (events[1]): the number 7 stands where an object should ({ ... }: Something that happens.)",
      "s.json:7:14 (diurnal): an array of 2 where there must be 3 items",
      "s.json:8:13 (traced): the text 'yes' stands where true or false should (for example true)",
      "s.json:9:11 (name): the number 3 stands where text in quotes should (for example \"name\")",
    ]
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) { #expect(found == expected) }
  }

  @Test("a rule across keys names the places of both")
  func crossRule() throws {
    let text =
      #"{"name": "x", "cdn": {"edge": {}}, "events": [{"name": "a", "start": "1:00"}, {"name": "b", "start": "2:00"}]}"#
    #expect(
      try findings(text, set: [("cdn.edge.sites", "1")]) == [
        "s.json:1:46 (events): more events than sites",
        "--set cdn.edge.sites=1 (cdn.edge.sites): fewer sites than events",
      ])
  }

  @Test(
    "a rule can point into the items of a list",
    arguments: [
      ("events[1].start", "s.json:2:64 (events[1].start)"), ("events[1]", "s.json:2:28 (events[1])"),
      ("events[0].length", "s.json:2:13 (events[0].length)"), ("events[7].start", "s.json:1:1 (events[7])"),
      ("regions[0]", "s.json:3:14 (regions[0])"),
    ])
  func placesInLists(key: String, place: String) throws {
    let text = """
      {"name": "peak",
       "events": [{"name": "a"}, {"name": "b",              "start": "21:00"}],
       "regions": ["x"]}
      """
    let places = SettingsPlaces(node: try JSONText(parsing: text, source: "s.json").root)
    #expect("\(places[key])" == place)
  }

  @Test("the resolved scenario decodes to the same value")
  func resolvedRoundTrip() throws {
    var scenario = SampleScenario()
    scenario.name = "peak"
    scenario.arrivalsPerSecond = 0.1 + 0.2
    scenario.cdn.edge.diskBytes = 1_234_567
    scenario.events = [.init(name: "e", startNanoseconds: 1_500_000_000, lengthNanoseconds: 7)]
    scenario.length = .lognormal(.init(meanNanoseconds: 1, variation: 2))
    scenario.timeout = 86_400_000_000_000
    for value in [
      scenario, SampleScenario(),
      {
        var s = scenario; s.premiere = .init(share: 1 / 3.0); return s
      }(),
    ] {
      let text = SampleScenario.settings.resolved(value).text(indented: true)
      #expect(try SettingsDecoder.decode(SampleScenario.self, from: JSONText(parsing: text, source: "r")) == value)
    }
  }

  @Test("schema and documentation list every key")
  func schemaAndDocumentation() throws {
    let schema = SampleScenario.settings.schema(title: "Sample")
    let edge = schema["properties"]?["cdn"]?["properties"]?["edge"]?["properties"]
    #expect(edge?["sites"]?["minimum"] == 1)
    #expect(edge?["sites"]?["default"] == 12)
    #expect(edge?["disk"]?["default"] == "20TB")
    #expect(schema["required"] == ["name"])
    #expect(schema["$defs"]?["Length"] != nil)
    let markdown = SampleScenario.settings.markdown(title: "Keys")
    for key in ["`name`", "`cdn.edge`", "`events[]`", "`start`", "20TB"] { #expect(markdown.contains(key)) }
  }
}
