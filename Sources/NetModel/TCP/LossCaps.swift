// What a given loss rate leaves of a long TCP flow; used as the cap of a route or an access class.

public import SimEngine

/// A path that loses segments at random.
public struct LossyPath: Hashable, Sendable {
  /// Probability that a segment is lost, 0..<1.
  public var lossRate: Double
  /// Round trip time.
  public var roundTrip: SimDuration
  /// Segment on the wire, in bytes.
  public var segmentBytes: Int64
  /// Segments that one acknowledgement covers (delayed acknowledgements: 2).
  public var segmentsPerAcknowledgement: Double
  /// First retransmission timeout.
  public var retransmissionTimeout: SimDuration
  /// Largest window in segments.
  public var largestWindow: Double

  /// A path; the defaults are those of a stack with delayed acknowledgements and a minimal timeout of 200 ms.
  public init(
    lossRate: Double, roundTrip: SimDuration, segmentBytes: Int64 = 1502, segmentsPerAcknowledgement: Double = 2,
    retransmissionTimeout: SimDuration = .milliseconds(200), largestWindow: Double = .infinity
  ) {
    precondition(lossRate >= 0 && lossRate < 1, "a loss rate is 0..<1")
    self.lossRate = lossRate
    self.roundTrip = roundTrip
    self.segmentBytes = segmentBytes
    self.segmentsPerAcknowledgement = segmentsPerAcknowledgement
    self.retransmissionTimeout = retransmissionTimeout
    self.largestWindow = largestWindow
  }

  /// The square-root law: segment / RTT x sqrt(3/2) / sqrt(p), without timeouts.
  ///
  /// Mathis, Semke, Mahdavi, Ott: The macroscopic behavior of the TCP congestion avoidance algorithm, 1997.
  public var mathisCap: BitRate {
    rate(segmentsPerSecond: 1.5.squareRoot() / (lossRate.squareRoot() * roundTrip.seconds))
  }

  /// The square-root law with timeouts and the receiver's window:
  /// 1 / (RTT sqrt(2bp/3) + T0 min(1, 3 sqrt(3bp/8)) p (1 + 32 p^2)) segments a second.
  ///
  /// Padhye, Firoiu, Towsley, Kurose: Modeling TCP throughput, 1998, equation 32.
  public var pftkCap: BitRate {
    let (p, b) = (lossRate, segmentsPerAcknowledgement)
    let avoidance = roundTrip.seconds * (2 * b * p / 3).squareRoot()
    let timeouts =
      retransmissionTimeout.seconds * min(1, 3 * (3 * b * p / 8).squareRoot()) * p * (1 + 32 * p * p)
    return rate(segmentsPerSecond: 1 / (avoidance + timeouts))
  }

  private func rate(segmentsPerSecond: Double) -> BitRate {
    let windowBound = largestWindow / roundTrip.seconds
    guard !segmentsPerSecond.isNaN, !windowBound.isNaN else { return .unlimited }
    return BitRate(bitsPerSecond: min(segmentsPerSecond, windowBound) * Double(segmentBytes) * 8)
  }
}
