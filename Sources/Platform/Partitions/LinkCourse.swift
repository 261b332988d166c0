import NetModel
import SimEngine

/// The capacity of a link over a run: what it is built for, varied by a trace or by cross traffic, less its failures.
struct LinkCourse: Sendable {
  private var player: CapacityPlayer
  private let faults: [FaultCourse]

  init(_ player: CapacityPlayer, faults: [FaultCourse]) {
    self.player = player
    self.faults = faults
  }

  /// The capacity from `time` on; times must not go back.
  mutating func capacity(at time: SimTime) -> BitRate {
    while player.nextChange <= time { player.step() }
    return BitRate(bitsPerSecond: faults.reduce(player.capacity.bitsPerSecond) { $0 * $1.factor(at: time) })
  }

  /// The next moment after `time` at which the capacity may change; `nil` if it never does.
  func nextChange(after time: SimTime) -> SimTime? {
    let next = faults.reduce(player.nextChange) { min($0, $1.nextChange(after: time) ?? .distantFuture) }
    return next == .distantFuture ? nil : next
  }
}

extension LinkCourse {
  /// The edge link of a site.
  ///
  /// A trace starts at a moment of the site's own, so that sites do not breathe in step.
  init(scenario: Scenario, site: Int, trace: CapacityTrace?, run: RunIdentity) {
    let network = scenario.network
    let nominal = BitRate(bitsPerSecond: Double(network.edgeBitsPerSecond))
    var stream = RandomStream(run.key(entity: "edge-\(site)", purpose: "link"))
    var player = CapacityPlayer.constant(nominal)
    if let trace, trace.meanCapacity > .zero {
      let scaled = trace.scaled(by: nominal.bitsPerSecond / trace.meanCapacity.bitsPerSecond)
      let offset = SimDuration(nanoseconds: Int64(stream.below(UInt64(trace.length.nanoseconds))))
      player = .trace(TracePlayer(scaled, offset: offset))
    } else if let cross = network.crossTraffic,
      let chain = MarkovCapacity.onOff(
        on: nominal, meanOn: cross.meanOff, off: BitRate(bitsPerSecond: nominal.bitsPerSecond * (1 - cross.share)),
        meanOff: cross.meanOn)
    {
      player = .markov(MarkovPlayer(chain, stream: stream))
    }
    self.init(
      player, faults: scenario.faults(of: .edgeLink, entity: site) + scenario.faults(of: .edgeSite, entity: site))
  }
}
