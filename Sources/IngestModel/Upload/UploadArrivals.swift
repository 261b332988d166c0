import SimEngine

/// The moments at which titles that nobody planned begin to be uploaded: a Poisson process whose rate steps up during
/// bursts.
///
/// Drawn at rate one and mapped back through the cumulative rate (inversion: E. Çinlar, "Introduction to Stochastic
/// Processes", 1975, section 4.7), so that a burst moves no draw.
struct UploadArrivals: Sendable {
  /// A stretch of constant rate.
  private struct Step {
    var end: Double
    var perSecond: Double
  }

  private let steps: [Step]
  private var stream: RandomStream
  private var step = 0
  private var timeS = 0.0

  /// - Parameters:
  ///   - start: Time of day at which the run starts.
  ///   - duration: Length of the run.
  init(_ settings: IngestSettings, start: SimDuration, duration: SimDuration, stream: RandomStream) {
    self.stream = stream
    let endS = duration.seconds
    let bursts = settings.bursts.map { burst in
      let from = IngestClock.sinceStart(burst.at, start: start).seconds
      return (from: from, to: from + burst.lasts.seconds, perSecond: burst.uploadsPerSecond)
    }
    var edges = [0.0, endS]
    for burst in bursts { edges += [min(burst.from, endS), min(burst.to, endS)] }
    edges.sort()
    var steps: [Step] = []
    for (from, to) in zip(edges, edges.dropFirst()) where to > from {
      var rate = settings.uploadsPerSecond
      for burst in bursts where burst.from <= from && to <= burst.to { rate += burst.perSecond }
      steps.append(Step(end: to, perSecond: rate))
    }
    self.steps = steps
  }

  /// Draws so far, for the run digest.
  var draws: UInt64 { stream.draws }

  /// The next upload, or `nil` when the run has no more.
  mutating func next() -> SimTime? {
    var remaining = stream.exponential(mean: 1)
    while step < steps.count {
      let area = steps[step].perSecond * (steps[step].end - timeS)
      if remaining < area {
        timeS += remaining / steps[step].perSecond
        return .seconds(timeS)
      }
      remaining -= area
      timeS = steps[step].end
      step += 1
    }
    return nil
  }
}

/// Times of day on the clock of the run.
enum IngestClock {
  /// Time from the start of the run to the next time that a clock shows `time`.
  static func sinceStart(_ time: SimDuration, start: SimDuration) -> SimDuration {
    let day: Int64 = 86_400_000_000_000
    let difference = (time - start).nanoseconds % day
    return SimDuration(nanoseconds: difference < 0 ? difference + day : difference)
  }
}
