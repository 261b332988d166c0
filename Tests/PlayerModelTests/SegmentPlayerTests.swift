// A session value driven over a constant link, and the promise about its size.

import PlayerModel
import SimEngine
import Testing

@Suite struct SegmentPlayerTests {
  static let ladder = QualityLadder(
    bitratesKbps: [300, 750, 1200, 1850, 2850, 4300], segmentDuration: .seconds(4))

  /// Plays a title of `segments` 4 s segments over a link of `kbps`; answers the session, its end and its requests.
  private func play(
    _ abr: AbrName, kbps: Double, segments: Int = 100, latencyMs: Double = 50, offset: SimDuration = .zero
  ) -> (player: SegmentPlayer, end: SimTime, qualities: [Int]) {
    var settings = PlayerSettings()
    settings.abr = abr
    settings.options.fixedQuality = 2
    let title = TitleView(
      ladder: Self.ladder.view(), segmentDuration: .seconds(4), duration: .seconds(Double(4 * segments)))
    var now = SimTime.zero
    var player = SegmentPlayer(at: now, offset: offset, settings: settings, title: title)
    var qualities: [Int] = []
    loop: while true {
      switch player.nextRequest(at: now, settings: settings, title: title) {
      case .nothing: break loop
      case .wait(let until):
        #expect(until > now)
        now = until
      case .request(let segment, let quality, let sendAt):
        let bytes = title.bytes(segment: segment, quality: quality)
        let first = sendAt + .seconds(latencyMs / 1000)
        now = first + .seconds(Double(bytes) * 8 / kbps / 1000)
        player.completed(
          SegmentTransfer(
            segment: segment, quality: quality, requestedAt: sendAt, firstByteAt: first, receivedBytes: bytes),
          at: now, title: title)
        qualities.append(quality)
        #expect(player.buffer.level(at: now) <= settings.usableCapacity(segmentDuration: .seconds(4)))
      }
    }
    if let dry = player.buffer.dryTime { now = dry }
    player.leave(at: now, title: title)
    return (player, now, qualities)
  }

  @Test("a session takes at most 256 bytes of state")
  func stateSize() {
    #expect(MemoryLayout<SegmentPlayer>.stride <= 256)
    #expect(MemoryLayout<PlaybackBuffer>.stride <= 64)
    #expect(MemoryLayout<PlaybackStatistics>.stride <= 64)
  }

  @Test(
    "over a link faster than the top quality every adaptive rule ends at the top without a stall",
    arguments: [AbrName.bola, .bolaE, .throughput, .dynamic, .dynamicDash, .bufferBased, .robustMpc])
  func fastLink(abr: AbrName) {
    let (player, end, qualities) = play(abr, kbps: 20_000)
    #expect(qualities.count == 100)
    #expect(qualities.last == 5)
    #expect(player.buffer.stallCount(at: end) == 0)
    #expect(player.buffer.playTime(at: end) == .seconds(400))
    #expect(player.buffer.phase(at: end) == .ended)
  }

  @Test(
    "no adaptive rule stalls on a steady link that sustains the second quality",
    arguments: [
      AbrName.bola, .bolaE, .throughput, .dynamic, .dynamicDash, .robustMpcStrict,
    ])
  func slowLink(abr: AbrName) {
    let (player, end, _) = play(abr, kbps: 1000)
    #expect(player.buffer.stallTime(at: end) == .zero)
    let mean = player.statistics.meanBitrateKbps(playTime: player.buffer.playTime(at: end)) ?? 0
    #expect(mean > 300 && mean < 1000)
  }

  @Test("mean bitrate, switches and bytes equal a recount of the requests")
  func statisticsRecount() {
    let (player, end, qualities) = play(.dynamic, kbps: 2000)
    let rates = qualities.map { Self.ladder.bitratesKbps[$0] }
    let mean = rates.reduce(0, +) / Double(rates.count)
    #expect(abs((player.statistics.meanBitrateKbps(playTime: player.buffer.playTime(at: end)) ?? 0) - mean) < 1e-6)
    let switches = zip(qualities, qualities.dropFirst()).filter { $0 != $1 }.count
    #expect(Int(player.statistics.switches) == switches)
    let bytes = qualities.reduce(0) { $0 + Int64(Self.ladder.bitratesKbps[$1] * 4000 / 8) }
    #expect(player.statistics.receivedBytes == bytes)
  }

  @Test("a resumed title starts on the segment border at or before the offset")
  func resumeOffset() {
    let (player, end, qualities) = play(.fixed, kbps: 5000, offset: .seconds(203))
    #expect(qualities.count == 50)
    #expect(player.buffer.playTime(at: end) == .seconds(200))
    #expect(player.buffer.playhead(at: end) == .seconds(400))
  }

  @Test("without adaptation a link below the bitrate stalls for exactly the missing time")
  func fixedStalls() {
    // Quality 2 is 1200 kbit/s over 600 kbit/s: 8 s of transfer plus 50 ms for 4 s of media.
    let (player, end, _) = play(.fixed, kbps: 600, segments: 10)
    #expect(player.buffer.startupDelay == .milliseconds(8050))
    #expect(player.buffer.stallCount(at: end) == 9)
    #expect(player.buffer.stallTime(at: end) == .milliseconds(9 * 4050))
  }
}
