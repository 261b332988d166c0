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
  return 0
}
