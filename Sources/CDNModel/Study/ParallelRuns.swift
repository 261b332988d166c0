internal import Dispatch
internal import Synchronization

/// Computes `body(0)...body(count - 1)` on up to `jobs` threads; the results are in index order whatever ran first.
///
/// Workers take the next index when they are free, so long runs do not hold up short ones.
func inParallel<Result: Sendable>(count: Int, jobs: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
  let workers = max(1, min(jobs, count))
  if workers == 1 { return (0..<count).map(body) }
  let next = Atomic(0)
  let results = Mutex([Result?](repeating: nil, count: count))
  DispatchQueue.concurrentPerform(iterations: workers) { _ in
    while true {
      let index = next.add(1, ordering: .relaxed).oldValue
      if index >= count { return }
      let result = body(index)
      results.withLock { $0[index] = result }
    }
  }
  return results.withLock { $0.compactMap { $0 } }
}

/// Counts what parallel runs have done and reports it.
final class ProgressLedger: Sendable {
  private let runs: Int
  private let report: (@Sendable (Int, Int, Int64) -> Void)?
  private let state = Mutex((finished: 0, requests: Int64(0)))

  init(runs: Int, report: (@Sendable (Int, Int, Int64) -> Void)?) {
    self.runs = runs
    self.report = report
  }

  func advance(_ requests: Int64) {
    guard let report else { return }
    let now = state.withLock { state in
      state.requests += requests
      return state
    }
    report(now.finished, runs, now.requests)
  }

  func finishRun() {
    guard let report else { return }
    let now = state.withLock { state in
      state.finished += 1
      return state
    }
    report(now.finished, runs, now.requests)
  }
}
