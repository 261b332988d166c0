extension RequestTrace {
  /// The requests of a fixed share of the objects, chosen by a hash of their names: SHARDS.
  ///
  /// Simulate the result with capacities times `rate`, and correct the counts with `scaledToWhole(_:ignoringSizes:)`:
  /// without the correction the hottest objects, which are in or out as a whole, bias the ratios badly.
  /// Waldspurger, Park, Garthwaite, Ahmad: Efficient MRC construction with SHARDS, FAST 2015.
  ///
  /// - Precondition: `rate` lies in (0, 1].
  public func sampled(rate: Double) -> RequestTrace {
    precondition(rate > 0 && rate <= 1, "a sampling rate lies in (0, 1]")
    if rate == 1 { return self }
    let threshold = UInt64(rate * 0x1p63) << 1
    var numbers = [Int32](repeating: -1, count: objectCount)
    var kept = RequestTrace(name: name)
    for (number, key) in keys.enumerated() where XXH64.hash(key, seed: 0x5348_4152_4453) < threshold {
      numbers[number] = Int32(kept.keys.count)
      kept.keys.append(key)
    }
    for (id, size) in zip(ids, bytes) where numbers[Int(id)] >= 0 {
      kept.ids.append(numbers[Int(id)])
      kept.bytes.append(size)
    }
    kept.unsampledCount = unsampledCount
    kept.unsampledBytes = unsampledBytes
    kept.skippedZeroSizes = skippedZeroSizes
    kept.sampleRate = sampleRate * rate
    return kept
  }

  /// Counts of a run over a sample as estimates for the whole trace.
  ///
  /// Misses are divided by the rate; requests are those of the whole trace. That is the SHARDS adjustment: what the
  /// sample has too many or too few requests counts as hits of the hottest objects.
  func scaledToWhole(_ counts: ReplayCounts, ignoringSizes: Bool) -> ReplayCounts {
    var scaled = ReplayCounts()
    scaled.requests = Int64(unsampledCount)
    scaled.requestBytes = ignoringSizes ? Int64(unsampledCount) : unsampledBytes
    scaled.misses = min(scaled.requests, Int64((Double(counts.misses) / sampleRate).rounded()))
    scaled.missBytes = min(scaled.requestBytes, Int64((Double(counts.missBytes) / sampleRate).rounded()))
    scaled.admittedBytes = Int64((Double(counts.admittedBytes) / sampleRate).rounded())
    return scaled
  }
}
