// The progress line: one line on the terminal that is rewritten in place, and nothing anywhere else.

import Glibc
import TextFormats

/// Progress on the standard error: share done, events per second, time left.
///
/// It is silent when the standard error is no terminal, when the user asked for quiet, and when the environment has
/// `NO_COLOR` or `CI`.
public struct ProgressLine {
  private let isShown: Bool
  private let title: String
  private var startSeconds: Double
  private var lastSeconds = -Double.infinity
  private var width = 0

  /// Shortest time between two updates, in seconds.
  static let interval = 0.2

  /// A line with a title in front.
  public init(title: String, isQuiet: Bool = false) {
    let silencers = ["NO_COLOR", "CI"]
    let silenced = silencers.contains { name in getenv(name).map { $0.pointee != 0 } ?? false }
    isShown = !isQuiet && !silenced && isatty(STDERR_FILENO) == 1
    self.title = title
    startSeconds = Self.nowSeconds
  }

  /// Shows progress, at most five times a second.
  /// - Parameters:
  ///   - fraction: Share of the work done, 0 to 1.
  ///   - events: Events processed so far.
  public mutating func update(fraction: Double, events: UInt64) {
    guard isShown else { return }
    let now = Self.nowSeconds
    guard now - lastSeconds >= Self.interval else { return }
    lastSeconds = now
    show(Self.text(title: title, fraction: fraction, events: events, elapsedSeconds: now - startSeconds))
  }

  /// Removes the line.
  public mutating func finish() {
    guard isShown, width > 0 else { return }
    show("")
    width = 0
  }

  /// `peak  42%  1.3M events/s  12s left`.
  static func text(title: String, fraction: Double, events: UInt64, elapsedSeconds: Double) -> String {
    let share = min(max(fraction, 0), 1)
    var parts = [title, "\(Int(share * 100))%"]
    if elapsedSeconds > 0, events > 0 {
      parts.append("\(DisplayNumber.scaled(Double(events) / elapsedSeconds)) events/s")
    }
    if share > 0.01, share < 1, elapsedSeconds > 1 {
      let left = Int64((elapsedSeconds * (1 - share) / share).rounded(.up))
      parts.append("\(duration(left)) left")
    }
    return parts.joined(separator: "  ")
  }

  private static func duration(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: "\(seconds)s"
    case ..<3600: "\(seconds / 60)min \(seconds % 60)s"
    default: "\(seconds / 3600)h \(seconds / 60 % 60)min"
    }
  }

  private mutating func show(_ text: String) {
    let padding = String(repeating: " ", count: max(0, width - text.count))
    let bytes = Array("\r\(text)\(padding)\(text.isEmpty ? "\r" : "")".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
    width = text.count
  }

  private static var nowSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
