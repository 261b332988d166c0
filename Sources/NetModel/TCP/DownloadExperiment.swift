// Clients behind one bottleneck, each fetching objects one after the other on a connection of its own: the experiment
// of `simrun network download`, and of the packet-level reference runs.

public import SimEngine
public import TextFormats

/// Downloads over one shared link with the fluid TCP model.
public struct DownloadExperiment: Sendable {
  /// The shared link.
  public var capacity: BitRate
  /// Round trip time of every client.
  public var roundTrip: SimDuration
  /// When each client connects.
  public var starts: [SimTime]
  /// Payload of each object, in bytes.
  public var objectBytes: Int64
  /// Objects that each client fetches.
  public var objects = 1
  /// From the last byte of an object to the request for the next.
  public var gap: SimDuration = .zero
  /// The TCP stack.
  public var profile = TCPProfile()
  /// The queue in front of the link, which a burst may overflow while no other client keeps the link busy; `nil`: one
  /// that loses nothing, as fair queueing or a long buffer.
  public var bottleneckQueue: DropTailQueue?
  /// Cap of each client's access link.
  public var accessCap: BitRate = .unlimited

  /// One object of `objectBytes` for each start.
  public init(capacity: BitRate, roundTrip: SimDuration, starts: [SimTime], objectBytes: Int64) {
    self.capacity = capacity
    self.roundTrip = roundTrip
    self.starts = starts
    self.objectBytes = objectBytes
  }

  /// Refuses what cannot be simulated; the places name the options of `simrun network download`.
  public func check() throws(InputError) {
    var findings: [InputDiagnostic] = []
    func require(_ holds: Bool, _ option: String, _ message: String) {
      if !holds { findings.append(InputDiagnostic(place: InputPlace(source: option), message: message)) }
    }
    let limit = Quanta.largestFlow / profile.wireSegmentBytes * profile.segmentBytes
    require((0...limit).contains(objectBytes), "--bytes", "an object has 0 to \(limit) bytes")
    require(roundTrip >= .zero, "--rtt", "a round trip time is not negative")
    require(gap >= .zero, "--gap", "a gap is not negative")
    require(objects >= 1, "--objects", "a client fetches at least one object")
    require(profile.initialWindowSegments >= 1, "--initial-window", "a window has at least one segment")
    require(starts.allSatisfy { $0 >= .zero }, "--starts", "a start is not negative")
    guard findings.isEmpty else { throw InputError(findings) }
  }

  /// One object of one client.
  public struct Row: Hashable, Sendable {
    /// Index of the client.
    public var flow: Int
    /// Index of the object on its connection.
    public var object: Int
    /// When the client connects (first object) or sends its request.
    public var start: SimTime
    /// When the client has the last byte; `nil`: never.
    public var completion: SimTime?
  }

  private enum Event: BitwiseCopyable {
    case request(UInt32)
    case timeout(UInt32)
    case release(UInt32)
    case link
  }

  /// Runs until the last byte; rows by client, then object.
  public func run() -> [Row] {
    var queue = EventQueue<Event>()
    var link = EdgeLink(capacity: capacity, classCaps: [accessCap])
    var connections = [TCPConnection](repeating: TCPConnection(), count: starts.count)
    var transfers = [TCPTransfer?](repeating: nil, count: starts.count)
    var fates = [DropTailQueue.Fate?](repeating: nil, count: starts.count)
    var rows = starts.map { _ in [Row]() }
    var alarm = CompletionAlarm()

    func ask(_ flow: UInt32, at time: SimTime) {
      let index = Int(flow)
      rows[index].append(Row(flow: index, object: rows[index].count, start: time, completion: nil))
      let atServer = connections[index].request(
        at: time, roundTrip: roundTrip, over: min(capacity, accessCap), profile: profile)
      queue.schedule(.request(flow), at: atServer)
    }

    func send(_ payload: Int64, _ flow: UInt32, at now: SimTime) {
      transfers[Int(flow)] = TCPTransfer(
        payload: payload, on: connections[Int(flow)], roundTrip: roundTrip, profile: profile, route: 0, owner: flow)
      release(flow, at: now)
    }

    func release(_ flow: UInt32, at now: SimTime) {
      if let next = transfers[Int(flow)]?.release(on: &link, at: now) { queue.schedule(.release(flow), at: next) }
    }

    func answer(_ flow: UInt32, at now: SimTime) {
      let index = Int(flow)
      fates[index] = nil
      if let bottleneckQueue, link.activeFlows == 0 {
        let fate = bottleneckQueue.fate(
          payload: objectBytes, on: connections[index], rate: min(capacity, accessCap), roundTrip: roundTrip,
          profile: profile)
        fates[index] = fate
        if fate.lostPayload > 0 {
          queue.schedule(.timeout(flow), at: now + fate.silence)
        } else {
          connections[index].setWindow(fate.window, threshold: fate.threshold)
        }
      }
      send(objectBytes - (fates[index]?.lostPayload ?? 0), flow, at: now)
    }

    func resend(_ flow: UInt32, at now: SimTime) {
      let index = Int(flow)
      guard let fate = fates[index], let burst = transfers[index] else { return }
      guard !link.isActive(burst.flow) else {
        // Others came to the link, so acknowledgements of the burst still arrive and the timer starts again.
        return queue.schedule(.timeout(flow), after: profile.smallestTimeout)
      }
      fates[index]?.lostPayload = 0
      connections[index].setWindow(fate.window, threshold: fate.threshold)
      send(fate.lostPayload, flow, at: now)
    }

    for (index, start) in starts.enumerated() where objects > 0 { ask(UInt32(index), at: start) }
    while let event = queue.popNext(through: .distantFuture) {
      let now = queue.now
      switch event {
      case .request(let flow): answer(flow, at: now)
      case .timeout(let flow): resend(flow, at: now)
      case .release(let flow): release(flow, at: now)
      case .link:
        guard alarm.rings(at: now) else { continue }
        while let done = link.popCompleted(at: now) {
          let index = Int(done.owner)
          guard let transfer = transfers[index], transfer.isReleased, (fates[index]?.lostPayload ?? 0) == 0 else {
            continue
          }
          connections[index].finish(transfer, at: now)
          if let after = fates[index]?.after {
            connections[index].setWindow(after.window, threshold: after.threshold)
          }
          let arrival = now + roundTrip / 2
          rows[index][rows[index].count - 1].completion = arrival
          if rows[index].count < objects { ask(done.owner, at: arrival + gap) }
        }
      }
      if let next = alarm.move(to: link.nextCompletion) { queue.schedule(.link, at: next) }
    }
    return rows.flatMap { $0 }
  }
}
