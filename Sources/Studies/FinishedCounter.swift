import Synchronization

/// Counts finished runs across threads.
final class FinishedCounter: Sendable {
  private let count = Atomic<Int>(0)

  /// One more is finished; answers how many are.
  func increment() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
