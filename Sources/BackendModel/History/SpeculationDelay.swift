import SimEngine

/// How long a read waits before it asks another replica: fixed, or a quantile of the recent reads.
///
/// The quantile is that of the last thousand reads or more and is worked out anew every five hundred, so that it
/// follows the load without being asked for at every read.
struct SpeculationDelay: Sendable {
  private let mode: HistorySettings.Speculation
  private let percentile: Double
  private(set) var delay: SimDuration?
  private var recent = LogLinearHistogram(precisionBits: 5)
  private var previous = LogLinearHistogram(precisionBits: 5)

  init(_ settings: HistorySettings) {
    mode = settings.speculation
    percentile = settings.speculationPercentile
    delay = mode == .fixed ? settings.speculationDelay : nil
  }

  mutating func record(_ latency: SimDuration) {
    guard mode == .percentile else { return }
    recent.add(latency)
    guard recent.count >= 500 else { return }
    previous.merge(recent)
    delay = .seconds(previous.quantile(percentile))
    previous = recent
    recent.reset()
  }
}
