// A recorded network: bandwidth and latency over time, played cyclically.

/// A network as a sequence of periods of constant bandwidth and latency.
public struct NetworkTrace: Sendable, Equatable {
  /// A span of time in which the network does not change.
  public struct Period: Sendable, Equatable, BitwiseCopyable {
    /// Length in milliseconds.
    public var durationMs: Double
    /// Bandwidth in kbit/s; may be 0.
    public var bandwidthKbps: Double
    /// Time from a request to its first byte in milliseconds.
    public var latencyMs: Double

    /// A period; units as in the properties.
    public init(durationMs: Double, bandwidthKbps: Double, latencyMs: Double) {
      self.durationMs = durationMs
      self.bandwidthKbps = bandwidthKbps
      self.latencyMs = latencyMs
    }
  }

  /// Where it came from, for messages.
  public var source: String
  /// The periods, at least one; after the last the first follows again.
  public var periods: [Period]

  /// A trace.
  /// - Precondition: at least one period carries bits; durations are positive, bandwidths and latencies not negative.
  public init(source: String, periods: [Period]) {
    precondition(
      periods.contains { $0.bandwidthKbps > 0 }
        && periods.allSatisfy { $0.durationMs > 0 && $0.bandwidthKbps >= 0 && $0.latencyMs >= 0 },
      "a trace carries bits, and its periods have lengths")
    self.source = source
    self.periods = periods
  }

  /// The trace with every bandwidth multiplied.
  public func scaled(by factor: Double) -> NetworkTrace {
    var copy = self
    for index in copy.periods.indices { copy.periods[index].bandwidthKbps *= factor }
    return copy
  }
}
