// What every tier above the edge has in common: an event queue, and a link over which segments leave for whoever asked.

import CDNModel
import NetModel
import SimEngine

/// The event queue and the egress link of one tier, with the segments that are on the link.
///
///     send --> [egress link, max-min fair, capped per fetch] --> Step.sent --> message to the asker
///
/// At one instant completions on the link come before events of the queue, so that the link's rates never lag an event.
struct SegmentEgress<Event: BitwiseCopyable>: ~Copyable {
  /// A segment on its way to the partition that asked for it.
  struct Sending: BitwiseCopyable {
    var key: SegmentKey
    var asker: PartitionIndex
    var bytes: Int64
    fileprivate var flow: FlowID
  }

  /// What happens next at a tier.
  enum Step {
    /// The last byte of a segment has left.
    case sent(Sending, at: SimTime)
    /// An event of the queue is due.
    case event(Event, at: SimTime)
  }

  var queue: EventQueue<Event>
  private var link: EdgeLink
  /// Segments on the link by flow owner, with a list of free owners.
  private var sending: [Sending] = []
  private var freeOwners: [UInt32] = []
  private var outbox: [PlatformMessage] = []
  private let address: PartitionIndex
  /// One way to the tier below.
  private let latency: SimDuration
  /// Edge sites that ask although they are not the tier below, and one way to them.
  private let passers: (sites: Range<Int>, latency: SimDuration)
  /// The link without failures.
  let capacity: BitRate
  /// Sizes of all segments that began to leave, in bytes.
  private(set) var startedBytes: Int64 = 0
  /// Sizes of those whose way was broken off.
  private var brokenBytes: Int64 = 0

  /// - Parameters:
  ///   - capacity: what the link is built for.
  ///   - fetchRate: the rate that one fetch reaches at most.
  ///   - latency: one way to the tier below.
  ///   - passers: sites that ask past the tier below when that is lost, and one way to them.
  init(
    address: PartitionIndex, capacity: BitRate, fetchRate: BitRate, latency: SimDuration,
    passers: (sites: Range<Int>, latency: SimDuration), backing: QueueBacking
  ) {
    self.passers = passers
    self.address = address
    self.latency = latency
    self.capacity = capacity
    queue = EventQueue(backing: backing)
    link = EdgeLink(capacity: capacity, classCaps: [fetchRate])
  }

  // MARK: - Time

  mutating func nextEventTime() -> SimTime {
    min(queue.nextTime() ?? .distantFuture, link.nextCompletion ?? .distantFuture)
  }

  /// Takes what happens next before `limit`; `nil` if nothing does.
  mutating func next(before limit: SimTime) -> Step? {
    while true {
      let completion = link.nextCompletion ?? .distantFuture
      if completion <= queue.nextTime() ?? .distantFuture {
        guard completion < limit else { return nil }
        guard let flow = link.popCompleted(at: completion) else { continue }
        freeOwners.append(flow.owner)
        return .sent(sending[Int(flow.owner)], at: completion)
      }
      guard let event = queue.popNext(before: limit) else { return nil }
      return .event(event, at: queue.now)
    }
  }

  // MARK: - Sending

  /// Begins to send a segment.
  mutating func send(_ key: SegmentKey, bytes: Int64, to asker: PartitionIndex, at now: SimTime) {
    let owner = freeOwners.popLast() ?? UInt32(sending.count)
    let flow = link.startFlow(bytes: bytes, capClass: 0, owner: owner, at: now)
    let segment = Sending(key: key, asker: asker, bytes: bytes, flow: flow)
    if Int(owner) < sending.count { sending[Int(owner)] = segment } else { sending.append(segment) }
    startedBytes += bytes
  }

  /// Breaks off everything that is on the link; `body` is told what.
  mutating func breakOff(at now: SimTime, _ body: (Sending) -> Void) {
    for owner in sending.indices where link.cancel(sending[owner].flow, at: now) != nil {
      freeOwners.append(UInt32(owner))
      brokenBytes += sending[owner].bytes
      body(sending[owner])
    }
  }

  /// One way to whoever asked.
  func latency(to asker: PartitionIndex) -> SimDuration {
    passers.sites.contains(Int(asker.rawValue)) ? passers.latency : latency
  }

  /// Answers a request with anything but a segment.
  mutating func reply(_ body: PlatformMessage.Body, to asker: PartitionIndex, at now: SimTime) {
    post(body, to: asker, after: latency(to: asker), at: now)
  }

  /// Sends a message that arrives after `latency`.
  mutating func post(_ body: PlatformMessage.Body, to: PartitionIndex, after latency: SimDuration, at now: SimTime) {
    outbox.append(PlatformMessage(at: now + latency, from: address, to: to, body: body))
  }

  /// Tells the asker of a segment that its last byte is on the way.
  mutating func deliver(_ segment: Sending, at now: SimTime) {
    reply(.segment(segment.key), to: segment.asker, at: now)
  }

  mutating func takeOutbox(_ body: (PlatformMessage) -> Void) {
    for message in outbox { body(message) }
    outbox.removeAll(keepingCapacity: true)
  }

  // MARK: - The link

  mutating func setCapacity(_ capacity: BitRate, at now: SimTime) { link.setCapacity(capacity, at: now) }

  /// Bytes that the link has carried.
  mutating func carriedBytes(at now: SimTime) -> Int64 { link.carriedBytes(at: now) }

  /// Bytes of the segments that the link has carried whole.
  var completedBytes: Int64 { link.completedBytes }

  /// Segments on the link.
  var count: Int { sending.count - freeOwners.count }

  /// Sizes of the segments on the link.
  private var bytesInFlight: Int64 {
    var isFree = [Bool](repeating: false, count: sending.count)
    for owner in freeOwners { isFree[Int(owner)] = true }
    return sending.indices.reduce(0) { $0 + (isFree[$1] ? 0 : sending[$1].bytes) }
  }

  /// What does not hold of the link, if anything: whatever began to leave has left or is on the link.
  var contradiction: String? {
    if link.activeFlows != count { return "\(link.activeFlows) flows carry \(count) segments" }
    guard startedBytes != completedBytes + brokenBytes + bytesInFlight else { return nil }
    return "\(startedBytes) bytes were sent, \(completedBytes) arrived, \(bytesInFlight) are in flight"
  }
}
