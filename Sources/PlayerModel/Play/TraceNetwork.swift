// A single client on a trace: milliseconds and bits in doubles, period by period.

/// A network that follows a `NetworkTrace` cyclically.
///
/// Latency that spans several periods is consumed at each period's rate; a period without bandwidth carries nothing until
/// it is over. The operations and their order are those of Sabre's network model (Spiteri et al., MMSys 2018), so that
/// clocks agree in the last bit.
public struct TraceNetwork: NetworkSource {
  /// Time since the start in milliseconds.
  public private(set) var clockMs = 0.0
  private let periods: [NetworkTrace.Period]
  private var index = 0
  private var leftMs: Double
  /// The periods entered since the list was last drained; only filled for a session that asks for it.
  var entered: [Entry] = []
  private let recordsEntries: Bool

  /// A period that began.
  struct Entry {
    /// Index of the period in the trace.
    var period: Int
    /// When it began, in milliseconds.
    var clockMs: Double
  }

  /// A client at the start of a trace.
  public init(_ trace: NetworkTrace) { self.init(trace, recordsEntries: false) }

  init(_ trace: NetworkTrace, recordsEntries: Bool) {
    periods = trace.periods
    leftMs = trace.periods[0].durationMs
    self.recordsEntries = recordsEntries
  }

  @inline(__always)
  private mutating func consume(_ ms: Double) {
    leftMs -= ms
    clockMs += ms
  }

  private mutating func enterNextPeriod() {
    clockMs += leftMs
    index += 1
    if index == periods.count { index = 0 }
    leftMs = periods[index].durationMs
    if recordsEntries { entered.append(Entry(period: index, clockMs: clockMs)) }
  }

  /// One request's way to the server and back.
  public mutating func firstByte() -> Double {
    var units = 1.0
    var total = 0.0
    while units > 0 {
      let latencyMs = periods[index].latencyMs
      let ms = units * latencyMs
      if ms <= leftMs {
        consume(ms)
        total += ms
        units = 0
      } else {
        total += leftMs
        units -= leftMs / latencyMs
        enterNextPeriod()
      }
    }
    return total
  }

  /// Receives all of `bits`.
  public mutating func transfer(bits: Double) -> Double {
    var rest = bits
    var total = 0.0
    while rest > 0 {
      let kbps = periods[index].bandwidthKbps
      if rest <= leftMs * kbps {
        let ms = rest / kbps
        total += ms
        consume(ms)
        rest = 0
      } else {
        total += leftMs
        rest -= leftMs * kbps
        enterNextPeriod()
      }
    }
    return total
  }

  /// Lets time pass.
  public mutating func wait(ms: Double) {
    var rest = ms
    while rest > leftMs {
      rest -= leftMs
      enterNextPeriod()
    }
    consume(rest)
  }

  /// Receives a slice of a transfer.
  public mutating func receive(bits: Double, leastBits: Double, leastMs: Double) -> (bits: Double, ms: Double) {
    var rest = bits
    var leastBits = leastBits
    var leastMs = leastMs
    var totalBits = 0.0
    var totalMs = 0.0
    while rest > 0, leastBits > 0 || leastMs > 0 {
      let kbps = periods[index].bandwidthKbps
      var sliceBits = 0.0
      var sliceMs = 0.0
      if kbps > 0 {
        let wanted = max(leastBits, leastMs * kbps)
        let available = leftMs * kbps
        if rest <= wanted, rest <= available {
          sliceBits = rest
          sliceMs = rest / kbps
          consume(sliceMs)
        } else if wanted <= available {
          sliceBits = wanted
          sliceMs = wanted / kbps
          leastBits = 0
          leastMs = 0
          consume(sliceMs)
        } else {
          sliceBits = available
          sliceMs = leftMs
          enterNextPeriod()
        }
      } else if leastBits > 0 || leastMs > leftMs {
        sliceMs = leftMs
        enterNextPeriod()
      } else {
        sliceMs = leastMs
        consume(sliceMs)
      }
      rest -= sliceBits
      leastBits -= sliceBits
      leastMs -= sliceMs
      totalBits += sliceBits
      totalMs += sliceMs
    }
    return (totalBits, totalMs)
  }
}
