/// Which edge sites each regional cache serves: blocks of neighbours, as equal as they can be.
struct RegionalMap: Sendable, Equatable {
  /// Edge sites of the whole platform.
  let allSites: Int
  /// Edge sites that are simulated.
  let keptSites: Int
  /// Regional caches of the whole platform.
  let all: Int

  init(scenario: Scenario, scale: PlatformScale) {
    allSites = scale.allSites
    keptSites = scale.keptSites
    all = min(scenario.cdn.regional?.count ?? 0, allSites)
  }

  /// Regional caches that serve at least one simulated site.
  var kept: Int { all == 0 ? 0 : regional(of: keptSites - 1) + 1 }

  /// The regional cache of a site.
  func regional(of site: Int) -> Int { site * all / allSites }

  /// Share of a regional cache's sites that is simulated: the factor on its disk and its link.
  func keptShare(of regional: Int) -> Double {
    let mine = (0..<allSites).filter { self.regional(of: $0) == regional }
    return Double(mine.count { $0 < keptSites }) / Double(mine.count)
  }
}
