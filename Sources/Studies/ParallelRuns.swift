import Glibc
import Synchronization

/// Runs independent tasks on several threads; the results come in the order of the tasks, whoever finished first.
enum ParallelRuns {
  /// Calls `body` for 0 ..< count on up to `jobs` threads, the calling one included.
  ///
  /// The first error in the order of the tasks is thrown once all threads are done.
  static func map<Result: Sendable>(
    count: Int, jobs: Int, _ body: @escaping @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let shared = Shared(count: count, body: body)
    var threads: [pthread_t] = []
    for _ in 1..<max(1, min(jobs, count)) {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(shared as Work)
      let status = pthread_create(
        &thread, nil,
        { context in
          if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
          return nil
        }, context.toOpaque())
      if status != 0 {
        // Without another thread the calling one does the work.
        context.release()
        break
      }
      threads.append(thread)
    }
    shared.run()
    for thread in threads { pthread_join(thread, nil) }
    return try shared.outcomes.withLock { outcomes in try outcomes.compactMap { try $0?.get() } }
  }

  /// What the threads share, without the type of the results.
  private class Work: @unchecked Sendable {
    func run() {}
  }

  private final class Shared<Result: Sendable>: Work, @unchecked Sendable {
    let count: Int
    let body: @Sendable (Int) throws -> Result
    let next = Atomic<Int>(0)
    let outcomes: Mutex<[Swift.Result<Result, any Error>?]>

    init(count: Int, body: @escaping @Sendable (Int) throws -> Result) {
      self.count = count
      self.body = body
      outcomes = Mutex([Swift.Result<Result, any Error>?](repeating: nil, count: count))
    }

    override func run() {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if index >= count { return }
        let outcome = Swift.Result { try body(index) }
        outcomes.withLock { $0[index] = outcome }
      }
    }
  }
}
