import SimEngine

extension Estimate {
  /// The estimate over the replications that observed anything: a run without viewers has no start-up time.
  ///
  /// Where none did, `count` is 0 and the mean NaN.
  init(known values: [Double]) {
    let known = values.filter(\.isFinite)
    if known.isEmpty {
      self.init(count: 0, mean: .nan, halfWidth: nil)
    } else {
      self.init(replications: known)
    }
  }
}

extension PairedComparison {
  /// The comparison over the replications in which both sides observed anything; `nil` where there are none.
  init?(known baseline: [Double], alternative: [Double]) {
    let pairs = zip(baseline, alternative).filter { $0.isFinite && $1.isFinite }
    guard !pairs.isEmpty else { return nil }
    self.init(baseline: pairs.map(\.0), alternative: pairs.map(\.1))
  }
}
