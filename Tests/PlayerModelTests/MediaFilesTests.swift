// Every media file and every manifest that the repository holds, through the pipeline: frames are conserved, or the reason
// is told.

import Foundation
import PlayerModel
import Testing

@testable import MediaFormats

@Suite("The repository's media through the pipeline")
struct MediaFilesTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Media and manifests of a folder, by name; anything else in it is listed by the caller.
  private static func files(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path(percentEncoded: false))
      .filter { name in ["mp4", "mov", "m4s", "m4a", "mpd", "m3u8", "ismc"].contains { name.hasSuffix(".\($0)") } }
      .sorted().map { "\(folder)/\($0)" }
  }

  private static func play(_ name: String, initialization: String? = nil) -> PipelineReport {
    func path(_ name: String) -> String { root.appending(path: name).path(percentEncoded: false) }
    return MediaPipeline.play(path: path(name), initialization: initialization.map(path))
  }

  private func check(_ report: PipelineReport, _ name: String) {
    for counters in report.counters {
      #expect(counters.isConserved, "\(name): \(counters)")
      #expect(counters.decoded <= counters.demuxed, "\(name): \(counters)")
      let dropped = counters.droppedLate + counters.skipped + counters.flushedOutput
      #expect(counters.rendered + dropped == counters.decoded, "\(name): \(counters)")
    }
    #expect(report.stages.last?.stage == (report.failure == nil ? "Ended" : "Failed"), "\(name)")
    if let failure = report.failure { #expect(failure.count > 10, "\(name): \(failure)") }
  }

  /// What cannot be played, and a word of the reason.
  private static func obstacle(_ name: String) -> String? {
    if name.contains("media/init-") { return "no samples" }
    if name.contains("media/seg-") { return "initialisation segment" }
    // The manifest alone; its fragments are not in the repository.
    if name.hasSuffix("smooth.ismc") { return "QualityLevels(145442)/Fragments(video=1666667)" }
    return nil
  }

  @Test("each file plays and loses no frame, or tells why not", arguments: ["scenarios/media", "Tests/Fixtures"])
  func everyFile(folder: String) throws {
    let names = try Self.files(folder)
    #expect(names.count >= 13)
    for name in names {
      let report = Self.play(name)
      check(report, name)
      if let word = Self.obstacle(name) {
        #expect(report.failure?.contains(word) == true, "\(name): \(report.failure ?? "played")")
      } else {
        #expect(report.failure == nil, "\(name): \(report.failure ?? "")")
        #expect(report.counters.contains { $0.rendered > 0 }, "\(name)")
      }
    }
  }

  @Test("each segment of the ladder plays with its initialisation segment")
  func segments() throws {
    for name in try Self.files("scenarios/media") where name.contains("/seg-") {
      let number = try #require(name.split(separator: "-").dropFirst().first)
      let report = Self.play(name, initialization: "scenarios/media/init-\(number).mp4")
      check(report, name)
      #expect(report.failure == nil && (report.counters.first?.rendered ?? 0) > 0, "\(name)")
    }
  }

  @Test("DASH, an HLS master playlist and a Smooth manifest of the same files show the same frames")
  func manifests() throws {
    let dash = Self.play("scenarios/media/manifest.mpd")
    let hls = Self.play("scenarios/media/master.m3u8")
    #expect(dash.counters == hls.counters)
    let scratch = try SmoothFolder(fragmentsOf: Self.root.appending(path: "scenarios/media"))
    let smooth = MediaPipeline.play(path: scratch.manifest)
    check(smooth, "Smooth")
    #expect(smooth.failure == nil, "\(smooth.failure ?? "")")
    let video = try #require(smooth.counters.first)
    #expect(video.rendered == dash.counters.first?.rendered && video.codec == dash.counters.first?.codec)
    // A playlist of one rendition does not say what it holds; its segments do.
    let pictures = Self.play("scenarios/media/media_4.m3u8")
    let sound = Self.play("scenarios/media/media_5.m3u8")
    #expect(smooth.stages.map(\.stage) == pictures.stages.map(\.stage))
    #expect(pictures.counters.map(\.track) == ["video"] && sound.counters.map(\.track) == ["audio"])
  }

  @Test("a Smooth manifest is a title to play, as large as its fragments")
  func smoothTitle() throws {
    let scratch = try SmoothFolder(fragmentsOf: Self.root.appending(path: "scenarios/media"))
    let title = try PlayTitle(path: scratch.manifest)
    let dash = try PlayTitle(
      path: Self.root.appending(path: "scenarios/media/manifest.mpd").path(percentEncoded: false))
    #expect(title.bitratesKbps.count == 1 && title.segmentMs == dash.segmentMs)
    let ladder = try MediaLadder(manifest: scratch.manifest)
    let real = try MediaLadder(
      manifest: Self.root.appending(path: "scenarios/media/manifest.mpd").path(percentEncoded: false))
    #expect(ladder.video.first?.segments == real.video.last?.segments)
  }

  @Test("the server's manifest of a Smooth presentation is told apart from the players'")
  func serverManifest() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "simrun-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "movie.ism")
    try Data(#"<?xml version="1.0"?><smil><body><switch/></body></smil>"#.utf8).write(to: file)
    let report = MediaPipeline.play(path: file.path(percentEncoded: false))
    #expect(report.failure?.contains("client manifest") == true, "\(report.failure ?? "played")")
  }

  @Test("what is cut short or damaged fails with a reason or plays what is left, and loses no frame")
  func damaged() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "simrun-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var failed = 0
    var played = 0
    for name in try Self.files("Tests/Fixtures") where !name.hasSuffix("ismc") {
      let whole = try Data(contentsOf: Self.root.appending(path: name))
      for (number, share) in [0.0, 0.01, 0.1, 0.5, 0.9, 0.999].enumerated() {
        let file = folder.appending(path: "\(number)").path(percentEncoded: false)
        var bytes = whole.prefix(Int(Double(whole.count) * share))
        // One byte in the middle of what is left is wrong as well.
        if bytes.count > 200 { bytes[bytes.startIndex + bytes.count / 2] ^= 0x5A }
        try bytes.write(to: URL(filePath: file))
        let report = MediaPipeline.play(path: file)
        check(report, "\(name) cut to \(share)")
        if report.failure == nil { played += 1 } else { failed += 1 }
      }
    }
    #expect(failed > 40 && played + failed == 72, "\(failed) of \(played + failed)")
  }
}

/// A Smooth presentation on disk, its fragments those of the best video of a DASH ladder.
private struct SmoothFolder: ~Copyable {
  private let folder: URL
  var manifest: String { folder.appending(path: "Manifest").path(percentEncoded: false) }

  init(fragmentsOf ladder: URL) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "simrun-\(UUID().uuidString)")
    let path = ladder.appending(path: "manifest.mpd").path(percentEncoded: false)
    let presentation = try Presentation(manifest: path)
    let video = try #require(presentation.tracks.first { $0.kind == .video })
    let best = try #require(video.representations.max { $0.bandwidth < $1.bandwidth })
    let head = try #require(best.initialization)
    // The fragments count in the media's ticks, and so must the manifest.
    let movie = try MediaFile(path: ladder.appending(path: head.url).path(percentEncoded: false))
    let scale = Int64(try #require(movie.tracks.first?.timescale))
    let level = folder.appending(path: "QualityLevels(\(best.bandwidth))")
    try FileManager.default.createDirectory(at: level, withIntermediateDirectories: true)
    var chunks = ""
    for segment in best.segments {
      let ticks = segment.start.ticks * scale / segment.start.timescale
      let length = segment.duration.ticks * scale / segment.duration.timescale
      chunks += #"<c t="\#(ticks)" d="\#(length)"/>"#
      try FileManager.default.copyItem(
        at: ladder.appending(path: segment.resource.url), to: level.appending(path: "Fragments(video=\(ticks))"))
    }
    let text = """
      <SmoothStreamingMedia MajorVersion="2" MinorVersion="2" TimeScale="10000000">
      <StreamIndex Type="video" TimeScale="\(scale)" Url="QualityLevels({bitrate})/Fragments(video={start time})">
      <QualityLevel Index="0" Bitrate="\(best.bandwidth)" FourCC="H264" MaxWidth="\(best.width ?? 0)" \
      MaxHeight="\(best.height ?? 0)" CodecPrivateData="\(try Self.privateData(ladder.appending(path: head.url)))"/>
      \(chunks)</StreamIndex></SmoothStreamingMedia>
      """
    try Data(text.utf8).write(to: folder.appending(path: "Manifest"))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }
}

extension SmoothFolder {
  /// Sequence and picture parameter sets of the `avcC` box as the byte stream that a manifest carries, in hexadecimal
  /// (ISO/IEC 14496-15 section 5.3.3.1).
  private static func privateData(_ file: URL) throws -> String {
    let data = Array(try Data(contentsOf: file))
    let name = Array("avcC".utf8)
    let start = try #require(data.indices.dropLast(16).first { Array(data[$0..<$0 + 4]) == name }) + 4
    var next = start + 5
    var text = ""
    for mask in [UInt8(0x1F), 0xFF] {
      let count = Int(data[next] & mask)
      next += 1
      for _ in 0..<count {
        let length = Int(data[next]) << 8 | Int(data[next + 1])
        text +=
          "00000001" + data[next + 2..<next + 2 + length].map { String(0x100 | Int($0), radix: 16).suffix(2) }.joined()
        next += 2 + length
      }
    }
    return text
  }
}
