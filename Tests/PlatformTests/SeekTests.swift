import SimEngine
import Testing

@testable import Platform

/// Viewers jump within their title.
@Suite("Jumps of viewers")
struct SeekTests {
  private static func seeks(_ perHour: Int, forward: Double = 0.7, distance: String = "90s") -> String {
    #"viewers.seeks={ "per_hour": \#(perHour), "forward_share": \#(forward), "distance": "\#(distance)" }"#
  }

  @Test("jumps come as often as the scenario says, and the viewers are the same as without")
  func rate() throws {
    let still = try TestPlatform.run(try TestPlatform.scenario())
    let jumping = try TestPlatform.run(try TestPlatform.scenario(Self.seeks(60)))
    // Short sessions, waits for media and those who stall make them rarer, never more frequent.
    #expect(jumping.value("seeks_per_hour") > 50 && jumping.value("seeks_per_hour") < 64)
    #expect(jumping.value("seek_wait_mean_s") > 0 && jumping.value("seek_wait_mean_s") < 5)
    func viewers(_ run: PlatformResults) -> [String] {
      run.sessions.map { "\($0.site) \($0.process) \($0.number) \($0.arrivedAt) \($0.title) \($0.offset)" }.sorted()
    }
    #expect(viewers(jumping) == viewers(still))
    #expect(still.value("seeks_per_hour").isNaN)
    #expect(jumping.sessions.reduce(0) { $0 + $1.seeks } > 100)
  }

  @Test("a jump within the buffer waits for nothing, one out of it for a segment")
  func distance() throws {
    let near = try TestPlatform.run(try TestPlatform.scenario(Self.seeks(60, forward: 1, distance: "100ms")))
    let far = try TestPlatform.run(try TestPlatform.scenario(Self.seeks(60, forward: 1, distance: "5min")))
    #expect(near.observed.total.seeks > 100 && far.observed.total.seeks > 100)
    #expect(near.observed.total.awaitedSeeks < near.observed.total.seeks / 10)
    #expect(far.observed.total.awaitedSeeks > far.observed.total.seeks / 2)
    #expect(far.value("seek_wait_mean_s") > 0.05)
  }

  @Test("who jumps back plays for longer than who jumps ahead, and jumps are no stalls")
  func direction() throws {
    let back = try TestPlatform.run(try TestPlatform.scenario(Self.seeks(60, forward: 0), "viewers.complete_share=1"))
    let ahead = try TestPlatform.run(try TestPlatform.scenario(Self.seeks(60, forward: 1), "viewers.complete_share=1"))
    #expect(back.value("sessions") == ahead.value("sessions"))
    #expect(back.observed.total.completions < ahead.observed.total.completions)
    let still = try TestPlatform.run(try TestPlatform.scenario("viewers.complete_share=1"))
    #expect(back.value("rebuffer_ratio") < still.value("rebuffer_ratio") + 0.01)
  }

  @Test("jumps on a link far too small keep every invariant, and some viewers give up")
  func starvation() throws {
    var identity = RunIdentity(seed: 3)
    identity.checksEveryEventKind = true
    let run = try TestPlatform.run(
      try TestPlatform.scenario(Self.seeks(120), "network.edge_link=40Mbit/s"), identity: identity)
    #expect(run.value("left_after_jump") > 0)
    let still = try TestPlatform.run(try TestPlatform.scenario("network.edge_link=40Mbit/s"))
    #expect(still.value("left_in_stall") > 0)
    #expect(still.observed.total.lostAfterJump == 0)
    let again = try TestPlatform.run(
      try TestPlatform.scenario(Self.seeks(120), "network.edge_link=40Mbit/s"), jobs: 2, identity: RunIdentity(seed: 3))
    #expect(again.digest == run.digest)
  }
}
