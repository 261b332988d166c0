import Testing
import TextFormats

@testable import MediaFormats

@Suite("HLS playlists")
struct HLSTests {
  private func media(_ body: String, target: Int = 4) throws(InputError) -> HLSMediaPlaylist {
    try HLSMediaPlaylist(text: Array("#EXTM3U\n#EXT-X-TARGETDURATION:\(target)\n\(body)".utf8), source: "p.m3u8")
  }

  @Test("maps apply until the next one, discontinuities to the next segment only")
  func maps() throws {
    let list = try media(
      """
      #EXT-X-MEDIA-SEQUENCE:7
      #EXT-X-MAP:URI="a.mp4",BYTERANGE="10@5"
      #EXTINF:4.5,one
      1.m4s
      #EXT-X-DISCONTINUITY
      #EXTINF:0.25
      2.m4s
      #EXT-X-MAP:URI="b.mp4"
      #EXTINF:1,
      3.m4s

      """)
    #expect(list.mediaSequence == 7)
    #expect(list.segments.map(\.start.description) == ["0", "9/2", "19/4"])
    #expect(list.segments.map(\.isDiscontinuity) == [false, true, false])
    #expect(list.segments.map { $0.initialization?.url } == ["a.mp4", "a.mp4", "b.mp4"])
    #expect(list.segments[0].initialization?.range == 5..<15)
    #expect(!list.isEnded)
  }

  @Test("a range without offset continues the one before it in the same resource, and only there")
  func ranges() throws {
    let body = { (second: String) in "#EXTINF:1,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:1,\n#EXT-X-BYTERANGE:3\n\(second)\n"
    }
    #expect(try media(body("a")).segments[1].resource.range == 15..<18)
    #expect(throws: InputError.self) { try media(body("b")) }
    #expect(throws: InputError.self) {
      try media("#EXTINF:1,\n#EXT-X-BYTERANGE:5@0\na\n#EXTINF:1,\na\n#EXTINF:1,\n#EXT-X-BYTERANGE:5\na\n")
    }
  }

  @Test(
    "what cannot be meant is refused with its line",
    arguments: [
      ("a.m4s", 3), ("#EXTINF:-1,\na", 3), ("#EXTINF:1e3,\na", 3), ("#EXTINF:,\na", 3),
      ("#EXTINF:1,\n#EXT-X-BYTERANGE:18446744073709551600@20\na", 5), ("#EXTINF:1,\n#EXT-X-BYTERANGE:0@0\na", 4),
      ("#EXTINF:99999999999999999999,\na", 3), ("#EXT-X-MAP:URI=\"a", 3), ("#EXT-X-MAP:uri=\"a\"", 3),
      ("#EXT-X-MAP:URI=\"a\",URI=\"b\"", 3), ("#EXT-X-MEDIA-SEQUENCE:-1", 3),
      ("#EXT-X-STREAM-INF:BANDWIDTH=1\nx.m3u8", 3),
    ])
  func refusals(_ body: String, _ line: Int) {
    do {
      _ = try media(body)
      Issue.record("accepted")
    } catch {
      #expect(error.diagnostics.first?.place.line == line, "\(error)")
    }
  }

  @Test("variants and renditions keep their attributes; quoted commas belong to the value")
  func master() throws {
    let text = """
      #EXTM3U\r
      #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g,1",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="a/en.m3u8"\r
      #EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=90,BANDWIDTH=100,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=64x48,AUDIO="g,1"\r
      v/1.m3u8\r

      """
    let list = try HLSMasterPlaylist(text: Array(text.utf8), source: "m.m3u8")
    #expect(list.renditions.map(\.group) == ["g,1"])
    #expect(list.renditions[0].isDefault)
    let variant = try #require(list.variants.first)
    #expect(
      (variant.uri, variant.bandwidth, variant.averageBandwidth, variant.codecs) == (
        "v/1.m3u8", 100, 90, "avc1.64001f,mp4a.40.2"
      ))
    #expect(variant.width == 64 && variant.height == 48)
    for broken in [
      "#EXT-X-STREAM-INF:RESOLUTION=1x1\nv", "#EXT-X-STREAM-INF:BANDWIDTH=1\n",
      "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1\nv",
    ] {
      #expect(throws: InputError.self, "\(broken)") {
        try HLSMasterPlaylist(text: Array(("#EXTM3U\n" + broken).utf8), source: "m.m3u8")
      }
    }
  }
}

@Suite("Codec names")
struct CodecNameTests {
  /// The name of a sample entry that is built and read back.
  private func name(_ type: FourCC, _ box: FourCC, _ fields: some BoxFields, isVideo: Bool = true) throws -> String {
    var entry = BoxBuilder()
    try entry.box(type, isVideo ? VisualSampleEntry() : AudioSampleEntry()) {
      (inner: inout BoxBuilder) throws(MediaError) in
      try inner.box(box, fields)
    }
    let track = TrackDescription(id: 1, kind: isVideo ? .video : .audio, timescale: 1, sampleEntry: entry.bytes)
    return try MediaFile(MediaBytes(try InitializationWriter.bytes([track]))).tracks[0].codec
  }

  @Test("HEVC: space, profile, reversed compatibility, tier, level, constraints without trailing zeros")
  func hevc() throws {
    var box = HEVCConfigurationBox()
    (box.profileByte, box.compatibility, box.level, box.constraints) = (0b0110_0010, 0x2000_0000, 153, 0xB000_0000_0001)
    #expect(try name("hev1", "hvcC", box) == "hev1.A2.4.H153.b0.0.0.0.0.1")
    (box.profileByte, box.constraints) = (1, 0)
    #expect(try name("hvc1", "hvcC", box) == "hvc1.1.4.L153")
  }

  @Test("AV1 and VP9: profile, two-digit level, tier, depth")
  func av1() throws {
    var box = AV1ConfigurationBox()
    (box.profileAndLevel, box.format) = (0b0010_1101, 0b1100_0000)
    #expect(try name("av01", "av1C", box) == "av01.1.13H.10")
    (box.profileAndLevel, box.format) = (0b0100_1000, 0b0010_0000)
    #expect(try name("av01", "av1C", box) == "av01.2.08M.08")
    box.format = 0b0110_0000
    #expect(try name("av01", "av1C", box) == "av01.2.08M.12")
    var vp = VPConfigurationBox()
    (vp.profile, vp.level, vp.format) = (2, 41, 0xA0)
    #expect(try name("vp09", "vpcC", vp) == "vp09.02.41.10")
  }

  @Test("MPEG-4 audio: object type, and the audio object type beyond 31")
  func mpeg4() throws {
    let descriptor = { (object: UInt8, specific: [UInt8]) -> ElementaryStreamBox in
      var box = ElementaryStreamBox()
      let decoder = [5, UInt8(specific.count)] + specific
      let configuration = [4, UInt8(13 + decoder.count), object] + [UInt8](repeating: 0, count: 12) + decoder
      box.descriptor = .owned([3, UInt8(3 + configuration.count), 0, 0, 0] + configuration)
      return box
    }
    #expect(try name("mp4a", "esds", descriptor(0x40, [0x2B, 0x92]), isVideo: false) == "mp4a.40.5")
    #expect(try name("mp4a", "esds", descriptor(0x40, [0xF9, 0x48]), isVideo: false) == "mp4a.40.42")
    #expect(try name("mp4a", "esds", descriptor(0x6B, [0, 0]), isVideo: false) == "mp4a.6b")
  }
}
