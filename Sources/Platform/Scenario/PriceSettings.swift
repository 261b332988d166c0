import CDNModel
public import TextFormats

/// What moving and keeping bytes costs, in dollars.
public struct PriceSettings: SettingsGroup, Equatable {
  /// Edge to viewers, per GB.
  public var egressPerGB = DeliveryPrices().egressPerGB
  /// Between tiers on misses, per GB.
  public var midgressPerGB = DeliveryPrices().midgressPerGB
  /// Filling sites ahead of demand, per GB.
  public var fillPerGB = DeliveryPrices().fillPerGB
  /// Keeping bytes on a disk of the CDN, per GB and month of 30 days.
  public var storagePerGBMonth = DeliveryPrices().storagePerGBMonth
  /// Wear of disks by writing, per GB.
  public var diskWritePerGB = DeliveryPrices().diskWritePerGB

  /// Public prices of large clouds, as `DeliveryPrices` lists them.
  public init() {}

  /// The table of `cdn.prices`.
  public static var settings: SettingsTable<PriceSettings> {
    SettingsTable<PriceSettings>("What moving and keeping bytes costs, in dollars.")
      .number("egress_per_gb", \.egressPerGB, 0...1_000, "Edge to viewers, per GB.")
      .number("midgress_per_gb", \.midgressPerGB, 0...1_000, "Between tiers on misses, per GB.")
      .number("fill_per_gb", \.fillPerGB, 0...1_000, "Filling sites ahead of demand, per GB.")
      .number("storage_per_gb_month", \.storagePerGBMonth, 0...1_000, "Keeping a GB on a disk of the CDN for 30 days.")
      .number("disk_write_per_gb", \.diskWritePerGB, 0...1_000, "Wear of disks by writing, per GB.")
  }

  /// The prices as the cost model takes them.
  var prices: DeliveryPrices {
    var prices = DeliveryPrices()
    prices.egressPerGB = egressPerGB
    prices.midgressPerGB = midgressPerGB
    prices.fillPerGB = fillPerGB
    prices.storagePerGBMonth = storagePerGBMonth
    prices.diskWritePerGB = diskWritePerGB
    return prices
  }
}
