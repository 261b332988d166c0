/// What moving and keeping bytes costs.
///
/// All prices are configurable; the defaults are assumptions for comparisons.
public struct DeliveryPrices: Sendable, Equatable {
  /// Edge to viewers, $ per GB (10^9 bytes).
  ///
  /// The first public tier of large clouds is about 0.085.
  public var egressPerGB = 0.085
  /// Between tiers on misses, $ per GB.
  ///
  /// Free inside some clouds, so it must be configurable.
  public var midgressPerGB = 0.02
  /// Filling ahead of demand, $ per GB; off-peak capacity is cheap.
  public var fillPerGB = 0.005
  /// Keeping bytes on a site, $ per GB and month of 30 days.
  public var storagePerGBMonth = 0.02
  /// Wear of disks by writing, $ per GB: flash of 300 $/TB that endures 1000 full writes costs 0.0003.
  public var diskWritePerGB = 0.0003

  /// The default prices.
  public init() {}
}

/// Bytes and time of a delivery, as far as money goes.
public struct DeliveryVolume: Sendable, Equatable {
  /// Bytes sent to viewers.
  public var egressBytes: Int64 = 0
  /// Bytes fetched from the next tier on misses.
  public var midgressBytes: Int64 = 0
  /// Of them, bytes that came from the origin.
  public var originBytes: Int64 = 0
  /// Bytes brought ahead of demand.
  public var fillBytes: Int64 = 0
  /// Bytes written to disks: admitted plus filled.
  public var diskWriteBytes: Int64 = 0
  /// Bytes of storage provided, times seconds.
  public var storedByteSeconds = 0.0
  /// Hours that viewers watched.
  public var deliveredHours = 0.0

  /// Nothing yet.
  public init() {}

  /// Adds another volume.
  public mutating func add(_ other: DeliveryVolume) {
    egressBytes += other.egressBytes
    midgressBytes += other.midgressBytes
    originBytes += other.originBytes
    fillBytes += other.fillBytes
    diskWriteBytes += other.diskWriteBytes
    storedByteSeconds += other.storedByteSeconds
    deliveredHours += other.deliveredHours
  }

  /// Share of the bytes to viewers that did not come from the origin: the definition of Fastly and others; 0 without
  /// delivery.
  public var originOffload: Double {
    egressBytes == 0 ? 0 : Double(egressBytes - originBytes) / Double(egressBytes)
  }
}

/// The bill of a delivery, in dollars.
public struct DeliveryCost: Sendable, Equatable {
  /// Edge to viewers.
  public let egress: Double
  /// Between tiers.
  public let midgress: Double
  /// Ahead of demand.
  public let fill: Double
  /// Keeping bytes.
  public let storage: Double
  /// Wear of disks.
  public let diskWrites: Double
  /// The sum over viewing hours; 0 without any.
  public let perDeliveredHour: Double

  /// The sum.
  public var total: Double { egress + midgress + fill + storage + diskWrites }

  private static let secondsPerMonth = 30.0 * 86_400

  /// The bill of a volume at given prices.
  public init(_ volume: DeliveryVolume, prices: DeliveryPrices = DeliveryPrices()) {
    egress = Double(volume.egressBytes) / 1e9 * prices.egressPerGB
    midgress = Double(volume.midgressBytes) / 1e9 * prices.midgressPerGB
    fill = Double(volume.fillBytes) / 1e9 * prices.fillPerGB
    storage = volume.storedByteSeconds / 1e9 / DeliveryCost.secondsPerMonth * prices.storagePerGBMonth
    diskWrites = Double(volume.diskWriteBytes) / 1e9 * prices.diskWritePerGB
    let sum = egress + midgress + fill + storage + diskWrites
    perDeliveredHour = volume.deliveredHours > 0 ? sum / volume.deliveredHours : 0
  }
}
