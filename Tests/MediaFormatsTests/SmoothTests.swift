import Foundation
import MediaFormats
import TextFormats
import Testing

/// ffprobe, where it is installed.
enum FFprobe {
  static let path = ["/usr/bin/ffprobe", "/usr/local/bin/ffprobe"].first(where: FileManager.default.isExecutableFile)
  static var isInstalled: Bool { path != nil }

  /// Lines that ffprobe prints about a file.
  static func lines(_ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = ["-v", "error"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
  }

  /// Packets of a file made of the given bytes.
  static func packets(_ bytes: [UInt8], entries: String = "pts,size,flags") throws -> [String] {
    let path = NSTemporaryDirectory() + "probe-\(UUID().uuidString).mp4"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try lines(["-show_entries", "packet=\(entries)", "-of", "csv=p=0", path])
  }
}

@Suite("Smooth Streaming")
struct SmoothTests {
  private static let manifest = ReferenceFiles.folder + "smooth/pres.ism/Manifest.t.xml"

  @Test(
    "a synthesised initialisation segment with a fragment is readable by ffprobe",
    .enabled(if: ReferenceFiles.isPresent && FFprobe.isInstalled, "needs the reference folder and ffprobe"))
  func synthesis() throws {
    let presentation = try Presentation(manifest: Self.manifest)
    let folder = ReferenceFiles.folder + "smooth/pres.ism/"
    let qualities = presentation.tracks.flatMap(\.representations)
    for (position, expected) in [(0, 48), (1, 48), (2, 167)] {
      let start = try InitializationSegments.bytes(manifest: Self.manifest, quality: position)
      let url = try #require(qualities[position].segments.first).resource.url
      let fragment = try Array(Data(contentsOf: URL(fileURLWithPath: folder + url)))
      let packets = try FFprobe.packets(start + fragment, entries: "size")
      let own = try MediaFile(MediaBytes(start + fragment))
      #expect(own.tracks.first?.samples.count == packets.count, "quality \(position)")
      if position < 2 { #expect(packets.count == expected) }
      #expect(own.tracks.first?.codec == ["avc1.640015", "avc1.640016", "mp4a.40.2"][position])
    }
  }

  private func segments(_ timeline: String, attributes: String = "Duration=\"120000000\"") throws -> [Segment] {
    let text = """
      <SmoothStreamingMedia MajorVersion="2" MinorVersion="2" \(attributes)>
      <StreamIndex Type="video" Url="QualityLevels({bitrate})/Fragments(video={start time})">
      <QualityLevel Bitrate="1000" FourCC="H264" CodecPrivateData=""/>\(timeline)</StreamIndex>
      </SmoothStreamingMedia>
      """
    return Array(try Presentation(text: Array(text.utf8), source: "test.ismc").tracks[0].representations[0].segments)
  }

  @Test("r counts all repetitions, a missing t follows, a missing d reaches to the next t or the end")
  func timeline() throws {
    let counted = try segments("<c t=\"0\" d=\"20000000\" r=\"3\"/><c d=\"10000000\"/>")
    #expect(counted.map(\.start.description) == ["0", "2", "4", "6"])
    #expect(counted.last?.resource.url == "QualityLevels(1000)/Fragments(video=60000000)")
    let timed = try segments("<c t=\"5\"/><c t=\"30000005\" r=\"3\"/><c t=\"90000005\"/>")
    #expect(timed.map { $0.duration.seconds } == [3, 2, 2, 2, 2.9999995])
    #expect(throws: InputError.self) { try segments("<c t=\"0\"/>", attributes: "") }
    #expect(throws: InputError.self) { try segments("<c d=\"0\"/>") }
    #expect(throws: InputError.self) { try segments("<c d=\"9\" r=\"0\"/>") }
  }

  @Test("fragments announced by a live fragment extend the timeline once")
  func live() throws {
    let path = ReferenceFiles.folder + "smooth/pres.ism/QualityLevels(145442)/Fragments(video=1666667)"
    guard ReferenceFiles.isPresent else { return }
    let fragment = try #require(try MediaFile(path: path).fragments.first?.tracks.first)
    let text = """
      <SmoothStreamingMedia MajorVersion="2" IsLive="TRUE"><StreamIndex Type="video" Url="Fragments({start time})">
      <QualityLevel Bitrate="1" FourCC="H264"/><c t="1666667" d="40000000"/></StreamIndex></SmoothStreamingMedia>
      """
    var presentation = try Presentation(text: Array(text.utf8), source: "live.ismc")
    presentation.tracks[0].extend(with: fragment)
    presentation.tracks[0].extend(with: fragment)
    #expect(presentation.isLive)
    #expect(
      presentation.tracks[0].representations[0].segments.map(\.resource.url) == [
        "Fragments(1666667)", "Fragments(41666667)", "Fragments(81666667)",
      ])
  }

  @Test("a configuration for AAC is derived from rate and channels where the manifest has none")
  func derived() throws {
    var quality = SmoothQuality()
    quality.fourCC = "AACL"
    quality.samplingRate = 44_100
    quality.channels = 2
    var representation = Representation(id: "a", bandwidth: 1)
    representation.smooth = quality
    let file = try MediaFile(MediaBytes(try SmoothInitialization.bytes(representation)))
    #expect(file.tracks[0].codec == "mp4a.40.2")
    #expect(file.tracks[0].audio?.sampleRate == 44_100)
    representation.smooth?.fourCC = "WVC1"
    #expect(throws: MediaError.self) { try SmoothInitialization.bytes(representation) }
  }

  @Test(
    "the configuration of HEVC made from its parameter sets equals the packager's",
    .enabled(if: ReferenceFiles.isPresent))
  func hevc() throws {
    for name in ["hevc_hvc1", "hevc_main10_hdr"] {
      let file = try MediaFile(path: ReferenceFiles.folder + "files/\(name).mp4")
      let record = try #require(file.tree.records.first { $0.type == "hvcC" })
      let payload = file.bytes.copy(record.payload)
      // Parameter sets out of the arrays, as the byte stream that a Smooth manifest would carry.
      var stream: [UInt8] = []
      var position = 23
      for _ in 0..<payload[22] {
        let isSet = [32, 33, 34].contains(payload[position] & 63)
        let count = Int(payload[position + 1]) << 8 | Int(payload[position + 2])
        position += 3
        for _ in 0..<count {
          let length = Int(payload[position]) << 8 | Int(payload[position + 1])
          if isSet { stream += [0, 0, 0, 1] + payload[position + 2..<position + 2 + length] }
          position += 2 + length
        }
      }
      var quality = SmoothQuality()
      quality.fourCC = "HVC1"
      quality.codecPrivateData = stream
      var representation = Representation(id: "v", bandwidth: 1)
      (representation.width, representation.height, representation.smooth) = (320, 180, quality)
      let made = try MediaFile(MediaBytes(try SmoothInitialization.bytes(representation)))
      let box = try #require(made.tree.records.first { $0.type == "hvcC" })
      #expect(made.tracks[0].codec == file.tracks[0].codec)
      let own = made.bytes.copy(box.payload)
      // Profile to level, then chroma format and bit depths; the packager may claim more in between.
      #expect(own[1..<13] == payload[1..<13])
      #expect(own[16..<19] == payload[16..<19])
      #expect(own[21] == payload[21])
    }
  }
}
