import Reporting
import Synchronization

/// A progress line that several threads tell how far they are.
final class SharedProgress: @unchecked Sendable {
  private let total: Int
  private let line: Mutex<ProgressLine>

  /// A line with a title in front, for a number of steps.
  init(title: String, total: Int, isQuiet: Bool = false) {
    self.total = total
    line = Mutex(ProgressLine(title: title, isQuiet: isQuiet))
  }

  /// So many steps are done; a fraction of a step counts too.
  func finished(_ count: Double) {
    line.withLock { $0.update(fraction: count / Double(max(total, 1)), events: 0) }
  }

  /// Removes the line.
  func end() { line.withLock { $0.finish() } }
}
