import SimEngine
import Testing

@testable import Platform

@Suite("Arrivals")
struct ArrivalProcessTests {
  private let rate = PiecewiseLinearRate(knots: [
    .init(timeS: 0, perSecond: 2), .init(timeS: 100, perSecond: 10), .init(timeS: 150, perSecond: 0),
    .init(timeS: 300, perSecond: 4),
  ])

  private func arrivals(_ rate: PiecewiseLinearRate, seed: UInt64) -> [Double] {
    var process = ArrivalProcess(
      rate: rate, stream: RandomStream(StreamKey(seed: seed, replication: 0, entity: "test", purpose: "arrivals")))
    var times: [Double] = []
    while let at = process.next() { times.append(at.seconds) }
    #expect(process.count == UInt64(times.count))
    return times
  }

  @Test("the expected number of arrivals is the area under the rate")
  func area() {
    #expect(rate.expectedArrivals(until: 100) == 600)
    #expect(rate.expectedArrivals(until: 300) == 600 + 250 + 300)
    #expect(rate.perSecond(at: 50) == 6)
    #expect(rate.perSecond(at: 301) == 0)
  }

  @Test("arrivals come in order, inside the knots, and as many in each stretch as the rate expects")
  func counts() {
    let runs = 200
    var inStretch = [Double](repeating: 0, count: 6)
    for seed in 0..<UInt64(runs) {
      let times = arrivals(rate, seed: seed)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
      for time in times {
        #expect(time >= 0 && time <= 300)
        inStretch[min(5, Int(time / 50))] += 1
      }
    }
    for stretch in 0..<6 {
      let expected =
        rate.expectedArrivals(until: Double(stretch + 1) * 50) - rate.expectedArrivals(until: Double(stretch) * 50)
      let observed = inStretch[stretch] / Double(runs)
      // Five standard errors of a Poisson mean.
      let tolerance = 5 * (expected / Double(runs)).squareRoot()
      #expect(abs(observed - expected) <= tolerance, "stretch \(stretch): \(observed) against \(expected)")
    }
  }

  @Test("twice the rate moves every arrival of the same draws forward, so that paired runs stay paired")
  func pairing() {
    let constant = PiecewiseLinearRate(knots: [.init(timeS: 0, perSecond: 1), .init(timeS: 1_000, perSecond: 1)])
    let double = PiecewiseLinearRate(knots: [.init(timeS: 0, perSecond: 2), .init(timeS: 1_000, perSecond: 2)])
    let slow = arrivals(constant, seed: 4)
    let fast = arrivals(double, seed: 4)
    #expect(fast.count >= slow.count)
    for (late, early) in zip(slow, fast) { #expect(abs(late / 2 - early) < 1e-6) }
  }

  @Test("a rate of zero gives no arrivals")
  func silence() {
    let none = PiecewiseLinearRate(knots: [.init(timeS: 0, perSecond: 0), .init(timeS: 1e6, perSecond: 0)])
    #expect(arrivals(none, seed: 1).isEmpty)
  }
}
