/// How a client tries again after a rejection or a timeout: exponential backoff with jitter.
@frozen
public struct RetryPolicy: BitwiseCopyable, Hashable, Sendable {
  /// Attempts after the first one.
  public var retries: Int
  /// The delay before the first retry.
  public var firstDelay: SimDuration
  /// Each further delay is this many times longer.
  public var multiplier: Double
  /// No delay is longer than this, jitter aside.
  public var longestDelay: SimDuration
  /// The share of a delay that is drawn at random: 0 is none; with 0.5 a delay of 1 s becomes 0.5 s to 1 s. It keeps
  /// clients that failed together from coming back together.
  public var jitter: Double

  /// A policy; delays must not be negative, the multiplier at least 1, and the jitter from 0 to 1.
  public init(
    retries: Int, firstDelay: SimDuration, multiplier: Double = 2, longestDelay: SimDuration = .seconds(60),
    jitter: Double = 0
  ) {
    precondition(retries >= 0 && firstDelay >= .zero && longestDelay >= firstDelay, "delays grow from zero up")
    precondition(multiplier >= 1 && multiplier.isFinite, "a backoff does not shrink")
    precondition(jitter >= 0 && jitter <= 1, "the jitter is a share")
    self.retries = retries
    self.firstDelay = firstDelay
    self.multiplier = multiplier
    self.longestDelay = longestDelay
    self.jitter = jitter
  }

  /// The delay before the next attempt after `failures` failed ones (1 after the first), or `nil` to give up.
  ///
  /// Draws one number if there is jitter and another attempt, none otherwise.
  public func delay(afterFailures failures: Int, _ stream: inout RandomStream) -> SimDuration? {
    precondition(failures > 0, "a retry follows a failure")
    guard failures <= retries else { return nil }
    var seconds = firstDelay.seconds
    for _ in 1..<failures where seconds < longestDelay.seconds { seconds *= multiplier }
    let delay = min(SimDuration.seconds(min(seconds, longestDelay.seconds)), longestDelay)
    return jitter > 0 ? delay.scaled(by: 1 - jitter * stream.uniform()) : delay
  }
}
