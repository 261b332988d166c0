import CDNModel
import NetModel
import SimEngine

/// The regional caches of a run together, as rows of the tables.
struct RegionalTier: Sendable {
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
        MetricRow(component: "regional", entity: entity, metric: metric, unit: unit, value: value))
    }
    let all = observed
    add("all", "regional_requests", "", Double(all.requests(hits: false)))
    add("all", "regional_hit_ratio", "", Double(all.requests(hits: true)) / Double(all.requests(hits: false)))
    add("all", "regional_byte_hit_ratio", "", Double(all.bytes(hits: true)) / Double(all.bytes(hits: false)))
    add("all", "regional_coalesced", "", Double(all.coalesced))
    add("all", "regional_bytes", "bytes", Double(all.sentBytes))
    add("all", "regional_gbps", "Gbit/s", Double(all.carriedBytes) * 8e-9 / seconds)
    add("all", "regional_utilisation", "", Double(all.carriedBytes) * 8 / (capacity * seconds))
    add("all", "regional_disk_written_bytes", "bytes", Double(all.writtenBytes))
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
        ("regional_requests_per_s", "1/s", requests / length),
        ("regional_hit_ratio", "", Double(window.requests(hits: true)) / requests),
        ("regional_byte_hit_ratio", "", Double(window.bytes(hits: true)) / Double(window.bytes(hits: false))),
        ("regional_gbps", "Gbit/s", Double(window.carriedBytes) * 8e-9 / length),
        ("regional_utilisation", "", utilisation),
      ]
      for (metric, unit, value) in rows {
        results.timeseries.append(
          MetricRow(component: "regional", metric: metric, unit: unit, value: value, timeS: moments[index].seconds))
      }
    }
    add("all", "regional_utilisation_peak", "", peak)
    for cache in caches {
      let mine = totals(from: cut, to: last, of: cache)
      let entity = "regional-\(cache.index)"
      add(entity, "regional_hit_ratio", "", Double(mine.requests(hits: true)) / Double(mine.requests(hits: false)))
      add(entity, "regional_byte_hit_ratio", "", Double(mine.bytes(hits: true)) / Double(mine.bytes(hits: false)))
    }
    return results
  }

  /// Rows of cdn.csv: the tier, then each cache.
  var cdn: [CDNRow] {
    func row(_ entity: String, _ totals: RegionalCounters, resident: Int64) -> CDNRow {
      CDNRow(
        tier: "regional", entity: entity, requests: totals.requests(hits: false),
        requestedBytes: totals.bytes(hits: false), hits: totals.requests(hits: true),
        hitBytes: totals.bytes(hits: true),
        coalesced: totals.coalesced, fetches: totals.fetches, fetchedBytes: totals.fetchedBytes,
        missesByCause: EdgeOutcome.allCases.filter { !$0.isHit }.map { totals.outcomeRequests[Int($0.rawValue)] },
        evictions: totals.evictions, residentBytes: resident)
    }
    let last = moments.count - 1
    let resident = caches.map { $0.snapshots[last].residentBytes }
    return [row("all", observed, resident: resident.reduce(0, +))]
      + caches.enumerated().map { position, cache in
        row("regional-\(cache.index)", totals(from: cut, to: last, of: cache), resident: resident[position])
      }
  }
}
