public import SimEngine
public import TextFormats

/// One class of devices: what it can decode and show, and how fast.
///
/// The decoding times are assumptions for hardware decoders of each class; measured ones belong in the scenario.
public struct DeviceSettings: SettingsGroup, Equatable {
  /// Name, for tables.
  public var name = ""
  /// Weight of the class among the viewers.
  public var share = 1.0
  /// Codecs that it decodes, best liked first; by the names of `catalog.codecs`.
  public var codecs = ["h264"]
  /// Lines of the highest resolution that it asks for.
  public var height = 4_320
  /// Time to decode a picture, apart from its size.
  public var pictureTime = SimDuration.milliseconds(1)
  /// Time to decode a megapixel of H.264; other codecs cost more by their factors.
  public var megapixelTime = SimDuration.milliseconds(3)
  /// Time to set a codec up, and to move it from one state to the next.
  public var codecSetup = SimDuration.milliseconds(5)

  /// A device that decodes H.264 at any resolution.
  public init() {}

  /// The table of an element of `viewers.devices`.
  public static var settings: SettingsTable<DeviceSettings> {
    SettingsTable<DeviceSettings>("One class of devices.")
      .text("name", \.name, "Name, for tables.")
      .number("share", \.share, 0...1_000_000, "Weight of the class; the weights need not add up to 1.")
      .texts("codecs", \.codecs, 1...8, "Codecs that it decodes, best liked first, by the names of catalog.codecs.")
      .integer("height", \.height, 1...100_000, "Lines of the highest resolution that it asks for.")
      .duration(
        "picture_time", \.pictureTime.nanoseconds, 0...1_000_000_000, "Time to decode a picture, apart from its size."
      )
      .duration(
        "megapixel_time", \.megapixelTime.nanoseconds, 0...1_000_000_000,
        "Time to decode a megapixel of H.264; other codecs take longer by their decode_factor."
      )
      .duration(
        "codec_setup", \.codecSetup.nanoseconds, 0...10_000_000_000,
        "Time to set a codec up, and to move it from one state to the next."
      )
      .required("name", "share")
  }
}

/// One codec that titles are encoded with.
public struct CodecSettings: SettingsGroup, Equatable {
  /// Name that devices ask for.
  public var name = "h264"
  /// Its bit rate at the same quality, relative to the ladder's.
  public var rate = 1.0
  /// Share of the titles that are there in this codec, the most popular first.
  public var titles = 1.0
  /// Time to decode a megapixel relative to H.264; 0 for what is usual of a codec with that name.
  public var decodeFactor = 0.0

  /// H.264 for every title.
  public init() {}

  /// The table of an element of `catalog.codecs`.
  public static var settings: SettingsTable<CodecSettings> {
    SettingsTable<CodecSettings>("One codec that titles are encoded with.")
      .text("name", \.name, "Name that devices ask for: h264, h265, vp9, av1, or any other.")
      .number("rate", \.rate, 0.05...10, "Its bit rate at the same quality, relative to the ladder's.")
      .fraction("titles", \.titles, 0...1, "Share of the titles that are there in this codec, the most popular first.")
      .number(
        "decode_factor", \.decodeFactor, 0...100,
        "Time to decode a megapixel relative to H.264; 0 takes 1.5 for h265, 1.4 for vp9, 2 for av1, 1 for any other."
      )
      .required("name")
  }
}

extension Scenario {
  /// Rules that devices and codecs have with each other.
  func contradictionsOfDevices(_ object: (String, String, String?) -> Void) {
    let codecs = catalog.codecs.isEmpty ? [CodecSettings()] : catalog.codecs
    if codecs[0].titles < 1 {
      object(
        "catalog.codecs[0].titles", "every title must be there in the first codec, which is what all devices decode",
        "put the codec that all titles have first")
    }
    for (index, codec) in codecs.enumerated() where codecs[..<index].contains(where: { $0.name == codec.name }) {
      object("catalog.codecs[\(index)].name", "the codec '\(codec.name)' is there twice", nil)
    }
    for (index, device) in viewers.devices.enumerated() {
      let key = "viewers.devices[\(index)]"
      for codec in device.codecs where !codecs.contains(where: { $0.name == codec }) {
        object(
          "\(key).codecs", "no title is encoded with '\(codec)'",
          NameSuggestion.phrase(for: codec, in: codecs.map(\.name)) ?? "add it to 'catalog.codecs'")
      }
      if !device.codecs.contains(codecs[0].name) {
        object(
          "\(key).codecs", "'\(device.name)' cannot play titles that are there in '\(codecs[0].name)' only",
          "add \"\(codecs[0].name)\"")
      }
    }
    if !viewers.devices.isEmpty, viewers.devices.allSatisfy({ $0.share == 0 }) {
      object("viewers.devices", "at least one class of devices needs a share above 0", nil)
    }
  }
}
