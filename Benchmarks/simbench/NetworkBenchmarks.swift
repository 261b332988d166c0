// `simbench network`: speed, memory, conservation and accuracy of the network model.

import NetModel
import SimEngine

/// Runs what the arguments ask for; the exit status.
///
///     simbench network [--validate [--reference FOLDER]]
func runNetworkBenchmarks(arguments: [String]) -> Int32 {
  func value(of option: String) -> String? {
    arguments.firstIndex(of: option).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
  }
  if arguments.contains("--validate") {
    do {
      try NetworkValidation(referenceFolder: value(of: "--reference") ?? "../shared/reference/net").run()
    } catch {
      print("cannot validate: \(error)")
      return 66
    }
  }
  for (viewers, links, seconds) in [(1000, 1, 2000.0), (1000, 10, 2000), (100_000, 100, 30), (1_000_000, 1000, 8)] {
    let before = residentMegabytes()
    let crowd = SegmentCrowd(viewers: viewers, links: links, duration: .seconds(seconds))
    let outcome = crowd.runOnEdgeLinks()
    print(
      "edge", viewers, links, outcome.completed, outcome.mostActive, Int(outcome.completionsPerCPUSecond),
      outcome.residentMegabytes, before)
  }
  for (viewers, links, seconds) in [(1000, 10, 200.0)] {
    let outcome = SegmentCrowd(viewers: viewers, links: links, duration: .seconds(seconds)).runOnSharedNetwork()
    print("general", viewers, links, outcome.completed, Int(outcome.completionsPerCPUSecond))
  }
  return 0
}
