import SimEngine
public import TextFormats

/// The object store that holds every segment.
public struct ObjectStoreSettings: SettingsGroup, Hashable {
  /// Prefixes that objects are spread over; each has its own limits.
  public var prefixes = 64
  /// Requests a second that a prefix answers, more are told to slow down; 0 for no limit.
  public var requestsPerPrefix = 5_500.0
  /// Requests that may come at once above that rate.
  public var requestBurst = 5_500.0
  /// Bytes a second that a prefix sends, as a bit rate.
  public var prefixBitsPerSecond: Int64 = 100_000_000_000
  /// Rate of one transfer.
  public var transferBitsPerSecond: Int64 = 1_000_000_000
  /// Time to the first byte.
  public var firstByte = ServiceTime(mean: .milliseconds(20), cv: 1)
  /// How objects are kept.
  public var durability = DurabilitySettings()

  /// 64 prefixes.
  public init() {}

  /// The table of `services.object_store`.
  public static var settings: SettingsTable<ObjectStoreSettings> {
    SettingsTable<ObjectStoreSettings>("The object store that holds every segment.")
      .integer("prefixes", \.prefixes, 1...1_000_000, "Prefixes that objects are spread over, each with its limits.")
      .rate("requests_per_prefix", \.requestsPerPrefix, 0...1e9, "Requests that a prefix answers; 0 for no limit.")
      .number("request_burst", \.requestBurst, 1...1e9, "Requests that may come at once above that rate.")
      .bitRate("prefix_rate", \.prefixBitsPerSecond, 1_000...1_000_000_000_000_000, "What a prefix sends at most.")
      .bitRate("transfer_rate", \.transferBitsPerSecond, 1_000...1_000_000_000_000, "Rate of one transfer.")
      .group("first_byte", \.firstByte, "Time to the first byte.")
      .group("durability", \.durability, "How objects are kept.")
  }

  /// The part of the store that serves `share` of the platform: prefixes in proportion, then their limits.
  public func scaled(by share: Double) -> ObjectStoreSettings {
    var scaled = self
    scaled.prefixes = ScaledCount.of(prefixes, share: share)
    let kept = Double(prefixes) * share / Double(scaled.prefixes)
    scaled.requestsPerPrefix = requestsPerPrefix * kept
    scaled.requestBurst = max(1, requestBurst * kept)
    scaled.prefixBitsPerSecond = max(1_000, Int64(Double(prefixBitsPerSecond) * kept))
    return scaled
  }
}

/// How objects survive the loss of devices: `data + parity` shards on different devices, any `data` of which suffice.
///
/// Three replicas are one data and two parity shards.
public struct DurabilitySettings: SettingsGroup, Hashable {
  /// Shards that suffice to read an object.
  public var dataShards = 8
  /// Further shards.
  public var parityShards = 4
  /// Devices.
  public var devices = 240
  /// Groups of objects whose shards lie on the same devices.
  public var groups = 4_096
  /// Objects in the store.
  public var objects: Int64 = 10_000_000
  /// Share of the devices that fail in a year.
  public var annualFailureShare = 0.02
  /// Time to rebuild what a device held, from its failure on.
  public var repair = ServiceTime(mean: .seconds(21_600), cv: 0.3)

  /// Eight of twelve.
  public init() {}

  /// The table of `services.object_store.durability`.
  public static var settings: SettingsTable<DurabilitySettings> {
    SettingsTable<DurabilitySettings>("Shards of each object on different devices, some of which suffice to read it.")
      .integer("data_shards", \.dataShards, 1...255, "Shards that suffice to read an object; 1 for plain replicas.")
      .integer("parity_shards", \.parityShards, 0...255, "Further shards.")
      .integer("devices", \.devices, 1...60_000, "Devices.")
      .integer("groups", \.groups, 1...1_000_000, "Groups of objects whose shards lie on the same devices.")
      .integer("objects", \.objects, 0...1_000_000_000_000_000, "Objects in the store.")
      .fraction("annual_failures", \.annualFailureShare, 0...1_000, "Share of the devices that fail in a year.")
      .group("repair", \.repair, "Time to rebuild what a device held, from its failure on.")
      .check { durability, places in
        durability.dataShards + durability.parityShards <= durability.devices
          ? [] : [places.finding("devices", "fewer than the shards of an object, which lie on different ones")]
      }
  }
}
