// `simbench network`: speed, memory, conservation and accuracy of the network model.
//
//   simbench network                  speed of both engines (beside SimGrid where it is installed), memory, conservation
//   simbench network --quick          the same with fewer flows and operations
//   simbench network --validate       errors of the fluid TCP model against packet-level runs
//                    --reference DIR  where the reference tables lie (default ../shared/reference/net)
import NetModel
import SimEngine

/// Runs what the arguments ask for; throws if a check fails or a file is missing.
@Sendable
func runNetworkBenchmarks(arguments: [String]) throws {
  if arguments.contains("--validate") {
    let option = arguments.firstIndex(of: "--reference").map { $0 + 1 }
    let folder = option.flatMap { $0 < arguments.count ? arguments[$0] : nil }
    try NetworkValidation(referenceFolder: folder ?? "../shared/reference/net").run()
    return
  }
  let isQuick = arguments.contains("--quick")
  // Memory first: what the process has given back would hide in later figures.
  reportMemory()
  reportEdgeSpeed(isQuick: isQuick)
  reportGeneralSpeed(isQuick: isQuick)
  try reportConservation(operations: isQuick ? 1_000_000 : 10_000_000)
}

private func medianOfRuns(_ runs: Int, _ body: () -> SegmentCrowd.Outcome) -> (
  outcome: SegmentCrowd.Outcome, rate: Double
) {
  let outcomes = (0..<runs).map { _ in body() }
  return (outcomes[runs - 1], median(outcomes.map(\.completionsPerCPUSecond)))
}

private func reportMemory() {
  let (links, flowsPerLink) = (1000, 1000)
  let before = residentMegabytes()
  let edge = UnsafeMutablePointer<EdgeLink>.allocate(capacity: links)
  for link in 0..<links {
    (edge + link).initialize(to: EdgeLink(capacity: BitRate(mbps: 4000), classCaps: SegmentCrowd.classCaps))
  }
  for flow in 0..<flowsPerLink {
    for link in 0..<links {
      _ = edge[link].startFlow(
        bytes: SegmentCrowd.segmentBytes, capClass: flow % SegmentCrowd.classCaps.count, owner: UInt32(flow), at: .zero)
    }
  }
  let megabytes = residentMegabytes() - before
  print("memory: \(links * flowsPerLink) flows at once on \(links) edge links:", column(megabytes, width: 0), "MB")
  edge.deinitialize(count: links)
  edge.deallocate()
}

private func reportEdgeSpeed(isQuick: Bool) {
  print("\nedge links: viewers, links, completions per CPU second (median of 3), most flows at once, process MB")
  let crowds = [(1000, 1, 1000.0), (1000, 10, 1000), (10_000, 10, 100), (100_000, 100, 20), (1_000_000, 1000, 8)]
  for (viewers, links, seconds) in crowds {
    let crowd = SegmentCrowd(
      viewers: viewers, links: links, duration: .seconds(isQuick ? max(6, seconds / 10) : seconds))
    let (outcome, rate) = medianOfRuns(3) { crowd.runOnEdgeLinks() }
    print(
      column(Double(viewers), decimals: 0), column(Double(links), decimals: 0), column(rate, decimals: 0),
      column(Double(outcome.mostActive), decimals: 0), column(outcome.residentMegabytes))
  }
}

private func reportGeneralSpeed(isQuick: Bool) {
  print(
    "\ngeneral engine, a route a viewer: viewers, links, completions per CPU second (median of 3), SimGrid's, ratio")
  let peer = SimGridPeer()
  defer { peer?.remove() }
  for (viewers, links, seconds) in [(100, 1, 400.0), (1000, 1, 40), (1000, 10, 100)] {
    let crowd = SegmentCrowd(viewers: viewers, links: links, duration: .seconds(isQuick ? seconds / 4 : seconds))
    let (_, rate) = medianOfRuns(3) { crowd.runOnSharedNetwork() }
    let theirs = peer?.completionsPerCPUSecond(viewers: viewers, links: links, seconds: seconds / 4) ?? .nan
    print(
      column(Double(viewers), decimals: 0), column(Double(links), decimals: 0), column(rate, decimals: 0),
      column(theirs, decimals: 0), column(rate / theirs))
  }
  if peer == nil { print("SimGrid is not installed (libsimgrid-dev): nothing to compare with") }
}

private func reportConservation(operations: Int) throws {
  let run = ConservationRun(operations: operations)
  var link = EdgeLink(capacity: BitRate(mbps: 100), classCaps: [BitRate(mbps: 3), BitRate(mbps: 12), .unlimited])
  let edge = run.run(on: &link, routes: 3)
  print("\nconservation: \(operations) random operations, completed flows, their bytes, conserved to the byte")
  print("edge   ", edge.completedFlows, edge.completedBytes, edge.isConserved(completedBytes: link.completedBytes))
  var network = SharedNetwork()
  for _ in 0..<3 { _ = network.addLink(capacity: BitRate(mbps: 100)) }
  for path in [[0], [0, 1], [2, 0], [1, 0, 2]] {
    _ = network.addRoute(path: path, weight: Double(path.count), cap: BitRate(mbps: 30))
  }
  let general = run.run(on: &network, routes: 4)
  let isGeneralConserved = general.isConserved(completedBytes: network.completedBytes)
  print("general", general.completedFlows, general.completedBytes, isGeneralConserved)
  guard edge.isConserved(completedBytes: link.completedBytes), isGeneralConserved else {
    throw BenchmarkFailure("bytes were lost or invented")
  }
}
