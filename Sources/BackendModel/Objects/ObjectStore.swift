public import SimEngine

/// An object store: objects are spread over prefixes, and each prefix has a limit of requests and of bytes.
///
///     get --> prefix: requests a second --> first byte --> transfer at the lower of its own and the prefix's rate
///                 '--> throttled: slow down
///
/// A GET has no queue that could be seen from outside, so the store answers at once with the times; only the devices
/// below have timers.
public struct ObjectStore: Sendable {
  /// What the store asks to be told at a later time.
  public enum Timer: BitwiseCopyable, Hashable, Sendable {
    /// A device fails.
    case deviceFails(UInt16)
    /// What a device held has been rebuilt.
    case deviceRepaired(UInt16)
  }

  /// The answer to a GET.
  public enum Answer: BitwiseCopyable, Hashable, Sendable {
    /// When the first and the last byte leave the store.
    case sending(firstByte: SimTime, lastByte: SimTime)
    /// The prefix is over its rate; try again later.
    case throttled
  }

  struct Prefix: BitwiseCopyable, Sendable {
    var limiter: TokenBucket
    /// When the prefix has sent everything that was asked of it so far.
    var busyUntil: SimTime
  }

  /// The settings.
  public let settings: ObjectStoreSettings
  private var prefixes: [Prefix]
  private var firstByte: ServiceSampler
  private var slowness = RampedLevel(1)
  private var devices: ShardDurability
  private var record = CallRecord()
  /// Bytes sent.
  public private(set) var sentBytes: Int64 = 0

  /// A store at time zero.
  public init(_ settings: ObjectStoreSettings, streams: (_ purpose: String) -> RandomStream) {
    self.settings = settings
    let isLimited = settings.requestsPerPrefix > 0
    let limiter = TokenBucket(
      perSecond: isLimited ? settings.requestsPerPrefix : 1e9, burst: isLimited ? settings.requestBurst : 1e9)
    prefixes = Array(repeating: Prefix(limiter: limiter, busyUntil: .zero), count: settings.prefixes)
    firstByte = ServiceSampler(settings.firstByte, streams("object first byte"))
    devices = ShardDurability(settings.durability, streams: streams)
  }

  /// Draws when each device fails first.
  public mutating func start(_ queue: inout BackendQueue) {
    for device in 0..<settings.durability.devices { scheduleFailure(of: device, &queue) }
  }

  /// Asks for an object of `bytes` bytes at `now`; `key` decides on its prefix.
  ///
  /// The prefix sends what is asked of it in the order of the requests, at its own rate: a transfer ends no sooner than
  /// the transfers before it leave room for it.
  public mutating func get(key: UInt64, bytes: Int64, at now: SimTime) -> Answer {
    record.arrive()
    let prefix = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 32) % prefixes.count
    guard prefixes[prefix].limiter.take(at: now) else {
      record.end(.rateLimited, after: .zero)
      return .throttled
    }
    let first = now + firstByte.draw(slowness: slowness.value(at: now))
    let bits = Double(bytes) * 8
    let share = SimDuration.seconds(bits / Double(settings.prefixBitsPerSecond))
    prefixes[prefix].busyUntil = max(prefixes[prefix].busyUntil, first) + share
    let own = SimDuration.seconds(bits / Double(settings.transferBitsPerSecond))
    let last = max(first + own, prefixes[prefix].busyUntil)
    sentBytes += bytes
    record.end(.served, after: first - now)
    return .sending(firstByte: first, lastByte: last)
  }

  // MARK: - Devices

  /// Handles a timer of the store.
  public mutating func handle(_ timer: Timer, _ queue: inout BackendQueue) {
    switch timer {
    case .deviceFails(let device): failDevice(Int(device), &queue)
    case .deviceRepaired(let device):
      devices.restore(Int(device))
      scheduleFailure(of: Int(device), &queue)
    }
  }

  /// A device fails and is rebuilt after the repair time.
  public mutating func failDevice(_ device: Int, _ queue: inout BackendQueue) {
    guard devices.fail(device) else { return }
    queue.schedule(.objects(.deviceRepaired(UInt16(device))), after: devices.repairTime())
  }

  private mutating func scheduleFailure(of device: Int, _ queue: inout BackendQueue) {
    guard let delay = devices.timeToFailure() else { return }
    queue.schedule(.objects(.deviceFails(UInt16(device))), after: delay)
  }

  /// Makes first bytes `factor` times slower, over a ramp; 1 is normal.
  public mutating func slowDown(to factor: Double, at now: SimTime, ramp: SimDuration = .zero) {
    slowness.move(to: factor, at: now, ramp: ramp)
  }

  // MARK: - Observation

  /// What the store did; it has no servers to be busy.
  public var totals: CallTotals { record.totals }
  /// Times to the first byte [s] since the last reset.
  public var latencies: LogLinearHistogram { record.latencies }
  /// Shards lost with devices so far.
  public var shardsLost: Int64 { devices.shardsLost }
  /// Shards rebuilt so far.
  public var shardsRepaired: Int64 { devices.shardsRepaired }
  /// Groups of objects that can no longer be read.
  public var groupsLost: Int64 { devices.groupsLost }
  /// Objects that can no longer be read, by the share of lost groups.
  public var objectsLost: Double { devices.objectsLost }
  /// Random draws so far.
  public var draws: UInt64 { firstByte.stream.draws &+ devices.draws }

  /// Forgets the distribution at the end of the warm-up; totals go on.
  public mutating func resetLatencies() { record.resetLatencies() }

  /// What does not hold, or `nil`.
  public var invariantViolation: String? {
    if record.totals.arrivals != record.totals.finished { return "object store: requests without an answer" }
    return devices.invariantViolation
  }
}
