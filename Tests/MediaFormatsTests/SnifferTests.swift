import Foundation
import MediaFormats
import Testing

@Suite("Containers told apart by content")
struct SnifferTests {
  private func sniff(_ bytes: [UInt8]) -> MediaContainer? { ContainerSniffer.container(MediaBytes(bytes))?.container }

  private func repeated(_ frame: [UInt8], _ count: Int) -> [UInt8] { (0..<count).flatMap { _ in frame } }

  @Test("fixtures are MP4 or fragmented MP4")
  func fixtures() throws {
    let fragmented = ["hier_sidx.mp4", "two_truns.mp4", "emsg_v0_v1.mp4", "av1_frag.mp4"]
    for name in FixtureTests.names {
      let claim = ContainerSniffer.container(try MediaBytes(path: repositoryFile("Tests/Fixtures/" + name)))
      #expect(claim?.container == (fragmented.contains(name) ? .fragmentedMP4 : .mp4), "\(name)")
      #expect((claim?.confidence ?? 0) > 0.9, "\(name)")
    }
    let segment = try MediaBytes(path: repositoryFile("scenarios/media/seg-0-001.m4s"))
    #expect(ContainerSniffer.container(segment)?.container == .fragmentedMP4)
  }

  @Test("each container is recognised by its own structure")
  func magics() {
    let ebml: [UInt8] = [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x84] + Array("webm".utf8)
    #expect(sniff(ebml + [0, 0, 0, 0]) == .matroska)
    #expect(sniff(repeated([0x47] + [UInt8](repeating: 0xFF, count: 187), 12)) == .mpegTS)
    #expect(sniff(repeated([0, 0, 0, 0, 0x47] + [UInt8](repeating: 0xFF, count: 187), 12)) == .mpegTS)
    #expect(sniff(Array("RIFF\u{0}\u{0}\u{0}\u{0}WAVEfmt ".utf8)) == .wav)
    #expect(sniff(Array("OggS\u{0}\u{2}".utf8) + [UInt8](repeating: 0, count: 30)) == .ogg)
    #expect(sniff(Array("fLaC".utf8) + [0, 0, 0, 34] + [UInt8](repeating: 0, count: 34)) == .flac)
    // 128 kbit/s at 44.1 kHz: 417 bytes a frame.
    let layer3: [UInt8] = [0xFF, 0xFB, 0x90, 0x64] + [UInt8](repeating: 0, count: 413)
    #expect(sniff(repeated(layer3, 4)) == .mp3)
    #expect(
      sniff(Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 10] + [UInt8](repeating: 0, count: 10) + repeated(layer3, 4)) == .mp3
    )
    let adts: [UInt8] = [0xFF, 0xF1, 0x50, 0x80, 0x04, 0x1F, 0xFC] + [UInt8](repeating: 1, count: 25)
    #expect(sniff(repeated(adts, 5)) == .adts)
    #expect(sniff(Array("plain text that is no media at all, long enough to matter".utf8)) == nil)
    #expect(sniff([]) == nil)
  }

  @Test("a sync word alone is less sure than frames in a row")
  func confidence() throws {
    let one = ContainerSniffer.claims(MediaBytes([0xFF, 0xFB, 0x90, 0x64] + [UInt8](repeating: 7, count: 2000)))
    let many = ContainerSniffer.claims(
      MediaBytes(repeated([0xFF, 0xFB, 0x90, 0x64] + [UInt8](repeating: 0, count: 413), 9)))
    #expect(try #require(one.first).confidence < 0.5)
    #expect(try #require(many.first).confidence >= 0.9)
  }

  @Test(
    "what ffmpeg writes is recognised", .enabled(if: FFmpeg.isInstalled, "ffmpeg is not installed"),
    arguments: [
      ("mkv", MediaContainer.matroska), ("webm", .matroska), ("ts", .mpegTS), ("wav", .wav), ("mp3", .mp3),
      ("aac", .adts), ("ogg", .ogg), ("flac", .flac), ("mp4", .mp4),
    ])
  func real(_ suffix: String, _ container: MediaContainer) throws {
    let path = NSTemporaryDirectory() + "sniff-\(UUID().uuidString).\(suffix)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FFmpeg.run(["-f", "lavfi", "-i", "sine=duration=1", path])
    #expect(ContainerSniffer.container(try MediaBytes(path: path))?.container == container)
  }
}

/// ffmpeg, where it is installed.
enum FFmpeg {
  static let path = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"].first(where: FileManager.default.isExecutableFile)
  static var isInstalled: Bool { path != nil }

  static func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = ["-nostdin", "-v", "error", "-y"] + arguments
    try process.run()
    process.waitUntilExit()
  }
}
