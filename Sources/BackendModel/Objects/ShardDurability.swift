import SimEngine

/// Which groups of objects have lost how many shards, and whether any is lost for good.
///
/// Devices fail independently, at a constant rate each; a failed device is rebuilt on a spare after the repair time. A
/// group with more lost shards than it has parity is lost for good. With one group, n = parity + 1 devices and
/// exponential repairs this is the birth-death chain whose mean time to data loss is in docs/models/backend.md.
struct ShardDurability: Sendable {
  private let settings: DurabilitySettings
  /// Groups with a shard on each device.
  private let groupsOnDevice: [[UInt32]]
  private(set) var missingShards: [UInt16]
  private(set) var isLost: [Bool]
  private(set) var isDown: [Bool]
  private(set) var shardsLost: Int64 = 0
  private(set) var shardsRepaired: Int64 = 0
  private(set) var groupsLost: Int64 = 0
  private var failures: RandomStream
  private var repair: ServiceSampler

  init(_ settings: DurabilitySettings, streams: (_ purpose: String) -> RandomStream) {
    self.settings = settings
    failures = streams("object device failures")
    repair = ServiceSampler(settings.repair, streams("object device repair"))
    var placement = streams("object placement")
    let shards = settings.dataShards + settings.parityShards
    var groupsOnDevice = [[UInt32]](repeating: [], count: settings.devices)
    for group in 0..<settings.groups {
      var chosen: [Int] = []
      // The rest of a Fisher-Yates shuffle would be thrown away: draw again on the rare repetition instead.
      while chosen.count < shards {
        let device = placement.below(settings.devices)
        if !chosen.contains(device) { chosen.append(device) }
      }
      for device in chosen { groupsOnDevice[device].append(UInt32(group)) }
    }
    self.groupsOnDevice = groupsOnDevice
    missingShards = Array(repeating: 0, count: settings.groups)
    isLost = Array(repeating: false, count: settings.groups)
    isDown = Array(repeating: false, count: settings.devices)
  }

  var draws: UInt64 { failures.draws &+ repair.stream.draws }

  /// Time until a device fails, or `nil` if devices never do.
  mutating func timeToFailure() -> SimDuration? {
    guard settings.annualFailureShare > 0 else { return nil }
    let yearSeconds = 31_557_600.0
    // 200 years are as good as never and fit the clock.
    return .seconds(min(failures.exponential(mean: yearSeconds / settings.annualFailureShare), 200 * yearSeconds))
  }

  mutating func repairTime() -> SimDuration { repair.draw() }

  /// A device fails; false if it was down already.
  mutating func fail(_ device: Int) -> Bool {
    guard !isDown[device] else { return false }
    isDown[device] = true
    for group in groupsOnDevice[device] where !isLost[Int(group)] {
      missingShards[Int(group)] += 1
      shardsLost += 1
      if Int(missingShards[Int(group)]) > settings.parityShards {
        isLost[Int(group)] = true
        groupsLost += 1
      }
    }
    return true
  }

  /// What a device held has been rebuilt; groups that are lost stay lost.
  mutating func restore(_ device: Int) {
    guard isDown[device] else { return }
    isDown[device] = false
    for group in groupsOnDevice[device] where !isLost[Int(group)] {
      missingShards[Int(group)] -= 1
      shardsRepaired += 1
    }
  }

  /// Objects that are lost, on average of their groups' sizes.
  var objectsLost: Double { Double(groupsLost) / Double(settings.groups) * Double(settings.objects) }

  /// What does not hold, or `nil`.
  var invariantViolation: String? {
    var missing: Int64 = 0
    for count in missingShards { missing += Int64(count) }
    return shardsLost == shardsRepaired + missing
      ? nil : "object store: \(shardsLost) shards were lost, \(shardsRepaired) repaired, \(missing) are missing"
  }
}
