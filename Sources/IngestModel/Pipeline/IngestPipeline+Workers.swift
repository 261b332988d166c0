// Why workers go away and when they come back.

import SimEngine

extension IngestPipeline {
  mutating func schedulePreemption(_ worker: Int, at now: SimTime) {
    guard pool.workers[worker].isPreemptible else { return }
    let stays = draw(keys.preemptions, worker, preemptionCounts[worker], mean: settings.workers.preemptedAfter)
    preemptionCounts[worker] += 1
    schedule(.workerIsPreempted(worker: UInt32(worker)), at: now + stays)
  }

  mutating func workerIsPreempted(_ worker: Int, at now: SimTime) {
    workerGoes(worker, at: now, isNoticed: true)
    let lasts = draw(keys.preemptions, worker, preemptionCounts[worker], mean: settings.workers.backAfter)
    preemptionCounts[worker] += 1
    schedule(.preemptionEnds(worker: UInt32(worker)), at: now + lasts)
  }

  mutating func scheduleFailure(_ worker: Int, at now: SimTime) {
    let lives = draw(keys.failures, worker, failureCounts[worker], mean: settings.workers.failsAfter)
    failureCounts[worker] += 1
    schedule(.workerFails(worker: UInt32(worker)), at: now + lives)
  }

  mutating func workerFails(_ worker: Int, at now: SimTime) {
    workerGoes(worker, at: now, isNoticed: false)
    let lasts = draw(keys.failures, worker, failureCounts[worker], mean: settings.workers.repairedAfter)
    failureCounts[worker] += 1
    schedule(.repairEnds(worker: UInt32(worker)), at: now + lasts)
  }

  private mutating func draw(_ key: StreamKey, _ worker: Int, _ count: UInt32, mean: SimDuration) -> SimDuration {
    var stream = RandomStream(key.child(UInt64(worker)).child(UInt64(count)))
    draws += 1
    return stream.exponential(mean: mean)
  }

  /// Chooses the workers that an outage takes; the last one goes a ramp after the first, and each is away equally long.
  mutating func outageBegins(_ index: Int, at now: SimTime) {
    let outage = outages[index]
    var stream = RandomStream(keys.outages.child(UInt64(index)))
    var numbers = pool.workers.indices.map { UInt32($0) }
    let taken = min(numbers.count, Int((Double(numbers.count) * outage.share).rounded()))
    for place in 0..<taken {
      numbers.swapAt(place, place + stream.below(numbers.count - place))
      let goes = now + (taken > 1 ? outage.ramp.scaled(by: Double(place) / Double(taken - 1)) : .zero)
      schedule(.outageTakes(worker: numbers[place]), at: goes)
      schedule(.outageReturns(worker: numbers[place]), at: goes + outage.duration)
    }
    draws += stream.draws
  }
}
