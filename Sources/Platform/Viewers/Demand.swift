import SimEngine

/// The arrival rates of one edge site over the run.
struct Demand: Sendable {
  /// Regular sessions.
  let regular: PiecewiseLinearRate
  /// Extra sessions of a premiere, if there is one.
  let premiere: PiecewiseLinearRate?

  /// An even share of the platform's viewers for each of its edge sites.
  init(scenario: Scenario) {
    let viewers = scenario.viewers
    let sites = Double(scenario.cdn.edge.sites)
    let mean = viewers.diurnal.reduce(0, +) / 24
    let meanPerSecond = Double(viewers.memberships) * viewers.sessionsPerDay / 86_400 / sites
    let startS = scenario.start.seconds
    let endS = startS + scenario.duration.seconds
    // One knot at the start and one at each full hour of the run; the rate wraps at midnight.
    func factor(atHour hour: Double) -> Double {
      let lower = Int(hour.rounded(.down))
      let weight = hour - Double(lower)
      return viewers.diurnal[lower % 24] * (1 - weight) + viewers.diurnal[(lower + 1) % 24] * weight
    }
    var knots: [PiecewiseLinearRate.Knot] = []
    var hour = startS / 3_600
    while hour * 3_600 < endS {
      knots.append(.init(timeS: hour * 3_600 - startS, perSecond: meanPerSecond * factor(atHour: hour) / mean))
      hour = hour.rounded(.down) + 1
    }
    knots.append(.init(timeS: endS - startS, perSecond: meanPerSecond * factor(atHour: endS / 3_600) / mean))
    regular = PiecewiseLinearRate(knots: knots)

    premiere = viewers.premiere.map { premiere in
      let releaseS = scenario.moment(premiere.at).seconds
      let riseS = premiere.rise.seconds
      let fallS = premiere.fall.seconds
      let peakPerSecond = 2 * Double(premiere.sessions) / sites / (riseS + fallS)
      return PiecewiseLinearRate(knots: [
        .init(timeS: releaseS, perSecond: 0), .init(timeS: releaseS + riseS, perSecond: peakPerSecond),
        .init(timeS: releaseS + riseS + fallS, perSecond: 0),
      ])
    }
  }
}

extension Demand {
  /// The arrival processes of one site: regular viewers, then those of a premiere.
  func processes(
    site: Int, catalog: Catalog, viewers: ViewerSettings, sessionSample: Double, frameSample: Double = 0,
    cmcdSample: Double = 0, identity: RunIdentity
  ) -> [SiteDemand] {
    func process(_ name: String, rate: PiecewiseLinearRate, fixedTitle: Int?) -> SiteDemand {
      let entity = "edge-\(site)/viewers/\(name)"
      return SiteDemand(
        arrivals: ArrivalProcess(
          rate: rate, stream: RandomStream(identity.key(entity: entity, purpose: "arrivals"))),
        planner: SessionPlanner(
          catalog: catalog, viewers: viewers, sessionSample: sessionSample, frameSample: frameSample,
          cmcdSample: cmcdSample, fixedTitle: fixedTitle,
          key: identity.key(entity: entity, purpose: "sessions"),
          cmcdKey: identity.key(entity: entity, purpose: "cmcd")))
    }
    var processes = [process("regular", rate: regular, fixedTitle: nil)]
    if let premiere { processes.append(process("premiere", rate: premiere, fixedTitle: catalog.premiereTitle)) }
    return processes
  }
}
