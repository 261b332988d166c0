// What sampled players tell the edge with every request (CTA-5004), beside what the edge does with it: cmcd.csv.
//
//   planRequest, connectAnew, checkProgress -> tell        the keys, as of the moment at which the request is sent
//   requestReachesEdge -> requestReaches                   the request counts: a row begins
//   ask, startTransfer, windowSent, giveUpTransfer -> ...  the row goes on and ends
//
// A player that is listed plays as all others do: nothing here is read by anything but the table. What listed sessions
// need beyond their 256 bytes is kept here, by slot.

import CDNModel
import PlayerModel
import SimEngine

/// The listed requests of a site.
struct ToldRequests: Sendable {
  /// What a session has on its way to the edge, and the row of its request at the edge.
  private struct Open {
    var state: PlayerTelemetry?
    var stalls: UInt32 = 0
    var row: Int?
  }
  /// Only ever looked up by slot.
  private var open: [UInt32: Open] = [:]
  private(set) var records: [RequestRecord] = []

  /// A request is about to be sent, in place of an earlier one that has not reached the edge.
  mutating func send(_ state: PlayerTelemetry, stalls: UInt32, slot: UInt32) {
    open[slot, default: Open()].state = state
    open[slot, default: Open()].stalls = stalls
  }

  /// What the player told with the request that reaches the edge now, and the stalls that it had counted by then.
  func told(slot: UInt32) -> (state: PlayerTelemetry, stalls: UInt32) {
    guard let request = open[slot], let state = request.state else {
      preconditionFailure("a request tells the state of its player")
    }
    return (state, request.stalls)
  }

  /// The request has reached the edge.
  mutating func reaches(_ record: RequestRecord, slot: UInt32) {
    open[slot]?.state = nil
    open[slot]?.row = records.count
    records.append(record)
  }

  /// The tier above is asked on behalf of the request.
  mutating func asks(_ body: PlatformMessage.Body, slot: UInt32) {
    if case .confirm = body { from(.confirmation, slot: slot) } else { from(.fetch, slot: slot) }
  }

  /// The request joins a question or a fetch that is under way.
  mutating func joins(slot: UInt32) { from(.coalesced, slot: slot) }

  private mutating func from(_ source: RequestRecord.Source, slot: UInt32) {
    if let row = open[slot]?.row { records[row].source = source }
  }

  /// The edge sends the first byte.
  mutating func begins(slot: UInt32, at now: SimTime) {
    if let row = open[slot]?.row { records[row].firstByteAt = now }
  }

  /// The edge has done with the request.
  mutating func ends(slot: UInt32, _ ending: RequestRecord.Ending, sentBytes: Int64, at now: SimTime) {
    guard let row = open[slot]?.row else { return }
    records[row].ending = ending
    records[row].sentBytes = sentBytes
    records[row].endedAt = now
    open[slot]?.row = nil
  }

  /// The session leaves the site.
  mutating func forget(slot: UInt32) { open[slot] = nil }
}

extension EdgeSiteState {
  /// A player is about to send a request, at `time`.
  mutating func tell(slot: UInt32, at time: SimTime) {
    let session = sessions.at(slot)
    let buffer = session.pointee.buffer
    let time = max(time, session.pointee.counted.at)
    let stalls = UInt32(buffer.stallCount(at: time))
    let ladder = ladder(session)
    let state = PlayerTelemetry(
      buffer: buffer, estimator: session.pointee.estimator,
      bitrateKbps: ladder.bitrateKbps(Int(session.pointee.quality)), topBitrateKbps: ladder.bitrateKbps(ladder.top),
      hasStarved: stalls > session.pointee.stallsTold, at: time)
    requests.send(state, stalls: stalls, slot: slot)
  }

  /// The cache has answered a request of a listed session.
  mutating func requestReaches(slot: UInt32, _ answer: CacheAnswer, at now: SimTime) {
    requestReaches(
      slot: slot, .cache(answer.outcome), server: answer.server == CacheAnswer.noServer ? nil : answer.server,
      source: !answer.outcome.isHit ? .none : answer.isInMemory ? .memory : .disk, at: now)
  }

  /// A request of a listed session has reached the edge, or nobody.
  mutating func requestReaches(
    slot: UInt32, _ outcome: RequestRecord.Outcome, server: UInt8? = nil, source: RequestRecord.Source = .none,
    at now: SimTime
  ) {
    let session = sessions.at(slot)
    let key = key(session)
    let told = requests.told(slot: slot)
    session.pointee.stallsTold = told.stalls
    let name = RequestRecord.Session(
      home: session.pointee.home, process: session.pointee.process, replication: replication,
      number: session.pointee.number)
    requests.reaches(
      RequestRecord(
        session: name, site: UInt32(index), server: server, key: key,
        hasNext: session.pointee.nextSegment + 1 < catalog.segmentCounts[key.title], bytes: catalog.bytes(of: key),
        duration: catalog.segmentDuration, roundTrip: session.pointee.roundTrip, at: now, state: told.state,
        outcome: outcome, source: source), slot: slot)
    switch outcome {
    case .cache: break
    case .steered, .unanswered: requests.ends(slot: slot, .turnedAway, sentBytes: 0, at: now)
    }
  }
}
