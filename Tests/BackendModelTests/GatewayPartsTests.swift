import BackendModel
import SimEngine
import Testing

@Suite struct GatewayPartsTests {
  @Test("a bucket lets a burst through at once and then its rate")
  func tokenBucket() {
    var bucket = TokenBucket(perSecond: 10, burst: 5)
    let burst = (0..<8).filter { _ in bucket.take(at: .zero) }
    #expect(burst.count == 5)
    var later = 0
    for step in 1...100 where bucket.take(at: .ms(Int64(step) * 20)) { later += 1 }
    // Two seconds at ten a second.
    #expect(later == 20)
    #expect(bucket.level(at: .seconds(1_000)) == 5)
  }

  @Test("when every call fails, retries are the budget's share of the calls and its reserve")
  func retryBudget() {
    var budget = RetryBudget(share: 0.1, reserve: 10)
    var retries = 0
    for _ in 0..<10_000 {
      budget.deposit()
      if budget.withdraw() { retries += 1 }
    }
    #expect((1_000...1_010).contains(retries))
  }

  @Test("a breaker opens at its share of failures, refuses until it has cooled down, and closes after good probes")
  func breakerTransitions() {
    var settings = BreakerSettings()
    settings.failureShare = 0.5
    settings.window = 10
    settings.minimumCalls = 4
    settings.coolDown = .seconds(5)
    settings.probes = 2
    var breaker = CircuitBreaker(settings)
    for failed in [true, false, true] {
      #expect(breaker.permit(at: .zero) == .granted)
      breaker.record(.granted, succeeded: !failed, at: .zero)
    }
    // Two of three, but fewer than the minimum.
    #expect(breaker.state(at: .zero) == .closed)
    breaker.record(.granted, succeeded: false, at: .zero)
    #expect(breaker.state(at: .zero) == .open && breaker.openings == 1)
    #expect(breaker.permit(at: .ms(4_999)) == .refused)
    #expect(breaker.permit(at: .ms(5_000)) == .probe && breaker.permit(at: .ms(5_000)) == .probe)
    #expect(breaker.permit(at: .ms(5_000)) == .refused)
    breaker.record(.probe, succeeded: true, at: .ms(5_100))
    #expect(breaker.state(at: .ms(5_100)) == .halfOpen)
    breaker.record(.probe, succeeded: true, at: .ms(5_200))
    #expect(breaker.state(at: .ms(5_200)) == .closed)
    // It starts with a clean slate.
    breaker.record(.granted, succeeded: false, at: .ms(5_300))
    #expect(breaker.state(at: .ms(5_300)) == .closed)
  }

  @Test("a bad probe opens the breaker again, and late results of old calls do not count")
  func breakerReopens() {
    var settings = BreakerSettings()
    settings.window = 2
    settings.minimumCalls = 2
    settings.coolDown = .seconds(1)
    settings.probes = 1
    var breaker = CircuitBreaker(settings)
    for _ in 0..<2 { breaker.record(.granted, succeeded: false, at: .zero) }
    breaker.record(.granted, succeeded: true, at: .ms(1_500))
    #expect(breaker.state(at: .ms(1_500)) == .halfOpen)
    #expect(breaker.permit(at: .ms(1_500)) == .probe)
    breaker.record(.probe, succeeded: false, at: .ms(1_600))
    #expect(breaker.state(at: .ms(2_599)) == .open && breaker.state(at: .ms(2_600)) == .halfOpen)
    #expect(breaker.openings == 2)
  }

  @Test("old results leave the breaker's window")
  func breakerWindow() {
    var settings = BreakerSettings()
    settings.window = 10
    settings.minimumCalls = 10
    settings.failureShare = 0.5
    var breaker = CircuitBreaker(settings)
    // Four failures in ten, again and again: never five in any ten.
    for call in 0..<1_000 { breaker.record(.granted, succeeded: call % 10 >= 4, at: .zero) }
    #expect(breaker.openings == 0)
    for _ in 0..<1 { breaker.record(.granted, succeeded: false, at: .zero) }
    for call in 0..<9 { breaker.record(.granted, succeeded: call >= 4, at: .zero) }
    #expect(breaker.openings == 1)
  }

  @Test("a ramp moves in a straight line and can turn back on the way")
  func ramp() {
    var level = RampedLevel(1)
    level.move(to: 5, at: .seconds(10), ramp: .seconds(4))
    #expect(level.value(at: .seconds(10)) == 1 && level.value(at: .seconds(12)) == 3)
    #expect(level.value(at: .seconds(14)) == 5 && level.value(at: .seconds(99)) == 5)
    level.move(to: 1, at: .seconds(100), ramp: .seconds(4))
    #expect(level.value(at: .seconds(101)) == 4)
    level.move(to: 4, at: .seconds(101), ramp: .zero)
    #expect(level.value(at: .seconds(101)) == 4)
  }
}
