import SimEngine
import Testing

@Suite struct SimTimeTests {
  @Test("ticks convert exactly, rounded once to the nearest nanosecond, halves up")
  func ticks() {
    #expect(SimDuration(ticks: 90_000, timescale: 90_000) == .seconds(1))
    #expect(SimDuration(ticks: 1, timescale: 3).nanoseconds == 333_333_333)
    #expect(SimDuration(ticks: 2, timescale: 3).nanoseconds == 666_666_667)
    #expect(SimDuration(ticks: 1, timescale: 2_000_000_000).nanoseconds == 1)
    #expect(SimDuration(ticks: -1, timescale: 2_000_000_000).nanoseconds == 0)
    #expect(SimDuration(ticks: -3, timescale: 2_000_000_000).nanoseconds == -1)
    #expect(SimDuration(ticks: 3600 * 1001 * 30, timescale: 30_000).nanoseconds == 3_603_600_000_000)
    #expect(SimDuration(checkingTicks: 1, timescale: 0) == nil)
    #expect(SimDuration(checkingTicks: 1, timescale: -1) == nil)
    #expect(SimDuration(checkingTicks: .max, timescale: 1) == nil)
    #expect(SimDuration(checkingTicks: .max, timescale: 1_000_000_000)?.nanoseconds == .max)
    #expect(SimDuration(checkingTicks: .min, timescale: 1_000_000_000)?.nanoseconds == .min)
    #expect(SimDuration(checkingTicks: .max, timescale: .max)?.nanoseconds == 1_000_000_000)
  }

  @Test("converting the original tick does not drift, adding rounded durations would")
  func noDrift() {
    let frame = SimDuration(ticks: 1001, timescale: 30_000)
    let hour = SimDuration(ticks: 1001 * 108_000, timescale: 30_000)
    #expect(hour == .seconds(3603.6))
    #expect(frame * 108_000 != hour)
  }

  @Test("seconds round to the nearest nanosecond and reject what is no span")
  func seconds() {
    #expect(SimDuration.seconds(0.1).nanoseconds == 100_000_000)
    #expect(SimDuration.seconds(-1.5).nanoseconds == -1_500_000_000)
    #expect(SimDuration(checkingSeconds: 2.5e-9)?.nanoseconds == 2)
    #expect(SimDuration(checkingSeconds: 3.5e-9)?.nanoseconds == 4)
    for bad in [Double.nan, .infinity, -.infinity, 9.3e9, -9.3e9] { #expect(SimDuration(checkingSeconds: bad) == nil) }
    #expect(SimDuration(checkingSeconds: 9.2e9) != nil)
  }

  @Test("arithmetic on times and spans is exact")
  func arithmetic() {
    let start = SimTime.zero + .milliseconds(1500)
    #expect(start.seconds == 1.5)
    #expect(start - .microseconds(500_000) == .seconds(1))
    #expect(.seconds(1) - start == .milliseconds(-500))
    #expect(SimDuration.seconds(3) / .seconds(2) == 1.5)
    #expect(SimDuration.seconds(3) / 2 == .milliseconds(1500))
    #expect(2 * SimDuration.seconds(3) == .seconds(6))
    #expect(SimDuration.seconds(2).scaled(by: 0.25) == .milliseconds(500))
    #expect(SimTime.zero < start && start < .distantFuture)
    #expect("\(SimDuration.milliseconds(1500))" == "1.5s")
    #expect("\(start)" == "1.5s")
  }

  @Test("overflow ends the process instead of wrapping around")
  func overflow() async {
    // The results are printed, so that no optimizer may leave out the arithmetic.
    await #expect(processExitsWith: .failure) { print(SimTime.distantFuture + .nanoseconds(1)) }
    await #expect(processExitsWith: .failure) { print(SimDuration.nanoseconds(.max) * 2) }
    await #expect(processExitsWith: .failure) { print(SimDuration.seconds(.nan)) }
    await #expect(processExitsWith: .failure) { print(SimDuration.seconds(1e9).scaled(by: 1e9)) }
  }
}
