import Testing
import TextFormats

@testable import MediaFormats

@Suite("DASH manifests")
struct DASHTests {
  private func presentation(
    _ periods: String, attributes: String = "type=\"static\" mediaPresentationDuration=\"PT12S\""
  ) throws(InputError) -> Presentation {
    try Presentation(text: Array("<MPD \(attributes)>\(periods)</MPD>".utf8), source: "t.mpd")
  }

  private func segments(_ information: String, representation: String = "") throws(InputError) -> [Segment] {
    Array(
      try presentation(
        "<Period><AdaptationSet>\(information)<Representation id=\"v\" bandwidth=\"9\">\(representation)</Representation>"
          + "</AdaptationSet></Period>"
      ).tracks[0].representations[0].segments)
  }

  @Test("times, gaps and repeats of a SegmentTimeline expand exactly")
  func timeline() throws {
    let list = try segments(
      "<SegmentTemplate timescale=\"3\" media=\"$RepresentationID$-$Time$-$Number%03d$-$Bandwidth$\" startNumber=\"5\">"
        + "<SegmentTimeline><S t=\"3\" d=\"4\" r=\"1\"/><S t=\"20\" d=\"5\" r=\"-1\"/><S t=\"30\" d=\"1\"/></SegmentTimeline>"
        + "</SegmentTemplate>")
    #expect(list.map(\.resource.url) == ["v-3-005-9", "v-7-006-9", "v-20-007-9", "v-25-008-9", "v-30-009-9"])
    #expect(list.map(\.start.description) == ["1", "7/3", "20/3", "25/3", "10"])
    #expect(list.map(\.duration.description) == ["4/3", "4/3", "5/3", "5/3", "1/3"])
  }

  @Test("the presentation time offset shifts starts and the end of r = -1")
  func offset() throws {
    let list = try segments(
      "<SegmentTemplate timescale=\"10\" presentationTimeOffset=\"50\" media=\"$Time$\"><SegmentTimeline>"
        + "<S t=\"50\" d=\"40\" r=\"-1\"/></SegmentTimeline></SegmentTemplate>")
    #expect(list.map(\.resource.url) == ["50", "90", "130"])
    #expect(list.map(\.start.seconds) == [0, 4, 8])
  }

  @Test("attributes are inherited one by one, the innermost wins")
  func inheritance() throws {
    let list = try segments(
      "<SegmentTemplate timescale=\"10\" duration=\"60\" media=\"outer$Number$\" startNumber=\"7\"/>",
      representation: "<SegmentTemplate media=\"inner$Number$\"/>")
    #expect(list.map(\.resource.url) == ["inner7", "inner8"])
    let named = try presentation(
      "<Period><AdaptationSet codecs=\"a\" width=\"4\" height=\"2\"><SegmentTemplate duration=\"12\" media=\"$Number$\"/>"
        + "<Representation id=\"1\" bandwidth=\"1\"/><Representation id=\"2\" bandwidth=\"2\" codecs=\"b\" width=\"8\"/>"
        + "</AdaptationSet></Period>"
    ).tracks[0].representations
    #expect(named.map(\.codecs) == ["a", "b"])
    #expect(named.map(\.width) == [4, 8])
    #expect(named.map(\.height) == [2, 2])
  }

  @Test("base addresses join from the outside in")
  func bases() throws {
    let text = """
      <BaseURL>http://h/x/m.mpd</BaseURL><Period><BaseURL>p/</BaseURL><AdaptationSet><BaseURL>../s/</BaseURL>
      <SegmentTemplate duration="12" media="$Number$.m4s?q=$$"/><Representation id="1" bandwidth="1"/>
      <Representation id="2" bandwidth="1"><BaseURL>/root/</BaseURL></Representation></AdaptationSet></Period>
      """
    let list = try presentation(text).tracks[0].representations
    #expect(list.map { $0.segments[0].resource.url } == ["http://h/x/s/1.m4s?q=$", "http://h/root/1.m4s?q=$"])
  }

  @Test("periods follow each other, by start or by duration")
  func periods() throws {
    let period = { (attributes: String) in
      "<Period \(attributes)><AdaptationSet contentType=\"video\"><SegmentTemplate duration=\"4\" media=\"$Number$\"/>"
        + "<Representation id=\"1\" bandwidth=\"1\"/></AdaptationSet></Period>"
    }
    let tracks = try presentation(period("duration=\"PT5S\"") + period("") + period("start=\"PT9.5S\"")).tracks
    #expect(tracks.map(\.periodStart.description) == ["0", "5", "19/2"])
    #expect(
      tracks.map { $0.representations[0].segments.map(\.start.description) } == [["0", "4"], ["5", "9"], ["19/2"]])
    #expect(tracks.map { $0.representations[0].segments.last?.duration.description } == ["1", "1/2", "5/2"])
  }

  @Test(
    "what cannot be expanded is refused with the element's line and column",
    arguments: [
      "<SegmentTemplate media=\"$Number\" duration=\"4\"/>", "<SegmentTemplate media=\"$Number%5d$\" duration=\"4\"/>",
      "<SegmentTemplate media=\"$Number%0999999999d$\" duration=\"4\"/>",
      "<SegmentTemplate media=\"a\" duration=\"0\"/>",
      "<SegmentTemplate duration=\"4\"/>", "<SegmentTemplate media=\"a\"/>",
      "<SegmentTemplate media=\"a\" timescale=\"4294967296\" duration=\"4\"/>",
      "<SegmentTemplate media=\"a\" duration=\"18446744073709551615\"/>",
      "<SegmentTemplate media=\"a\" timescale=\"1000000\" duration=\"1\"/>",
      "<SegmentTemplate media=\"a\"><SegmentTimeline><S t=\"9\" d=\"5\"/><S t=\"0\" d=\"1\"/></SegmentTimeline></SegmentTemplate>",
      "<SegmentTemplate media=\"a\"><SegmentTimeline><S t=\"9223372036854775807\" d=\"5\"/></SegmentTimeline></SegmentTemplate>",
      "<SegmentList duration=\"4\"><SegmentURL mediaRange=\"9-3\"/></SegmentList>",
      "<SegmentList><SegmentURL media=\"a\"/><SegmentURL media=\"b\"/></SegmentList>",
    ])
  func refusals(_ information: String) {
    #expect(throws: InputError.self) { try segments(information) }
    do { _ = try segments(information) } catch {
      #expect(error.diagnostics[0].place.line == 1)
      #expect((error.diagnostics[0].place.column ?? 0) > 1)
    }
  }

  @Test("durations of XML Schema are exact, and only those are accepted")
  func durations() {
    #expect(DASHDuration.parse("PT0H0M12.5S") == RationalTime(ticks: 25, timescale: 2))
    #expect(DASHDuration.parse("P1DT2H3M4S") == RationalTime(seconds: 93784))
    #expect(DASHDuration.parse("PT0.1S") == RationalTime(ticks: 1, timescale: 10))
    for text in ["", "P", "PT", "12S", "PT1S1M", "PT1.5M", "P1Y", "PT-1S", "PTS", "PT1S2S", "PT99999999999999999999S"] {
      #expect(DASHDuration.parse(text) == nil, "\(text)")
    }
  }

  @Test("relative references resolve as RFC 3986 shows, and stay relative where the base is")
  func references() {
    let base = "http://a/b/c/d;p?q"
    let cases = [
      "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g",
      "?y": "http://a/b/c/d;p?y", "../g": "http://a/b/g", "../../g": "http://a/g", "../../../g": "http://a/g",
      ".": "http://a/b/c/", "..": "http://a/b/", "g:h": "g:h", "": base, "g;x=1/../y": "http://a/b/c/y",
    ]
    for (reference, expected) in cases.sorted(by: { $0.key < $1.key }) {
      #expect(RelativeReference.resolve(reference, against: base) == expected, "\(reference)")
    }
    #expect(RelativeReference.resolve("s.m4s", against: "video/list.m3u8") == "video/s.m4s")
    #expect(RelativeReference.resolve("../s.m4s", against: "list.m3u8") == "../s.m4s")
  }
}
