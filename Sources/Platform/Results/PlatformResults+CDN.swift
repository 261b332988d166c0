import CDNModel
public import SimEngine

/// One line of cdn.csv: a tier, or one cache of it, over the observed time.
public struct CDNRow: Sendable, Equatable {
  /// `edge`, `regional`, `shield` or `origin`.
  public var tier: String
  /// `all`, or for example `edge-3`.
  public var entity: String
  /// Requests and bytes asked for; for the origin, what it sent.
  public var requests: Int64 = 0
  /// Bytes asked for.
  public var requestedBytes: Int64 = 0
  /// Requests answered without another tier.
  public var hits: Int64 = 0
  /// Bytes of these.
  public var hitBytes: Int64 = 0
  /// Hits that were served from memory.
  public var memoryHits: Int64 = 0
  /// Bytes of these.
  public var memoryHitBytes: Int64 = 0
  /// Requests that joined a fetch in flight.
  public var coalesced: Int64 = 0
  /// Expired segments that the next tier was asked about.
  public var confirmations: Int64 = 0
  /// Fetches from the next tier.
  public var fetches: Int64 = 0
  /// Bytes that arrived from the next tier: midgress.
  public var fetchedBytes: Int64 = 0
  /// Bytes sent to viewers (on the wire), or to the tier below.
  public var sentBytes: Int64 = 0
  /// Misses by cause, in the order of `missCauses`.
  public var missesByCause = missCauses.map { _ in Int64(0) }
  /// Bytes that were fetched ahead of any request, of these those asked for in time, and those dropped unused.
  public var prefetchedBytes: Int64 = 0
  /// See `prefetchedBytes`.
  public var prefetchUsedBytes: Int64 = 0
  /// See `prefetchedBytes`.
  public var prefetchWastedBytes: Int64 = 0
  /// Bytes of files that were placed ahead of demand during the run.
  public var fillBytes: Int64 = 0
  /// Fetches and questions that the next tier refused; for the origin, requests that failed there.
  public var refused: Int64 = 0
  /// Downloads that broke off because a server or the site failed.
  public var brokenDownloads: Int64 = 0
  /// Sessions that left a lost site for another, and sessions that came from one.
  public var steeredAway: Int64 = 0
  /// See `steeredAway`.
  public var steeredHere: Int64 = 0
  /// Objects evicted.
  public var evictions: Int64 = 0
  /// Bytes written to disks.
  public var diskWrittenBytes: Int64 = 0
  /// Bytes resident at the end.
  public var residentBytes: Int64 = 0
  /// From request to first byte: at players for the edge, at the tier itself for the others.
  public var firstByteTimes: LogLinearHistogram?
  /// Bytes of the busiest server over the mean of a site's servers, at the worst site.
  public var serverImbalance: Double?
  /// The tier's part of the bill, in dollars.
  public var cost = 0.0

  /// Names of the causes of `missesByCause`.
  public static let missCauses = EdgeOutcome.allCases.filter { !$0.isHit }.map(\.name)

  init(tier: String, entity: String) {
    self.tier = tier
    self.entity = entity
  }

  /// Share of the bytes that were not fetched from the next tier.
  public var offload: Double { 1 - Double(fetchedBytes) / Double(requestedBytes) }

  /// Bytes read from disk for hits.
  public var diskReadBytes: Int64 { tier == "origin" ? 0 : hitBytes - memoryHitBytes }

  /// The part of the bill that this row causes; what tiers send each other is paid by the one that fetches.
  mutating func bill(_ prices: DeliveryPrices, diskBytes: Int64, seconds: Double) {
    var volume = DeliveryVolume()
    volume.egressBytes = tier == "edge" ? sentBytes : 0
    volume.midgressBytes = fetchedBytes
    volume.fillBytes = fillBytes
    volume.diskWriteBytes = diskWrittenBytes
    volume.storedByteSeconds = Double(diskBytes) * seconds
    cost = DeliveryCost(volume, prices: prices).total
  }
}

extension PlatformResults {
  /// The tiers of the CDN over the observed time.
  public var cdn: [CDNRow] {
    if sites.isEmpty { return [] }
    var all = row(
      "all", observed.total, residentBytes: observed.residentBytes.reduce(0, +), firstByteTimes,
      disks: Int64(sites.count))
    all.serverImbalance = serverImbalance
    var rows = [all]
    for (site, counters) in observed.sites.enumerated() {
      rows.append(
        row(
          "edge-\(site)", counters, residentBytes: observed.residentBytes[site], sites[site].firstByteTimes, disks: 1))
    }
    rows += regional?.cdn(prices, diskBytes: regionalDiskBytes, seconds: observed.seconds) ?? []
    rows += shield?.cdn(prices, diskBytes: [shieldDiskBytes], seconds: observed.seconds) ?? []
    // The origin holds every segment.
    var origin = CDNRow(tier: "origin", entity: "all")
    origin.requests = observed.core.sent
    origin.requestedBytes = observed.core.sentBytes
    origin.hits = observed.core.sent
    origin.hitBytes = observed.core.sentBytes
    origin.refused = observed.core.failures
    origin.sentBytes = observed.core.sentBytes
    origin.firstByteTimes = core.firstByteTimes
    return rows + [origin]
  }

  /// The load balance of the site whose servers are balanced worst.
  var serverImbalance: Double { observed.sites.reduce(1) { max($0, $1.serverImbalance) } }

  private func row(
    _ entity: String, _ counters: SiteCounters, residentBytes: Int64, _ firstBytes: LogLinearHistogram, disks: Int64
  ) -> CDNRow {
    var row = CDNRow(tier: "edge", entity: entity)
    row.requests = counters.requests
    row.requestedBytes = counters.requestedBytes
    row.hits = counters.hits
    row.hitBytes = counters.hitBytes
    row.memoryHits = counters.memoryHits
    row.memoryHitBytes = counters.memoryHitBytes
    row.coalesced = counters.coalesced
    row.confirmations = counters.confirmations
    row.fetches = counters.fetches
    row.fetchedBytes = counters.fetchedBytes
    row.sentBytes = counters.carriedBytes
    row.missesByCause = EdgeOutcome.allCases.filter { !$0.isHit }.map { counters.outcomeRequests[Int($0.rawValue)] }
    row.evictions = counters.evictions
    row.diskWrittenBytes = counters.diskWrittenBytes
    row.residentBytes = residentBytes
    row.firstByteTimes = firstBytes
    row.refused = counters.refused
    row.fillBytes = counters.fillBytes
    row.prefetchedBytes = counters.prefetchedBytes
    row.prefetchUsedBytes = counters.prefetchUsedBytes
    row.prefetchWastedBytes = counters.prefetchWastedBytes
    row.brokenDownloads = counters.brokenDownloads
    row.steeredAway = counters.steeredAway
    row.steeredHere = counters.steeredHere
    row.serverImbalance = counters.serverImbalance
    row.bill(prices, diskBytes: edgeDiskBytes * disks, seconds: observed.seconds)
    return row
  }
}
