import CDNModel
import NetModel
import SimEngine

extension EdgeSiteState {
  /// What must hold at every snapshot of every run; what does not is reported with the run and fails it.
  mutating func checkInvariants(at now: SimTime) {
    func expect(_ holds: Bool, _ claim: String, in violations: inout [String]) {
      if !holds { violations.append("site \(index) at \(now.seconds) s: \(claim)") }
    }
    var inFlight = (wire: Int64(0), windows: Int64(0), flows: 0)
    for slot in sessions.presentSlots() {
      guard let transfer = sessions.at(slot).pointee.transfer else { continue }
      inFlight.wire += transfer.wireBytes - transfer.heldBytes
      inFlight.windows += sessions.at(slot).pointee.sentWindowBytes
      inFlight.flows += edgeLink.isActive(transfer.flow) ? 1 : 0
    }
    expect(
      totals.releasedWireBytes == totals.segmentWireBytes + totals.givenUpWireBytes + inFlight.wire,
      "bytes released are bytes received, given up, or in flight", in: &violations)
    expect(
      edgeLink.completedBytes == totals.segmentWireBytes + totals.givenUpWindowBytes + inFlight.windows,
      "players have what the link delivered", in: &violations)
    expect(edgeLink.activeFlows == inFlight.flows, "each flow on the link belongs to one player", in: &violations)
    expect(cache.residentBytes <= settings.cacheBytes, "the cache holds no more than its disk", in: &violations)
    expect(
      totals.arrivals + totals.steeredHere - totals.steeredAway
        == totals.completions + totals.lostAtStartup + totals.lostInStall + totals.lostAfterJump
        + Int64(sessions.count),
      "every session ends or is active", in: &violations)
    expect(
      totals.fetches + totals.confirmations == totals.fetched + totals.confirmed + totals.fetchesGivenUp
        + Int64(fetches.count),
      "every fetch has arrived or is in flight", in: &violations)
  }
}
