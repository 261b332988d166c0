public import SimEngine

/// Stops calls to a part that keeps failing, and tries it again from time to time.
///
///     closed --(share of failures in the last calls)--> open --(cool-down)--> half-open --(probes succeed)--> closed
///                                                        ^------(a probe fails)----'
///
/// Nygard, "Release It!" (2007).
public struct CircuitBreaker: Sendable {
  /// What the breaker does with calls.
  public enum State: Hashable, Sendable {
    /// All pass.
    case closed
    /// None pass.
    case open
    /// A few pass and decide.
    case halfOpen
  }
  /// What became of a call that asked.
  public enum Permit: UInt8, BitwiseCopyable, Sendable {
    /// It must not be made.
    case refused
    /// It may be made.
    case granted
    /// It may be made, and its result decides.
    case probe
  }

  /// The settings.
  public let settings: BreakerSettings
  private var isOpen = false
  private var opensUntil = SimTime.zero
  /// Results of the last calls while closed, a ring: whether each failed.
  private var failures: [Bool]
  private var next = 0
  private var seen = 0
  private var failed = 0
  private var probesGranted = 0
  private var probesSucceeded = 0
  /// Times that the breaker opened.
  public private(set) var openings: Int64 = 0

  /// A closed breaker.
  public init(_ settings: BreakerSettings) {
    self.settings = settings
    failures = Array(repeating: false, count: settings.window)
  }

  /// The state at `now`.
  public func state(at now: SimTime) -> State { isOpen ? (now < opensUntil ? .open : .halfOpen) : .closed }

  /// Asks for a call at `now`.
  public mutating func permit(at now: SimTime) -> Permit {
    guard settings.isEnabled else { return .granted }
    switch state(at: now) {
    case .closed: return .granted
    case .open: return .refused
    case .halfOpen:
      guard probesGranted < settings.probes else { return .refused }
      probesGranted += 1
      return .probe
    }
  }

  /// Tells how a permitted call ended.
  ///
  /// Results of calls that were made before the breaker opened no longer say anything.
  public mutating func record(_ permit: Permit, succeeded: Bool, at now: SimTime) {
    guard settings.isEnabled else { return }
    switch permit {
    case .refused: break
    case .probe:
      guard isOpen, probesGranted > 0 else { return }
      if !succeeded {
        open(at: now)
      } else {
        probesSucceeded += 1
        if probesSucceeded == settings.probes { close() }
      }
    case .granted:
      guard !isOpen else { return }
      if seen == failures.count, failures[next] { failed -= 1 }
      failures[next] = !succeeded
      if !succeeded { failed += 1 }
      next = next + 1 == failures.count ? 0 : next + 1
      seen = min(seen + 1, failures.count)
      if seen >= settings.minimumCalls, Double(failed) >= settings.failureShare * Double(seen) { open(at: now) }
    }
  }

  private mutating func open(at now: SimTime) {
    isOpen = true
    opensUntil = now + settings.coolDown
    probesGranted = 0
    probesSucceeded = 0
    openings += 1
  }

  private mutating func close() {
    isOpen = false
    next = 0
    seen = 0
    failed = 0
  }
}
