import SimEngine
import Testing
import TextFormats

@testable import Platform

/// Devices choose codec and resolution; nothing else about the viewers changes.
@Suite("Device classes and codecs")
struct DeviceTests {
  static let devices = [
    "catalog.complexity_cv=0", "catalog.heights=[240, 480, 1080]",
    #"catalog.codecs=[{ "name": "h264" }, { "name": "h265", "rate": 0.5, "titles": 0.4 }]"#,
    #"viewers.devices=[{ "name": "old-phone", "share": 1, "codecs": ["h264"], "height": 480 }, "#
      + #"{ "name": "tv", "share": 3, "codecs": ["h265", "h264"], "height": 2160 }]"#,
  ]

  @Test("a device plays the best codec that it shares with the title, and no rendition above its screen")
  func choice() throws {
    let run = try TestPlatform.run(try TestPlatform.scenario(Self.devices))
    let viewed = run.sessions.filter { $0.played > .zero }
    #expect(Set(viewed.map(\.device)) == ["old-phone", "tv"])
    for session in viewed {
      // 40 % of 50 titles, and the premiere.
      let isEncoded = session.title < 20 || session.process == "premiere"
      #expect(session.codec == (session.device == "tv" && isEncoded ? "h265" : "h264"))
      let top = session.device == "old-phone" ? 1_500.0 : 4_000
      let kbps = try #require(session.meanBitrateKbps)
      #expect(kbps <= top * (session.codec == "h265" ? 0.5 : 1) + 1e-6)
    }
    #expect(viewed.contains { $0.device == "tv" && ($0.meanBitrateKbps ?? 0) > 1_500 })
  }

  @Test("rows by device and codec add up to those of the platform")
  func rows() throws {
    let run = try TestPlatform.run(try TestPlatform.scenario(Self.devices))
    let phone = run.value("sessions", entity: "device-old-phone")
    let tv = run.value("sessions", entity: "device-tv")
    #expect(phone + tv == run.value("sessions"))
    #expect(abs(tv / (phone + tv) - 0.75) < 0.06)
    let hours = ["device-old-phone", "device-tv"].map { run.value("hours_played", entity: $0) }.reduce(0, +)
    #expect(abs(hours - run.value("hours_played")) < 1e-9)
    let bytes = ["codec-h264", "codec-h265"].map { run.value("requested_bytes", entity: $0) }.reduce(0, +)
    #expect(bytes == Double(run.cdn[0].requestedBytes))
  }

  @Test("devices leave arrivals, titles and wishes as they are")
  func commonRandomNumbers() throws {
    func viewers(_ overrides: [String]) throws -> [String] {
      try TestPlatform.run(try TestPlatform.scenario(overrides)).sessions.map {
        "\($0.site) \($0.process) \($0.number) \($0.arrivedAt) \($0.title) \($0.accessClass) \($0.offset)"
      }.sorted()
    }
    #expect(try viewers(Self.devices) == viewers([]))
  }

  @Test("a codec of half the rate fetches about half the bytes")
  func cheaper() throws {
    let both = #"viewers.devices=[{ "name": "tv", "share": 1, "codecs": ["h265", "h264"] }]"#
    let codecs = #"catalog.codecs=[{ "name": "h264" }, { "name": "h265", "rate": 0.5 }]"#
    let fixed = ["player.abr=fixed:q=1", "viewers.access=[{ \"share\": 1, \"rate\": \"50Mbit/s\" }]"]
    let plain = try TestPlatform.run(try TestPlatform.scenario(fixed))
    let cheap = try TestPlatform.run(try TestPlatform.scenario(fixed + [codecs, both]))
    // Audio is a fifth of what such a segment has, and stays.
    let ratio = Double(cheap.cdn[0].requestedBytes) / Double(plain.cdn[0].requestedBytes)
    #expect(ratio > 0.5 && ratio < 0.65, "\(ratio)")
    #expect(abs(cheap.value("mean_bitrate_kbps") / plain.value("mean_bitrate_kbps") - 0.5) < 0.01)
  }

  @Test("hot-title placement fills the disk with the codec that is watched, so that half the rate holds more titles")
  func placement() throws {
    // Players that always ask for the same quality, so that a cheaper codec does not make them ask for a better one.
    let policy = [
      "cdn.edge.policy=hot-title-placement", "cdn.edge.disk=3GB", "player.abr=fixed:q=2",
      #"viewers.access=[{ "share": 1, "rate": "50Mbit/s" }]"#, "network.edge_link=20Gbit/s",
      "network.origin_link=20Gbit/s",
    ]
    let codecs = #"catalog.codecs=[{ "name": "h264" }, { "name": "h265", "rate": 0.5 }]"#
    func run(_ liked: String) throws -> PlatformResults {
      let device = #"viewers.devices=[{ "name": "tv", "share": 1, "codecs": \#(liked) }]"#
      return try TestPlatform.run(try TestPlatform.scenario(policy + [codecs, device]))
    }
    let large = try run(#"["h264"]"#)
    let small = try run(#"["h265", "h264"]"#)
    #expect(large.value("byte_hit_ratio") > 0.1)
    #expect(small.value("byte_hit_ratio") > large.value("byte_hit_ratio") + 0.05)
    #expect(small.value("origin_bytes") < large.value("origin_bytes") / 1.5)
  }

  @Test("who learns from hits expects too much of misses; measuring whole requests corrects a part")
  func pollution() throws {
    // With half of the cache servers lost, every other request misses, and waits long for a distant origin.
    let distant = [
      "cdn.edge.disk=200GB", "cdn.edge.prefill=popular",
      #"failures=[{ "at": "20:00", "what": "edge-cache", "which": [0, 1], "remaining": 0.5, "duration": "10min" }]"#,
      "network.backhaul_latency=400ms", #"cdn.origin={ "service": "300ms" }"#,
      "player.abr=fixed:q=0", "network.edge_link=20Gbit/s", "network.origin_link=20Gbit/s",
      #"viewers.access=[{ "share": 1, "rate": "200Mbit/s" }]"#,
    ]
    let plain = try TestPlatform.run(try TestPlatform.scenario(distant))
    let corrected = try TestPlatform.run(
      try TestPlatform.scenario(distant + ["player.throughput_over=request"]))
    let before = plain.value("download_forecast_ratio", entity: "misses")
    let after = corrected.value("download_forecast_ratio", entity: "misses")
    #expect(before < 0.8, "\(before)")
    #expect(after > before + 0.01, "\(before) -> \(after)")
    #expect(plain.value("download_forecast_ratio", entity: "hits") > 1)
    #expect(plain.value("hit_pollution") > 1.1 && corrected.value("hit_pollution") < plain.value("hit_pollution"))
  }

  @Test(
    "devices that could not play are refused with their place",
    arguments: [
      ([#"viewers.devices=[{ "name": "x", "share": 1, "codecs": ["h265"] }]"#], "viewers.devices[0].codecs"),
      ([#"viewers.devices=[{ "name": "x", "share": 0, "codecs": ["h264"] }]"#], "share above 0"),
      ([#"catalog.codecs=[{ "name": "h264", "titles": 0.5 }]"#], "catalog.codecs[0].titles"),
      ([#"catalog.codecs=[{ "name": "a" }, { "name": "a" }]"#, #"viewers.devices=[]"#], "catalog.codecs[1].name"),
      (
        [
          #"catalog.codecs=[{ "name": "h264" }, { "name": "av1", "titles": 0.5 }]"#,
          #"viewers.devices=[{ "name": "x", "share": 1, "codecs": ["av1"] }]"#,
        ], "in 'h264' only"
      ),
    ])
  func refused(overrides: [String], word: String) {
    do {
      _ = try TestPlatform.scenario(overrides)
      Issue.record("accepted: \(overrides)")
    } catch {
      #expect("\(error)".contains(word), "\(error)")
    }
  }
}
