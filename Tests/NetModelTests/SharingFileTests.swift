import NetModel
import Testing
import TextFormats

@Suite("Sharing files") struct SharingFileTests {
  private func read(_ text: String, timed: Bool = false) throws -> [SharingProblem] {
    try SharingProblem.read(JSONText(parsing: text, source: "f.json"), timed: timed)
  }

  private func messages(_ text: String, timed: Bool = false) -> String {
    do {
      _ = try read(text, timed: timed)
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test("a single object is read as well as an array, weight defaults to one and cap to none")
  func single() throws {
    let problems = try read(
      #"{"name":"x","links":[{"id":"a","capacity_kbps":9000}],"flows":[{"id":"f","path":["a"]},"#
        + #"{"id":"g","path":["a"],"weight":2,"cap_kbps":null}]}"#)
    #expect(problems.count == 1)
    #expect(problems.first?.rates() == [3000, 6000])
  }

  @Test("a light flow beside heavy ones keeps its digits")
  func lightFlow() throws {
    // The heavy flow is capped; what it leaves goes to the two light ones by weight.
    let problems = try read(
      #"{"links":[{"id":"a","capacity_kbps":9000}],"flows":[{"id":"h","path":["a"],"weight":1e9,"cap_kbps":6000},"#
        + #"{"id":"f","path":["a"],"weight":1e-9},{"id":"g","path":["a"],"weight":2e-9}]}"#)
    let rates = try #require(problems.first?.rates())
    #expect(rates[0] == 6000)
    #expect(abs(rates[1] - 1000) < 1e-6 && abs(rates[2] - 2000) < 1e-6)
  }

  @Test("a flow without links runs at its cap")
  func pathless() throws {
    let problems = try read(#"[{"links":[],"flows":[{"id":"f","path":[],"cap_kbps":777,"weight":3}]}]"#)
    #expect(problems.first?.rates() == [777])
  }

  @Test("a starved flow never completes, an empty one is complete when it starts")
  func starved() throws {
    let problems = try read(
      #"{"links":[{"id":"a","capacity_kbps":0}],"flows":[{"id":"f","path":["a"],"start_s":1,"size_kbit":8},"#
        + #"{"id":"g","path":["a"],"start_s":2.5,"size_kbit":0}]}"#, timed: true)
    #expect(problems.first?.completionsSeconds() == [nil, 2.5])
  }

  @Test("every mistake is told with its place, all at once")
  func mistakes() {
    let text = """
      {"links":[{"id":"core","capacity_kbps":-5}],
       "flows":[{"id":"f","path":["cor"],"weight":0},{"id":"f","path":["core","core"]},{"id":"h","path":[]}]}
      """
    let told = messages(text)
    #expect(told.contains("f.json:1:40 (links[0].capacity_kbps): 'capacity_kbps' is at least 0.0, not -5"))
    #expect(told.contains("f.json:2:29 (flows[0].path[0]): unknown link 'cor' (did you mean 'core'?)"))
    #expect(told.contains("flows[0].weight"))
    #expect(told.contains("crosses link 'core' twice"))
    #expect(told.contains("flow 'f' is there twice"))
    #expect(told.contains("needs 'cap_kbps'"))
  }

  @Test("a capacity that is no number, and a missing or misspelt key, are mistakes")
  func wrongValues() {
    #expect(messages(#"{"links":[{"id":"a","capacity_kbps":NaN}],"flows":[]}"#).contains("f.json:1:37"))
    #expect(messages(#"{"links":[{"id":"a","capacity_kbs":1}],"flows":[]}"#).contains("'capacity_kbps' is missing"))
    #expect(messages(#"{"links":[]}"#).contains("'flows' is missing"))
    #expect(messages("[3]").contains("not the number 3"))
    #expect(messages(#"{"links":[],"flows":[{"id":"f","path":[],"cap_kbps":1}]}"#, timed: true).contains("start_s"))
  }

  @Test("extreme figures neither trap nor hang, and no rate exceeds a link or a cap", arguments: UInt64(1)...200)
  func extremes(seed: UInt64) throws {
    var numbers = SeededNumbers(seed: seed)
    func pick(_ values: [String]) -> String { values.randomElement(using: &numbers) ?? "" }
    let capacities = ["0", "1e-300", "1e-9", "0.1", "1", "12345.678", "1e9", "1e15"]
    let links = (0..<4).map { #"{"id":"l\#($0)","capacity_kbps":\#(pick(capacities))}"# }
    let flows = (0..<12).map { index in
      let path = (0..<4).shuffled(using: &numbers).prefix(Int.random(in: 1...3, using: &numbers))
      return #"{"id":"f\#(index)","path":[\#(path.map { #""l\#($0)""# }.joined(separator: ","))],"#
        + #""cap_kbps":\#(pick(capacities + ["null", "null"])),"weight":\#(pick(["1", "1", "3", "1e-9", "1e9"])),"#
        + #""start_s":\#(pick(["0", "0", "1e-9", "3.5", "1e9"])),"size_kbit":\#(pick(["0", "1e-12", "8", "5e9"]))}"#
    }
    let text = #"{"links":[\#(links.joined(separator: ","))],"flows":[\#(flows.joined(separator: ","))]}"#
    let problem = try #require(try read(text, timed: true).first)
    let rates = problem.rates()
    for (link, entry) in problem.links.enumerated() {
      let carried = zip(problem.flows, rates).filter { $0.0.path.contains(link) }.reduce(0) { $0 + $1.1 }
      #expect(carried <= entry.capacityKbps * (1 + 1e-9), "seed \(seed)")
    }
    for (flow, rate) in zip(problem.flows, rates) {
      #expect(rate >= 0 && rate <= (flow.capKbps ?? .infinity), "seed \(seed)")
    }
    for (flow, completion) in zip(problem.flows, problem.completionsSeconds()) {
      if let completion { #expect(completion >= (flow.startSeconds ?? 0)) }
    }
  }
}
