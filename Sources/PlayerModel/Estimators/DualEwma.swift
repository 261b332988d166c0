// Two exponentially weighted averages of the throughput, a fast and a slow one; the smaller is believed.

internal import SimEngine

/// Dual EWMA over transfer time, as in dash.js, hls.js and Shaka.
///
/// A sample x that took `dt` keeps the share `a = 0.5^(dt / halfLife)` of what was believed: `T = a T + (1 - a) x`. Start-up
/// bias is removed by dividing by `1 - product of all a`. The estimate is the smaller average: drops are believed at once,
/// rises slowly. Latency is averaged per request with its own half life.
/// State: 48 bytes. No call of the C library, so that every machine computes the same bits.
public struct DualEwma: BitwiseCopyable, Sendable {
  private var fast = 0.0
  private var slow = 0.0
  /// Weight that the initial zero still has in each average.
  private var fastRest = 1.0
  private var slowRest = 1.0
  private var latency: Float = 0
  private var latencyRest: Float = 1
  private let fastHalfLifeMs: Float
  private let slowHalfLifeMs: Float

  /// Share of the old latency kept by each request: a half life of two requests.
  private static let latencyKeep: Float = 0.70710677

  /// Averages with the given half lives in seconds of transfer; dash.js uses 3 and 8.
  /// - Precondition: both are positive.
  public init(fastHalfLifeSeconds: Double = 3, slowHalfLifeSeconds: Double = 8) {
    precondition(fastHalfLifeSeconds > 0 && slowHalfLifeSeconds > 0, "a half life is positive")
    fastHalfLifeMs = Float(fastHalfLifeSeconds * 1000)
    slowHalfLifeMs = Float(slowHalfLifeSeconds * 1000)
  }

  /// Takes in a finished transfer of `kbps` that lasted `transferMs`.
  mutating func record(kbps: Double, transferMs: Double, latencyMs: Double) {
    let keepFast = Self.half(to: transferMs / Double(fastHalfLifeMs))
    let keepSlow = Self.half(to: transferMs / Double(slowHalfLifeMs))
    fast = keepFast * fast + (1 - keepFast) * kbps
    slow = keepSlow * slow + (1 - keepSlow) * kbps
    fastRest *= keepFast
    slowRest *= keepSlow
    latency = Self.latencyKeep * latency + (1 - Self.latencyKeep) * Float(latencyMs)
    latencyRest *= Self.latencyKeep
  }

  /// `0.5^x` for `x >= 0`.
  private static func half(to x: Double) -> Double { DeterministicMath.exp(-0.6931471805599453 * x) }

  /// Estimated throughput in kbit/s, `nil` before the first sample.
  var throughputKbps: Double? {
    guard fastRest < 1, slowRest < 1 else { return nil }
    return min(fast / (1 - fastRest), slow / (1 - slowRest))
  }

  /// Estimated time to the first byte in milliseconds.
  var latencyMs: Double { latencyRest < 1 ? Double(latency / (1 - latencyRest)) : 0 }
}
