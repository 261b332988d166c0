// Quality figures folded from session logs, and the texts that describe requests.

import PlayerModel
import SimEngine
import Testing
import TextFormats

@Suite struct QoETests {
  private func fold(_ events: [(Double, SessionEvent)]) -> SessionQoE {
    SessionQoE(folding: events.map { SessionRecord($0.1, at: .seconds($0.0)) })
  }

  @Test("startup, stalls, jumps and pauses each take their own share of the time")
  func shares() {
    let qoe = fold([
      (0, .playRequested), (2, .firstFrame), (2, .segmentStarted(kbps: 1000)), (6, .segmentStarted(kbps: 3000)),
      (8, .stallBegan), (11, .stallEnded), (13, .seekBegan), (14, .seekEnded), (14, .segmentStarted(kbps: 300)),
      (15, .paused), (100, .resumed), (103, .ended),
    ])
    #expect(qoe.startup == .seconds(2))
    #expect(qoe.playTime == .seconds(12))
    #expect(qoe.stallTime == .seconds(3))
    #expect(qoe.stallCount == 1)
    #expect(qoe.seekTime == .seconds(1))
    #expect(qoe.rebufferRatio == 0.2)
    #expect(abs(qoe.meanBitrateKbps - (4 * 1000 + 4 * 3000 + 4 * 300) / 12) < 1e-9)
    #expect(qoe.switches == 2)
    #expect(qoe.outcome == .completed)
    #expect(abs(qoe.score(.linear) - (4.3 - 2 - 2.7 - 4.3 * 3)) < 1e-9)
    #expect(abs(qoe.score(.hd) - (2 + 15 + 1 - 13 - 14 - 24)) < 1e-9)
  }

  @Test("leaving or failing before and after the first frame are four different outcomes")
  func outcomes() {
    #expect(fold([(0, .playRequested), (5, .left)]).outcome == .exitBeforeVideoStart)
    #expect(fold([(0, .playRequested), (5, .failed)]).outcome == .videoStartFailure)
    #expect(fold([(0, .playRequested), (1, .firstFrame), (5, .left)]).outcome == .abandoned)
    #expect(fold([(0, .playRequested), (1, .firstFrame), (5, .failed)]).outcome == .videoPlaybackFailure)
    #expect(fold([(0, .playRequested), (1, .firstFrame)]).outcome == .running)
  }

  @Test("startup of 5 s and 2 % of rebuffering cost what the study found")
  func engagement() {
    let loss = EngagementLoss()
    #expect(abs(loss.leavingShare(startupSeconds: 5) - 0.174) < 1e-12)
    #expect(loss.leavingShare(startupSeconds: 1.9) == 0)
    #expect(abs(loss.viewingLoss(rebufferRatio: 0.02) - 0.1) < 1e-12)
    #expect(loss.viewingLoss(rebufferRatio: 0.9) == 1)
    #expect(abs(loss.totalLoss(startupSeconds: 5, rebufferRatio: 0.02) - (1 - 0.826 * 0.9)) < 1e-12)
  }

  @Test("the linear model over a played description equals its definition")
  func yinReport() throws {
    let text = """
      {"I13": {"segments": [
        {"bitrate": 750, "duration": 4, "fps": 25, "resolution": "640x480"},
        {"bitrate": 2850, "duration": 4, "fps": 25, "resolution": "1280x720"}]},
       "I23": {"stalling": [[0, 1.5], [4, 0.5]]}}
      """
    var options = QoEOptions()
    options.model = .yin
    let report = try QoEReport(scoring: try JSONText(parsing: text, source: "s.json"), options: options)
    let row = Dictionary(uniqueKeysWithValues: zip(report.columns, report.rows[0]))
    #expect(row["startup_s"] == "1.5")
    #expect(row["rebuffer_s"] == "0.5")
    #expect(row["play_s"] == "8")
    #expect(abs((Double(row["qoe_lin"] ?? "") ?? .nan) - (3.6 - 2.1 - 4.3 * 0.5)) < 1e-9)
  }

  @Test("CMCD keys are sorted, rounded and quoted, and travel in their header fields")
  func cmcd() {
    var keys = CMCD()
    keys.bitrateKbps = 3200
    keys.bufferMs = 21_349
    keys.throughputKbps = 25_449
    keys.isStartup = true
    keys.hasStarved = true
    keys.contentID = "a\"b"
    keys.nextObject = "../300kbps/segment 35.m4v"
    keys.isLive = false
    keys.playbackRate = 1.5
    #expect(
      keys.text
        == #"bl=21300,br=3200,bs,cid="a\"b",mtp=25400,nor="..%2F300kbps%2Fsegment%2035.m4v",pr=1.5,st=v,su"#)
    #expect(keys.text(of: .object) == "br=3200")
    #expect(keys.text(of: .status) == "bs")
    #expect(CMCD().text.isEmpty)
    var short = CMCD()
    short.durationMs = 4004
    short.isStartup = true
    #expect(short.queryArgument == "CMCD=d%3D4004%2Csu")
  }
}
