import MediaFormats
import Testing

@Suite("The measured ladder")
struct LadderTests {
  @Test("segment sizes and durations are those of the files, not of the manifest")
  func realSizes() throws {
    let ladder = try MediaLadder(manifest: repositoryFile("scenarios/media/manifest.mpd"))
    #expect(ladder.video.map(\.height) == [240, 360, 480, 720, 1080])
    #expect(ladder.video[0].segments.map(\.bytes) == [37710, 40334, 41716, 30212, 25161])
    #expect(ladder.video[4].segments.map(\.bytes) == [624442, 609454, 655589, 274027, 161111])
    #expect(ladder.audio.count == 1)
    #expect(ladder.audio[0].segments.map(\.bytes) == [32081, 33003, 32929, 32951, 32975])
    #expect(
      ladder.audio[0].segments.map(\.duration.description) == [
        "42752/11025", "44032/11025", "44032/11025", "44032/11025", "4864/1225",
      ])
    #expect(ladder.video[0].duration == RationalTime(seconds: 20))
    #expect(ladder.video[0].codecs == "avc1.640015")
  }
}
