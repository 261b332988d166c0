import SimEngine

/// An arrival rate over simulated time: linear between knots, zero outside them.
struct PiecewiseLinearRate: Sendable {
  /// A rate at a time.
  struct Knot: Sendable {
    /// Seconds of simulated time.
    var timeS: Double
    /// Arrivals per second, not negative.
    var perSecond: Double
  }

  /// Knots in increasing order of time.
  let knots: [Knot]

  /// - Precondition: the knots' times increase and no rate is negative.
  init(knots: [Knot]) {
    for (earlier, later) in zip(knots, knots.dropFirst()) {
      precondition(earlier.timeS < later.timeS, "the knots of a rate increase in time")
    }
    precondition(knots.allSatisfy { $0.perSecond >= 0 }, "an arrival rate is not negative")
    self.knots = knots
  }

  /// The rate at a time.
  func perSecond(at timeS: Double) -> Double {
    guard let first = knots.first, let last = knots.last, timeS >= first.timeS, timeS <= last.timeS else { return 0 }
    var index = 0
    while index + 2 < knots.count && knots[index + 1].timeS <= timeS { index += 1 }
    guard index + 1 < knots.count else { return first.perSecond }
    let from = knots[index]
    let to = knots[index + 1]
    return from.perSecond + (to.perSecond - from.perSecond) * (timeS - from.timeS) / (to.timeS - from.timeS)
  }

  /// Expected arrivals between the first knot and `timeS`.
  func expectedArrivals(until timeS: Double) -> Double {
    var total = 0.0
    for (from, to) in zip(knots, knots.dropFirst()) where timeS > from.timeS {
      let end = min(timeS, to.timeS)
      let rateAtEnd = from.perSecond + (to.perSecond - from.perSecond) * (end - from.timeS) / (to.timeS - from.timeS)
      total += (from.perSecond + rateAtEnd) / 2 * (end - from.timeS)
    }
    return total
  }
}

/// Arrivals of a nonhomogeneous Poisson process, one uniform draw an arrival.
///
/// The unit-rate process is drawn and mapped back through the cumulative rate (inversion: E. Çinlar, "Introduction to
/// Stochastic Processes", 1975, section 4.7), so two runs that differ only in their rates see the same draws, which
/// thinning would not give.
struct ArrivalProcess {
  private let rate: PiecewiseLinearRate
  private var stream: RandomStream
  /// Segment between knots in which the last arrival fell, and its position there.
  private var segment = 0
  private var timeS: Double
  /// Arrivals drawn so far.
  private(set) var count: UInt64 = 0

  /// A process that starts at the later of the first knot and time zero.
  init(rate: PiecewiseLinearRate, stream: RandomStream) {
    self.rate = rate
    self.stream = stream
    timeS = max(0, rate.knots.first?.timeS ?? 0)
  }

  /// Draws of the process's stream, for the run digest.
  var draws: UInt64 { stream.draws }

  /// The next arrival, or `nil` when the process has no more.
  mutating func next() -> SimTime? {
    var remaining = stream.exponential(mean: 1)
    while segment + 1 < rate.knots.count {
      let from = rate.knots[segment]
      let to = rate.knots[segment + 1]
      if timeS >= to.timeS {
        segment += 1
        continue
      }
      let slope = (to.perSecond - from.perSecond) / (to.timeS - from.timeS)
      let rateHere = from.perSecond + slope * (timeS - from.timeS)
      let width = to.timeS - timeS
      let area = (rateHere + to.perSecond) / 2 * width
      if remaining < area {
        // Solve rateHere x + slope x^2 / 2 = remaining in the form that does not cancel for small slopes.
        let root = max(0, rateHere * rateHere + 2 * slope * remaining).squareRoot()
        timeS += min(width, 2 * remaining / (rateHere + root))
        count += 1
        return .seconds(timeS)
      }
      remaining -= area
      timeS = to.timeS
      segment += 1
    }
    return nil
  }
}
