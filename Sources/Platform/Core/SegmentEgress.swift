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
  /// One way to the partitions that ask.
  let latency: SimDuration
  /// The link without failures.
  let capacity: BitRate
  /// Sizes of all segments that began to leave, in bytes.
  private(set) var startedBytes: Int64 = 0

  /// - Parameters:
  ///   - capacity: what the link is built for.
  ///   - fetchRate: the rate that one fetch reaches at most.
  init(
    address: PartitionIndex, capacity: BitRate, fetchRate: BitRate, latency: SimDuration, backing: QueueBacking
  ) {
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
    let segment = Sending(key: key, asker: asker, bytes: bytes)
    let owner: UInt32
    if let free = freeOwners.popLast() {
      owner = free
      sending[Int(owner)] = segment
    } else {
      owner = UInt32(sending.count)
      sending.append(segment)
    }
    startedBytes += bytes
    _ = link.startFlow(bytes: bytes, capClass: 0, owner: owner, at: now)
  }

  /// Sends a message that arrives after `latency`.
  mutating func post(_ body: PlatformMessage.Body, to: PartitionIndex, after latency: SimDuration, at now: SimTime) {
    outbox.append(PlatformMessage(at: now + latency, from: address, to: to, body: body))
  }

  /// Tells the asker of a segment that its last byte is on the way.
  mutating func deliver(_ segment: Sending, at now: SimTime) {
    post(.segment(segment.key), to: segment.asker, after: latency, at: now)
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
    guard startedBytes != completedBytes + bytesInFlight else { return nil }
    return "\(startedBytes) bytes were sent, \(completedBytes) arrived, \(bytesInFlight) are in flight"
  }
}
