import Foundation
import PlayerModel
import SimEngine
import Testing

@testable import Platform

/// A sample of the sessions is played again frame by frame.
@Suite("Sessions at frame level")
struct FrameTests {
  private static let manifest =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path(percentEncoded: false) + "/scenarios/media/manifest.mpd"

  private static let devices = [
    "catalog.heights=[360, 1080, 2160]",
    #"viewers.devices=[{ "name": "fast", "share": 1 }, "#
      + #"{ "name": "slow", "share": 1, "picture_time": "2ms", "megapixel_time": "12ms" }]"#,
  ]

  private static func run(_ overrides: [String], share: Double = 0.1) throws -> PlatformResults {
    let scenario = try TestPlatform.scenario(devices + overrides + ["player.frame_sample=\(share)"])
    var pattern = TestPlatform.pattern
    pattern.frames = try FramePattern(manifest: manifest, segmentDuration: pattern.segmentDuration)
    return try World(scenario: scenario, pattern: pattern, identity: RunIdentity(seed: 1)).run(jobs: 1)
  }

  @Test("a segment has the pictures of the real one")
  func pattern() throws {
    let frames = try FramePattern(manifest: Self.manifest, segmentDuration: .seconds(4))
    let shown = frames.pictures.reduce(SimDuration.zero) { $0 + $1.duration }
    #expect(abs(shown.seconds - 4) < 0.1)
    #expect(frames.pictures.first?.isSync == true)
    #expect(frames.audioUnit.map { $0 > .milliseconds(10) && $0 < .milliseconds(50) } == true)
  }

  @Test("replays agree with the players of the crowd: frames follow the first segment, and stalls are the same")
  func agreement() throws {
    let run = try Self.run([])
    let records = run.sites.flatMap(\.replays.records)
    #expect(records.count > 50)
    for record in records {
      #expect(record.video.isConserved)
      guard let startup = record.startup else {
        // A viewer who left at once has seen nothing.
        #expect(record.firstFrame == nil)
        continue
      }
      guard let first = record.firstFrame else {
        // Or left while the codec was being set up.
        continue
      }
      #expect(first > startup && first < startup + .milliseconds(120), "\(record)")
      #expect(abs((record.buffering - record.stalled).seconds) < 0.5 + 0.05 * record.stalled.seconds, "\(record)")
    }
  }

  @Test("a slow decoder drops frames of the highest resolution, a fast one none")
  func decoders() throws {
    let run = try Self.run(["viewers.access=[{ \"share\": 1, \"rate\": \"50Mbit/s\" }]"])
    #expect(run.value("frame_drop_ratio", entity: "device-slow") > 0.1)
    #expect(run.value("frame_drop_ratio", entity: "device-fast") < 0.001)
    let few = try Self.run(["viewers.access=[{ \"share\": 1, \"rate\": \"1Mbit/s\" }]"])
    #expect(few.value("frame_drop_ratio", entity: "device-slow") < 0.01)
    let heavy = try Self.run([
      "viewers.access=[{ \"share\": 1, \"rate\": \"50Mbit/s\" }]",
      #"catalog.codecs=[{ "name": "h264", "decode_factor": 8 }]"#,
    ])
    #expect(heavy.value("frame_drop_ratio", entity: "device-fast") > 0.1)
  }

  @Test("a replay changes nothing about the crowd")
  func silent() throws {
    let without = try Self.run([], share: 0)
    let with = try Self.run([])
    func viewers(_ run: PlatformResults) -> [String] { run.sessions.map(\.ending.rawValue) }
    #expect(viewers(with) == viewers(without))
    #expect(with.events == without.events)
    #expect(with.value("rebuffer_ratio") == without.value("rebuffer_ratio"))
    #expect(without.frameTables.isEmpty && with.frameTables.map(\.name) == ["frames", "frame_stages"])
    #expect(with.frameTables[1].rows.contains { $0[5] == .text("FirstFrame") })
  }
}
