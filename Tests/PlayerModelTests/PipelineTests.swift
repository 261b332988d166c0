// The media pipeline over real files: every stage, every frame, every failure.

import PlayerModel
import SimEngine
import Testing
import TextFormats

@Suite(.enabled(if: ReferenceFolder.isPresent, "the reference data is not beside the repository"))
struct PipelineTests {
  private static let media = ReferenceFolder.root + "media/"

  private func check(_ report: PipelineReport, _ name: String) {
    for counters in report.counters { #expect(counters.isConserved, "\(name): \(counters)") }
    for (stage, next) in zip(report.stages, report.stages.dropFirst()) { #expect(stage.time <= next.time, "\(name)") }
    #expect(report.stages.last?.stage == (report.failure == nil ? "Ended" : "Failed"), "\(name)")
  }

  private func stages(_ report: PipelineReport, of component: String) -> [String] {
    report.stages.filter { $0.component == component }.map(\.stage)
  }

  @Test(
    "a local file goes through every stage and shows every frame",
    arguments: [
      "files/prog_moov_first.mp4", "files/prog_moov_last.mp4", "files/hevc_hvc1.mp4", "files/hevc_hev1_frag.mp4",
      "files/av1_frag.mp4", "files/vp9.mp4", "files/cmaf_video.mp4", "files/frag_multitrun.mp4",
      "files/prog_negative_ctts.mp4", "files/quicktime.mov", "files/frag_every_frame.mp4", "files/opus.mp4",
    ])
  func everyStage(name: String) throws {
    let report = MediaPipeline.play(path: Self.media + name)
    check(report, name)
    #expect(report.failure == nil, "\(name)")
    let player = stages(report, of: "player")
    #expect(
      player == ["Idle", "SetDataSource", "Unprepared", "Preparing", "Prepared", "Running", "ScanSources", "Ended"])
    for counters in report.counters {
      #expect(counters.demuxed == counters.decoded)
      #expect(counters.rendered + counters.skipped == counters.decoded, "\(name): \(counters)")
      #expect(counters.rendered > 0)
      #expect(
        stages(report, of: counters.track) == [
          "Uninitialized", "Loaded", "LoadedToIdle", "Idle", "IdleToExecuting", "Executing", "Draining",
          "ExecutingToIdle", "Idle", "IdleToLoaded", "Loaded",
        ])
    }
  }

  @Test("audio alone plays against its own clock, in real time")
  func audioOnly() throws {
    let report = MediaPipeline.play(path: Self.media + "files/audio_only.m4a")
    check(report, "audio_only")
    #expect(report.counters.map(\.track) == ["audio"])
    #expect(report.failure == nil)
  }

  @Test("a media segment plays with its initialisation segment, and fails without it")
  func segments() {
    let segment = Self.media + "dash-number/s0_1.m4s"
    let report = MediaPipeline.play(path: segment, initialization: Self.media + "dash-number/i0.mp4")
    check(report, "segment")
    #expect(report.failure == nil)
    #expect((report.counters.first?.rendered ?? 0) > 0)
    let alone = MediaPipeline.play(path: segment)
    check(alone, "segment alone")
    #expect(alone.failure != nil)
  }

  @Test(
    "presentations play their best representations",
    arguments: [
      "ladder/manifest.mpd", "ladder/master.m3u8", "dash-ondemand/manifest.mpd", "dash-segmentbase/manifest.mpd",
      "dash-list/manifest.mpd", "dash-number/manifest.mpd", "hls-files/master.m3u8", "hls-byterange/media.m3u8",
      "smooth/pres.ism/Manifest.t.xml", "file.ismv",
    ])
  func presentations(name: String) {
    let report = MediaPipeline.play(path: Self.media + name)
    check(report, name)
    #expect(report.failure == nil, "\(name): \(report.failure ?? "")")
    #expect((report.counters.first?.rendered ?? 0) > 20)
  }

  @Test("Smooth fragments that count from their own start play one after the other, picture by picture")
  func smooth() throws {
    let report = MediaPipeline.play(path: Self.media + "smooth/pres.ism/Manifest.t.xml")
    #expect(report.counters.map(\.codec) == ["avc1.640016", "mp4a.40.2"])
    // 17 s of video by the manifest; fragments on top of each other would be over after 4 s.
    let end = try #require(report.stages.last?.time)
    #expect(end.seconds > 16.5 && end.seconds < 17.5, "\(end)")
    #expect(report.counters.allSatisfy { $0.rendered + $0.skipped == $0.demuxed })
  }

  @Test(
    "encrypted, foreign, damaged and missing files end in Failed with a reason",
    arguments: [
      "files/cenc_prog.mp4", "golden/ladder/manifest.mpd.segments.csv", "no/such/file.mp4", "make-ladder.sh",
    ])
  func failures(name: String) {
    let report = MediaPipeline.play(path: Self.media + name)
    check(report, name)
    #expect(report.failure?.isEmpty == false, "\(name)")
  }

  @Test("no damaged file crashes, hangs or loses a frame")
  func mutants() throws {
    let text = try JSONText(readingFile: Self.media + "malformed/expect.json")
    guard case .array(let items) = text.root.content else {
      Issue.record("the list of damaged files is no array")
      return
    }
    var failed = 0
    for item in items {
      guard case .text(let name) = item["name"]?.content else { continue }
      let report = MediaPipeline.play(path: Self.media + "malformed/\(name).mp4")
      check(report, name)
      if report.failure != nil { failed += 1 }
    }
    #expect(failed > 20)
  }

  @Test("a decoder slower than the title drops late frames instead of falling behind")
  func slowDecoder() {
    var settings = PipelineSettings()
    // 250 ms a picture for a title of 25 pictures a second.
    settings.pictureBase = .milliseconds(250)
    let report = MediaPipeline.play(path: Self.media + "ladder/manifest.mpd", settings: settings)
    check(report, "slow decoder")
    let video = report.counters.first
    #expect((video?.droppedLate ?? 0) > 0)
    #expect((video?.droppedBeforeDecode ?? 0) > 0)
    #expect((video?.rendered ?? 0) > 0)
  }

  @Test("a surface that comes late makes the player scan again every 100 ms")
  func lateSurface() {
    var settings = PipelineSettings()
    settings.surfaceReady = .milliseconds(250)
    let report = MediaPipeline.play(path: Self.media + "files/prog_moov_first.mp4", settings: settings)
    check(report, "late surface")
    let scans = report.stages.filter { $0.stage == "ScanSources" }.map(\.time.seconds)
    #expect(scans == [0, 0.1, 0.2, 0.3])
    #expect(report.failure == nil)
  }

  @Test("a jump flushes both codecs, goes to the previous sync frame and skips up to the target")
  func seek() {
    var settings = PipelineSettings()
    settings.seeks = [.init(after: .milliseconds(1500), target: .milliseconds(10_500))]
    let report = MediaPipeline.play(path: Self.media + "ladder/manifest.mpd", settings: settings)
    check(report, "seek")
    let names = report.stages.map(\.stage)
    #expect(names.filter { $0 == "Flushing" }.count == 2)
    #expect(names.filter { $0 == "Flushed" }.count == 2)
    #expect(names.contains("SeekComplete"))
    // Keyframes every 4 s: the source goes back to 8 s, and 2.5 s of pictures are decoded for nothing.
    #expect((report.counters.first?.skipped ?? 0) >= 28)
    #expect(report.failure == nil)
  }

  @Test("a network slower than the title pauses playback to buffer, and conserves frames")
  func slowNetwork() {
    var settings = PipelineSettings()
    settings.networkKbps = 700
    let report = MediaPipeline.play(path: Self.media + "ladder/manifest.mpd", settings: settings)
    check(report, "slow network")
    #expect(report.failure == nil)
    #expect(stages(report, of: "source").contains("Buffering"))
    #expect(report.firstFrame != nil)
  }
}
