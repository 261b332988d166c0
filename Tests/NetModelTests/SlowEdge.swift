// An obvious model of one shared link with access caps, to check the fast one against.

import NetModel
import SimEngine

/// Every flow is an entry of an array; every step recomputes every rate by definition.
struct SlowEdge {
  struct Flow {
    var id: FlowID
    var owner: UInt32
    var capBps: Double
    var sizeBytes: Double
    var remainingBytes: Double
  }

  var capacityBps: Double
  var flows: [Flow] = []
  var nowNanoseconds: Int64 = 0
  var carriedBytes = 0.0

  /// Raises a common level; whoever meets its cap freezes, the others split what is left.
  func rates() -> [Double] {
    var rates = [Double](repeating: 0, count: flows.count)
    var open = Array(flows.indices)
    var left = capacityBps
    while !open.isEmpty {
      let level = left / Double(open.count)
      let capped = open.filter { flows[$0].capBps <= level }
      if capped.isEmpty {
        for index in open { rates[index] = level }
        break
      }
      for index in capped {
        rates[index] = flows[index].capBps
        left -= flows[index].capBps
      }
      open.removeAll { flows[$0].capBps <= level }
    }
    return rates
  }

  /// Lets time pass at constant rates.
  mutating func advance(to nanoseconds: Int64) {
    let seconds = Double(nanoseconds - nowNanoseconds) * 1e-9
    nowNanoseconds = nanoseconds
    for (index, rate) in rates().enumerated() {
      flows[index].remainingBytes -= rate / 8 * seconds
      carriedBytes += rate / 8 * seconds
    }
  }

  /// Absolute time of the next completion at present rates, in nanoseconds.
  func nextCompletion() -> Double? {
    zip(flows, rates()).compactMap { flow, rate in
      if flow.remainingBytes <= 0 { return Double(nowNanoseconds) }
      return rate > 0 ? Double(nowNanoseconds) + flow.remainingBytes / (rate / 8) * 1e9 : nil
    }.min()
  }
}

/// Numbers for tests: SplitMix64, so that a failing case can be named by its seed.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
