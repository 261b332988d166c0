public import SimEngine

/// A rate limit that allows bursts: tokens come at a steady rate up to a limit, and each call takes one.
///
/// The tokens are worked out when they are asked for, so a bucket has no timer.
public struct TokenBucket: BitwiseCopyable, Hashable, Sendable {
  /// Tokens a second.
  public let perSecond: Double
  /// The most tokens that can wait.
  public let burst: Double
  private var tokens: Double
  private var updated: SimTime

  /// A full bucket; the burst is at least one token, or nothing would ever pass.
  public init(perSecond: Double, burst: Double, at time: SimTime = .zero) {
    precondition(perSecond >= 0 && perSecond.isFinite && burst >= 1 && burst.isFinite, "a bucket holds a token")
    self.perSecond = perSecond
    self.burst = burst
    tokens = burst
    updated = time
  }

  /// Takes `count` tokens at `now` if there are so many.
  public mutating func take(_ count: Double = 1, at now: SimTime) -> Bool {
    tokens = level(at: now)
    updated = now
    guard tokens >= count else { return false }
    tokens -= count
    return true
  }

  /// The tokens that are there at `now`, not before the last time that some were taken.
  public func level(at now: SimTime) -> Double { min(burst, tokens + perSecond * (now - updated).seconds) }
}

/// Keeps retries a bounded share of the calls, so that retrying cannot feed the overload that it reacts to.
///
/// Every call pays in a share of a retry, every retry takes out a whole one; a small reserve lets a quiet caller retry
/// too. With a share of 0.1 and every call failing, the load is 1.1 times the calls, not 1 + retries times.
public struct RetryBudget: BitwiseCopyable, Hashable, Sendable {
  /// What a call pays in.
  public let share: Double
  /// The most that can be saved up.
  public let reserve: Double
  private var saved: Double

  /// A budget with a full reserve.
  public init(share: Double, reserve: Double) {
    precondition(share >= 0 && reserve >= 0 && share.isFinite && reserve.isFinite, "a budget is not negative")
    self.share = share
    self.reserve = reserve
    saved = reserve
  }

  /// Pays in for a call.
  public mutating func deposit() { saved = min(reserve, saved + share) }

  /// Takes out a retry if it has been earned.
  public mutating func withdraw() -> Bool {
    guard saved >= 1 else { return false }
    saved -= 1
    return true
  }
}
