import SimEngine

/// Who would ask for what: sessions by hour and title of one edge site, drawn as a run of the scenario would draw them,
/// but without playing them.
///
/// For forecasters of popularity: their training rows and their tests come from here. Hours wrap at midnight, so a table
/// may be longer than the scenario's run; the premiere happens once.
public struct DemandTable: Sendable {
  /// Sessions that began, by hour and then by title.
  public let requests: [[Int32]]
  /// Bytes of the rendition of each title that is asked for most.
  public let fileBytes: [Int64]
  /// The rendition that those bytes belong to, in the codec that every title has.
  public let rendition: Int

  /// Draws a table.
  /// - Parameters:
  ///   - hours: Length of the table.
  ///   - sessionLimit: Rates are scaled down so that no more sessions than this are expected.
  public init(
    scenario: Scenario, pattern: SegmentPattern, identity: RunIdentity, hours: Int, sessionLimit: Double = 1_000_000
  ) {
    var scenario = scenario
    scenario.duration = .seconds(3_600 * Double(hours))
    let expected =
      Double(scenario.viewers.memberships) * scenario.viewers.sessionsPerDay / 24 * Double(hours)
      / Double(scenario.cdn.edge.sites)
    if expected > sessionLimit { scenario.viewers.sessionsPerDay *= sessionLimit / expected }
    let catalog = Catalog(
      settings: scenario.catalog, premiere: scenario.viewers.premiere, media: pattern, seed: identity.seed)
    var requests = [[Int32]](repeating: [Int32](repeating: 0, count: catalog.titleCount), count: hours)
    let processes = Demand(scenario: scenario).processes(
      site: 0, catalog: catalog, viewers: scenario.viewers, sessionSample: 0, identity: identity)
    for var process in processes {
      while true {
        let number = process.arrivals.count
        guard let time = process.arrivals.next() else { break }
        let hour = Int((time - SimTime.zero).seconds / 3_600)
        guard hour < hours else { break }
        requests[hour][process.planner.plan(arrival: number).title] += 1
      }
    }
    self.requests = requests
    // The rendition that the largest share of the viewers' accesses carry.
    let viewerShares = Placement.viewerShares(viewers: scenario.viewers, catalog: catalog).shares(ofTitle: 0)
    let shares = (0..<catalog.renditionCount).map { rendition in
      catalog.codecRates.indices.reduce(0) {
        $0 + viewerShares[catalog.representation(rendition: rendition, codec: $1)]
      }
    }
    let rendition = shares.indices.reduce(0) { shares[$1] > shares[$0] ? $1 : $0 }
    self.rendition = rendition
    fileBytes = (0..<catalog.titleCount).map { catalog.fileBytes(title: $0, representation: rendition) }
  }
}
