import NetModel
import SimEngine
import Testing
import TextFormats

@Suite("Capacity over time") struct CapacityTests {
  private func parse(_ text: String) throws -> CapacityTrace {
    try CapacityTrace.parse(Array(text.utf8), source: "trace")
  }

  private func message(_ text: String) -> String {
    do {
      _ = try parse(text)
      return "accepted"
    } catch { return "\(error)" }
  }

  @Test("a Sabre trace gives capacity and latency by period and starts again at its end")
  func sabre() throws {
    let trace = try parse(
      #"[{"duration_ms":500,"bandwidth_kbps":1000,"latency_ms":20},{"duration_ms":0,"bandwidth_kbps":9},"#
        + #"{"duration_ms":1500,"bandwidth_kbps":3000,"latency_ms":40}]"#)
    #expect(trace.length == .seconds(2))
    #expect(abs(trace.meanCapacity.kbps - 2500) < 1e-9)
    var player = TracePlayer(trace, from: .seconds(10))
    #expect(player.capacity == BitRate(kbps: 1000))
    #expect(player.nextChange == .seconds(10.5))
    player.step()
    #expect(player.latency == .milliseconds(40))
    player.step()
    #expect(player.capacity == BitRate(kbps: 1000))
    #expect(player.nextChange == .seconds(12.5))
    let shifted = TracePlayer(trace, from: .seconds(10), offset: .seconds(4.75))
    #expect(shifted.capacity == BitRate(kbps: 3000))
    #expect(shifted.nextChange == .seconds(11.25))
  }

  @Test("a Pensieve trace holds each bandwidth up to the time of its line")
  func pensieve() throws {
    let trace = try parse("0.0 4.0\n0.5\t2.5\n\n2 1\n")
    #expect(trace.periods.map(\.end) == [.seconds(0.5), .seconds(2)])
    #expect(trace.periods.map(\.capacity.kbps) == [2500, 1000])
  }

  @Test("a Mahimahi trace carries one packet for each line")
  func mahimahi() throws {
    let lines = (1...250).map { "\($0)" } + ["250", "250"]
    let trace = try parse(lines.joined(separator: "\n"))
    #expect(trace.length == .milliseconds(250))
    #expect(trace.periods.map(\.end) == [.milliseconds(100), .milliseconds(200), .milliseconds(250)])
    let bytes = trace.meanCapacity.bitsPerSecond / 8 * 0.25
    #expect(abs(bytes - Double(252 * CapacityTrace.mahimahiPacketBytes)) < 1e-6)
    #expect(trace.periods[2].capacity > trace.periods[1].capacity)
  }

  @Test("empty traces, times that go back and values that are none are mistakes with their place")
  func mistakes() {
    #expect(message("") == "trace: the trace is empty")
    #expect(message("[]").contains("trace:1:1: the trace is empty"))
    #expect(message("0 1\n2 1\n1.5 1\n").contains("trace:3: time goes back"))
    #expect(message("5\n4\n").contains("trace:2: time goes back"))
    #expect(message("0 1\n1 -2\n").contains("trace:2: '-2' is not a bandwidth"))
    #expect(message("0 1\n1 nan\n").contains("trace:2"))
    #expect(message("0 1\n1 2 3\n").contains("trace:2: a line holds"))
    #expect(message("0 1\n").contains("takes no time"))
    #expect(message(#"[{"duration_ms":-1,"bandwidth_kbps":5}]"#).contains("trace:1:17"))
    #expect(message(#"[{"duration_ms":1}]"#).contains("'bandwidth_kbps' is missing"))
    #expect(message(#"{"a":1}"#).contains("array of periods"))
  }

  @Test("every reference trace is read", .enabled(if: Reference.isPresent, "\(Reference.absence)"))
  func reference() throws {
    let sabre = try CapacityTrace.read(file: Reference.folder + "/abr/sabre/traces/3G/report.2010-09-13_1003CEST.json")
    #expect(
      sabre.periods.first == .init(end: .milliseconds(1013), capacity: BitRate(kbps: 1285), latency: .milliseconds(100))
    )
    let pensieve = try CapacityTrace.read(file: Reference.folder + "/abr/pensieve/traces/norway_bus_1.txt")
    #expect(pensieve.periods.first?.capacity == BitRate(mbps: 4.79283060109))
  }

  @Test("a flow through a trace takes as long as its bytes need")
  func flowThroughTrace() throws {
    let trace = try parse("0 1\n1 8\n3 2\n")  // 8 Mbit/s for 1 s, then 2 Mbit/s for 2 s
    var player = CapacityPlayer.trace(TracePlayer(trace))
    var link = EdgeLink(capacity: player.capacity, classCaps: [.unlimited])
    _ = link.startFlow(bytes: 2_000_000, capClass: 0, owner: 1, at: .zero)  // 1 MB + 0.5 MB + 0.5 MB
    while let due = link.nextCompletion, due > player.nextChange {
      let now = player.nextChange
      player.step()
      link.setCapacity(player.capacity, at: now)
    }
    #expect(link.nextCompletion == .seconds(3.5))
  }

  @Test("an on-off capacity is on for its share of the time")
  func onOff() throws {
    let chain = try #require(
      MarkovCapacity.onOff(on: BitRate(mbps: 10), meanOn: .seconds(3), meanOff: .seconds(1)))
    var player = MarkovPlayer(
      chain, stream: RandomStream(StreamKey(seed: 3, replication: 0, entity: "link", purpose: "capacity")))
    var (on, total, last) = (0.0, 0.0, SimTime.zero)
    for _ in 0..<40_000 {
      let stay = (player.nextChange - last).seconds
      last = player.nextChange
      if player.capacity > .zero { on += stay }
      total += stay
      player.step()
    }
    #expect(abs(on / total - 0.75) < 0.01)
  }

  @Test("a birth-death capacity moves to neighbours only, and a chain that cannot leave a state is refused")
  func birthDeath() throws {
    let levels = [1.0, 2, 4, 8].map { BitRate(mbps: $0) }
    let chain = try #require(MarkovCapacity.birthDeath(levels: levels, meanStay: .seconds(1)))
    var player = MarkovPlayer(
      chain, stream: RandomStream(StreamKey(seed: 4, replication: 0, entity: "link", purpose: "capacity")))
    var seen: Set<BitRate> = []
    for _ in 0..<200 {
      let before = player.capacity.kbps
      player.step()
      seen.insert(player.capacity)
      #expect(player.capacity.kbps == before * 2 || player.capacity.kbps == before / 2)
    }
    #expect(seen.count == 4)
    let stuck = [[0.0, 1], [0, 0]]
    #expect(MarkovCapacity(states: Array(chain.states.prefix(2)), jumps: stuck) == nil)
  }

  @Test("viewers divide over access classes by share, and a lossy line gets less than its rate")
  func accessClasses() {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "viewers", purpose: "access"))
    var counts = [Int](repeating: 0, count: AccessMix.assumed.classes.count)
    for _ in 0..<100_000 { counts[AccessMix.assumed.sample(&stream)] += 1 }
    for (count, line) in zip(counts, AccessMix.assumed.classes) {
      #expect(abs(Double(count) / 100_000 - line.share) < 0.01)
    }
    let lossy = AccessClass(
      name: "radio", share: 1, cap: BitRate(mbps: 50), roundTrip: .milliseconds(40), lossRate: 0.01)
    #expect(lossy.connectionCap(pathRoundTrip: .milliseconds(10)) < BitRate(mbps: 5))
    let providers = ServiceProvider.zipf(count: 3, exponent: 1, peering: BitRate(mbps: 1100), roundTrip: .zero)
    #expect(providers.map { ($0.peering.kbps / 1000).rounded() } == [600, 300, 200])
  }
}
