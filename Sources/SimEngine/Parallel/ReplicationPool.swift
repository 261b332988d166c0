import Glibc
import Synchronization

/// Runs independent pieces of work, such as replications, on several threads, with results in order.
///
/// Each piece depends on its number alone and results are handed back by number, so the number of threads cannot
/// change a bit of them.
public enum ReplicationPool {
  /// The results of `work(0)` ... `work(count - 1)`, in order, computed by up to `jobs` threads (at least one).
  public static func map<Result: Sendable>(
    count: Int, jobs: Int, _ work: @escaping @Sendable (Int) -> Result
  ) -> [Result] {
    guard jobs > 1 && count > 1 else { return (0..<count).map(work) }
    let board = Board(count: count, work: work)
    var threads: [pthread_t] = []
    for _ in 1..<min(jobs, count) {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(board as Worker).toOpaque()
      let status = pthread_create(&thread, nil, runWorker, context)
      // Without another thread the work still gets done, on the threads that exist.
      guard status == 0 else {
        Unmanaged<Worker>.fromOpaque(context).release()
        break
      }
      threads.append(thread)
    }
    board.run()
    for thread in threads { pthread_join(thread, nil) }
    return board.results
  }

  /// The processors that this process may use.
  public static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}

/// What a thread runs.
private class Worker: @unchecked Sendable {
  func run() { preconditionFailure("a worker has its own work") }
}

/// Hands out numbers to threads and collects what they computed.
private final class Board<Result: Sendable>: Worker, @unchecked Sendable {
  private let count: Int
  private let work: @Sendable (Int) -> Result
  private let next = Atomic<Int>(0)
  /// Each cell is written by one thread, and read only after all threads were joined.
  private let cells: UnsafeMutablePointer<Result?>

  init(count: Int, work: @escaping @Sendable (Int) -> Result) {
    self.count = count
    self.work = work
    cells = .allocate(capacity: count)
    cells.initialize(repeating: nil, count: count)
  }

  deinit {
    cells.deinitialize(count: count)
    cells.deallocate()
  }

  override func run() {
    while true {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < count else { return }
      cells[number] = work(number)
    }
  }

  var results: [Result] { (0..<count).compactMap { cells[$0] } }
}

private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run() }
  return nil
}
