import CDNModel
import NetModel
import SimEngine

/// The caches of one middle tier together, as rows of the tables.
struct RegionalTier: Sendable {
  /// `regional` or `shield`: the component, the tier in cdn.csv, and the first word of its metrics.
  let tier: String
  let caches: [RegionalResults]
  let warmupEnd: SimTime

  /// Totals between two snapshots of all caches; `nil` stands for the start of the run.
  private func totals(from start: Int?, to end: Int, of cache: RegionalResults) -> RegionalCounters {
    cache.snapshots[end].totals - (start.map { cache.snapshots[$0].totals } ?? RegionalCounters())
  }

  private var moments: [SimTime] { caches[0].snapshots.map(\.at) }

  /// The last snapshot of the warm-up.
  private var cut: Int? { warmupEnd > .zero ? moments.dropLast().lastIndex { $0 <= warmupEnd } : nil }

  /// Totals over the observed time.
  var observed: RegionalCounters {
    caches.reduce(RegionalCounters()) { $0 + totals(from: cut, to: moments.count - 1, of: $1) }
  }

  var results: ComponentResults {
    var results = ComponentResults()
    results.violations = caches.flatMap(\.violations)
    let last = moments.count - 1
    let seconds = (moments[last] - (cut.map { moments[$0] } ?? .zero)).seconds
    let capacity = caches.reduce(0) { $0 + $1.egressCapacity.bitsPerSecond }
    func add(_ entity: String, _ metric: String, _ unit: String, _ value: Double) {
      results.summary.append(
        MetricRow(component: tier, entity: entity, metric: "\(tier)_\(metric)", unit: unit, value: value))
    }
    let all = observed
    add("all", "requests", "", Double(all.requests(hits: false)))
    add("all", "hit_ratio", "", Double(all.requests(hits: true)) / Double(all.requests(hits: false)))
    add("all", "byte_hit_ratio", "", Double(all.bytes(hits: true)) / Double(all.bytes(hits: false)))
    if all.refusals > 0 { add("all", "refusals", "", Double(all.refusals)) }
    add("all", "coalesced", "", Double(all.coalesced))
    add("all", "bytes", "bytes", Double(all.sentBytes))
    add("all", "gbps", "Gbit/s", Double(all.carriedBytes) * 8e-9 / seconds)
    add("all", "utilisation", "", Double(all.carriedBytes) * 8 / (capacity * seconds))
    add("all", "disk_written_bytes", "bytes", Double(all.writtenBytes))
    var peak = 0.0
    for index in moments.indices {
      let start = index == 0 ? nil : index - 1
      let length = (moments[index] - (start.map { moments[$0] } ?? .zero)).seconds
      guard length > 0 else { continue }
      let window = caches.reduce(RegionalCounters()) { $0 + totals(from: start, to: index, of: $1) }
      let utilisation = Double(window.carriedBytes) * 8 / (capacity * length)
      if index > cut ?? -1 { peak = max(peak, utilisation) }
      let requests = Double(window.requests(hits: false))
      let rows: [(String, String, Double)] = [
        ("requests_per_s", "1/s", requests / length),
        ("hit_ratio", "", Double(window.requests(hits: true)) / requests),
        ("byte_hit_ratio", "", Double(window.bytes(hits: true)) / Double(window.bytes(hits: false))),
        ("gbps", "Gbit/s", Double(window.carriedBytes) * 8e-9 / length),
        ("utilisation", "", utilisation),
      ]
      for (metric, unit, value) in rows {
        results.timeseries.append(
          MetricRow(
            component: tier, metric: "\(tier)_\(metric)", unit: unit, value: value, timeS: moments[index].seconds))
      }
    }
    add("all", "utilisation_peak", "", peak)
    for cache in caches where cache.name != tier {
      let mine = totals(from: cut, to: last, of: cache)
      let entity = cache.name
      add(entity, "hit_ratio", "", Double(mine.requests(hits: true)) / Double(mine.requests(hits: false)))
      add(entity, "byte_hit_ratio", "", Double(mine.bytes(hits: true)) / Double(mine.bytes(hits: false)))
    }
    return results
  }

  /// Rows of cdn.csv: the tier, then each cache.
  func cdn(_ prices: DeliveryPrices, diskBytes: [Int64], seconds: Double) -> [CDNRow] {
    func row(
      _ entity: String, _ totals: RegionalCounters, resident: Int64, _ firstBytes: LogLinearHistogram, disk: Int64
    ) -> CDNRow {
      var row = CDNRow(tier: tier, entity: entity)
      row.requests = totals.requests(hits: false)
      row.requestedBytes = totals.bytes(hits: false)
      row.hits = totals.requests(hits: true)
      row.hitBytes = totals.bytes(hits: true)
      row.memoryHits = totals.memoryHits
      row.memoryHitBytes = totals.memoryHitBytes
      row.coalesced = totals.coalesced
      row.confirmations = totals.confirmations
      row.refused = totals.refused
      row.fetches = totals.fetches
      row.fetchedBytes = totals.fetchedBytes
      row.sentBytes = totals.sentBytes
      row.missesByCause = EdgeOutcome.allCases.filter { !$0.isHit }.map { totals.outcomeRequests[Int($0.rawValue)] }
      row.evictions = totals.evictions
      row.diskWrittenBytes = totals.writtenBytes
      row.residentBytes = resident
      row.firstByteTimes = firstBytes
      row.bill(prices, diskBytes: disk, seconds: seconds)
      return row
    }
    let last = moments.count - 1
    let resident = caches.map { $0.snapshots[last].residentBytes }
    var firstBytes = LogLinearHistogram()
    for cache in caches { firstBytes.merge(cache.firstByteTimes) }
    let all = row("all", observed, resident: resident.reduce(0, +), firstBytes, disk: diskBytes.reduce(0, +))
    guard tier != caches[0].name else { return [all] }
    return [all]
      + caches.enumerated().map { position, cache in
        row(
          cache.name, totals(from: cut, to: last, of: cache), resident: resident[position], cache.firstByteTimes,
          disk: diskBytes[position])
      }
  }
}
