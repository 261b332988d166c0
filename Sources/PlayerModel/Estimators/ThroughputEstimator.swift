// What a session believes about its network: one of a few estimators, held inline.

public import SimEngine

/// A throughput and latency estimator as one value of at most 49 bytes.
public enum ThroughputEstimator: BitwiseCopyable, Sendable {
  /// A fast and a slow exponential average; the smaller counts.
  case dualEwma(DualEwma)
  /// A mean, harmonic mean or percentile over the last samples.
  case recent(RecentSamples)

  /// Takes in a finished transfer.
  ///
  /// - Parameters:
  ///   - bits: bits carried; a transfer without bits is ignored.
  ///   - transferMs: time from the first byte to the last, in milliseconds; a transfer that took no time is ignored, since
  ///     it says nothing about the network.
  ///   - latencyMs: time from the request to the first byte, in milliseconds.
  public mutating func record(bits: Double, transferMs: Double, latencyMs: Double) {
    guard bits > 0, transferMs > 0 else { return }
    let kbps = bits / transferMs
    switch self {
    case .dualEwma(var ewma):
      ewma.record(kbps: kbps, transferMs: transferMs, latencyMs: latencyMs)
      self = .dualEwma(ewma)
    case .recent(var samples):
      samples.record(kbps: kbps, bits: bits, latencyMs: latencyMs)
      self = .recent(samples)
    }
  }

  /// Takes in a finished transfer of `bytes`.
  public mutating func record(bytes: Int64, transfer: SimDuration, latency: SimDuration) {
    record(bits: Double(bytes) * 8, transferMs: transfer.milliseconds, latencyMs: latency.milliseconds)
  }

  /// Estimated throughput in kbit/s, `nil` before the first sample.
  public var throughputKbps: Double? {
    switch self {
    case .dualEwma(let ewma): ewma.throughputKbps
    case .recent(let samples): samples.throughputKbps
    }
  }

  /// Estimated time to the first byte in milliseconds, 0 before the first sample.
  public var latencyMs: Double {
    switch self {
    case .dualEwma(let ewma): ewma.latencyMs
    case .recent(let samples): samples.latencyMs
    }
  }
}
