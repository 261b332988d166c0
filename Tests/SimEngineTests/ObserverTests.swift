import SimEngine
import Testing

@Suite struct ObserverTests {
  private func values(_ count: Int) -> [Double] {
    var stream = RandomStream(StreamKey(seed: 5, replication: 0, entity: "observers", purpose: "values"))
    return (0..<count).map { _ in stream.lognormal(mu: 0, sigma: 2) }
  }

  @Test("a tally of parts, merged, is the tally of the whole")
  func tallyMerges() {
    let values = values(5000)
    var whole = Tally()
    for value in values { whole.add(value) }
    for parts in [1, 2, 7, 5000] {
      var merged = Tally()
      for part in 0..<parts {
        var tally = Tally()
        for index in stride(from: part, to: values.count, by: parts) { tally.add(values[index]) }
        merged.merge(tally)
        merged.merge(Tally())
      }
      #expect(merged.count == whole.count && merged.minimum == whole.minimum && merged.maximum == whole.maximum)
      #expect((merged.mean / whole.mean - 1).magnitude < 1e-12)
      #expect((merged.variance / whole.variance - 1).magnitude < 1e-10)
    }
    let mean = values.reduce(0, +) / 5000
    let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 4999
    #expect((whole.variance / variance - 1).magnitude < 1e-10)
    #expect((whole.sum / values.reduce(0, +) - 1).magnitude < 1e-12)
  }

  @Test("a tally keeps its precision on a huge offset, and knows nothing of nothing")
  func tallyIsStable() {
    var tally = Tally()
    for value in [4, 7, 13, 16] as [Double] { tally.add(1e9 + value) }
    #expect(tally.variance == 30)
    #expect(Tally().mean.isNaN && Tally().variance.isNaN && Tally().minimum == nil)
  }

  @Test("a level is averaged over time, and a reset re-bases it without touching it")
  func levels() {
    var queue = TimeWeighted(level: 0, at: .zero)
    queue.add(2, at: .seconds(1))
    queue.add(1, at: .seconds(3))
    // One second at 0, two at 2, one at 3.
    #expect(queue.mean(through: .seconds(4)) == 1.75)
    queue.reset(at: .seconds(4))
    #expect(queue.level == 3 && queue.minimum == 3 && queue.maximum == 3)
    for second in 5...7 { queue.add(-1, at: .seconds(Double(second))) }
    #expect(queue.level == 0 && queue.minimum == 0)
    #expect(queue.integral(through: .seconds(8)) == 6)
    #expect(TimeWeighted(level: 5, at: .seconds(1)).mean(through: .seconds(1)) == 5)
  }

  @Test("the levels of two parts add up")
  func levelsMerge() {
    var left = TimeWeighted()
    left.set(2, at: .seconds(1))
    var right = TimeWeighted()
    right.set(4, at: .seconds(3))
    left.merge(right)
    #expect(left.level == 6)
    #expect(left.integral(through: .seconds(5)) == 16)
  }

  @Test("histogram quantiles stay within the promised relative error", arguments: [0, 4, 7, 10])
  func histogramQuantiles(bits: Int) {
    let values = values(20_000) + [0, 0, 0, 1e-300, 0x1p-1074, 1e300]
    var histogram = LogLinearHistogram(precisionBits: bits)
    for value in values { histogram.add(value) }
    let sorted = values.sorted()
    for q in [0.0001, 0.01, 0.25, 0.5, 0.95, 0.99, 0.9999] {
      let exact = sorted[Int((q * Double(sorted.count)).rounded(.up)) - 1]
      #expect((histogram.quantile(q) - exact).magnitude <= exact * histogram.relativeError * 1.0000001)
    }
    #expect(histogram.quantile(0) == 0 && histogram.quantile(1) == 1e300)
    #expect(histogram.occupiedBuckets.map(\.count).reduce(0, +) == histogram.count)
  }

  @Test("histograms of parts merge to the histogram of the whole, in any order")
  func histogramsMerge() {
    let values = values(3000)
    var whole = LogLinearHistogram()
    var parts = [LogLinearHistogram](repeating: LogLinearHistogram(), count: 5)
    for (index, value) in values.enumerated() {
      whole.add(value)
      parts[index % 5].add(value)
    }
    for order in [[0, 1, 2, 3, 4], [4, 2, 0, 3, 1]] {
      var merged = LogLinearHistogram()
      for part in order { merged.merge(parts[part]) }
      #expect(merged.count == whole.count)
      #expect(merged.occupiedBuckets.map(\.count) == whole.occupiedBuckets.map(\.count))
      for q in [0.1, 0.5, 0.95] { #expect(merged.quantile(q) == whole.quantile(q)) }
    }
    #expect(LogLinearHistogram().quantile(0.5).isNaN)
  }

  @Test("observations fall into the window that holds their time")
  func windows() {
    var series = WindowSeries(width: .seconds(60))
    series.add(10, at: .zero)
    series.add(20, at: SimTime(nanoseconds: 59_999_999_999))
    series.add(5, at: .seconds(60))
    series.extend(through: .seconds(240))
    #expect(series.sums == [30, 5, 0, 0] && series.counts == [2, 1, 0, 0])
    #expect(series.mean(0) == 15 && series.mean(2) == nil && series.rate(0) == 0.5)
    var other = WindowSeries(width: .seconds(60))
    other.add(1, at: .seconds(300))
    series.merge(other)
    #expect(series.sums == [30, 5, 0, 0, 0, 1])
  }

  @Test("a level is averaged window by window, a partial last window over its observed part")
  func levelWindows() {
    var series = LevelSeries(width: .seconds(10))
    series.set(4, at: .seconds(5))
    series.set(1, at: .seconds(25))
    series.extend(through: .seconds(35))
    #expect(series.means == [2, 4, 2.5, 1])
    var other = LevelSeries(width: .seconds(10), level: 1)
    other.set(2, at: .seconds(40))
    series.merge(other)
    #expect(series.means == [3, 5, 3.5, 2] && series.level == 3)
  }

  @Test("counters count, merge and restart")
  func counters() {
    var counter = Counter()
    counter.add()
    counter.add(9)
    var other = Counter()
    other.add(5)
    counter.merge(other)
    #expect(counter.count == 15 && counter.rate(over: .seconds(3)) == 5)
    counter.reset()
    #expect(counter.count == 0)
  }
}
