import CDNModel
import NetModel
import SimEngine

extension EdgeSiteState {
  /// What must hold at every snapshot of every run; what does not is reported with the run and fails it.
  mutating func checkInvariants(at now: SimTime) {
    func expect(_ holds: Bool, _ claim: String, in violations: inout [String]) {
      if !holds { violations.append("site \(index) at \(now.seconds) s: \(claim)") }
    }
    var inFlightSizes: Int64 = 0
    var downloading = 0
    for slot in sessions.presentSlots() where sessions.at(slot).pointee.phase == .downloading {
      inFlightSizes += sessions.at(slot).pointee.requestBytes
      downloading += 1
    }
    expect(
      totals.startedBytes == edgeLink.completedBytes + totals.cancelledSizes + inFlightSizes,
      "bytes sent are bytes received, given up, or in flight", in: &violations)
    expect(edgeLink.completedBytes == totals.segmentBytes, "players have what the link delivered", in: &violations)
    expect(edgeLink.cancelledBytes == totals.abandonedBytes, "what was given up is counted once", in: &violations)
    expect(edgeLink.activeFlows == downloading, "each flow on the link belongs to one player", in: &violations)
    expect(cache.residentBytes <= settings.cacheBytes, "the cache holds no more than its disk", in: &violations)
    expect(
      totals.arrivals == totals.completions + totals.lostAtStartup + totals.lostInStall + Int64(sessions.count),
      "every session ends or is active", in: &violations)
    expect(
      totals.fetches == totals.fetched + Int64(fetches.count), "every fetch has arrived or is in flight",
      in: &violations)
  }
}
