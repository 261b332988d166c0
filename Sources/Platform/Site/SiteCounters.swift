import CDNModel
import SimEngine

/// Everything that one edge site counts, as running totals since the start of the run.
///
/// Totals only grow, so any window is a difference of two snapshots: the time series, the warm-up cut and the summary
/// all come from the same numbers and cannot disagree.
struct SiteCounters: Sendable {
  /// Sessions that arrived.
  var arrivals: Int64 = 0
  /// Sessions whose first frame was shown.
  var starts: Int64 = 0
  /// Sessions that ended because the viewer had seen enough.
  var completions: Int64 = 0
  /// Sessions that came for a title before it was released.
  var arrivedEarly: Int64 = 0
  /// Viewers who gave up before the first frame.
  var lostAtStartup: Int64 = 0
  /// Viewers who gave up during a stall.
  var lostInStall: Int64 = 0
  /// Viewers who gave up waiting after a jump.
  var lostAfterJump: Int64 = 0

  /// Stalls that began.
  var stalls: Int64 = 0
  /// Time that started sessions spent stalled, in nanoseconds.
  var stallNs: Int64 = 0
  /// Media time that was played, in nanoseconds.
  var playNs: Int64 = 0
  /// Changes of quality between successive played segments.
  var switches: Int64 = 0
  /// Nominal video bit rate of what was played, integrated over its media time, in kbit.
  var playedKbit: Double = 0
  /// Start-up delays of the sessions that started, summed, in nanoseconds.
  var startupNs: Int64 = 0

  /// Jumps of viewers within their title.
  var seeks: Int64 = 0
  /// Jumps out of the buffer after which playback went on.
  var awaitedSeeks: Int64 = 0
  /// Time from these jumps until playback went on, summed, in nanoseconds.
  var seekNs: Int64 = 0
  /// Playback by device class, where there are several.
  var devices: [DeviceCounters]
  /// Bytes asked of the cache by codec of the video, where there are several.
  var codecBytes: [Int64]

  /// Segment requests that reached the edge.
  var requests: Int64 = 0
  /// Segments that arrived whole at players.
  var segments: Int64 = 0
  /// Bytes of the segments that arrived whole.
  var segmentBytes: Int64 = 0
  /// Downloads that were given up, by the rule or because the viewer left.
  var abandonedDownloads: Int64 = 0
  /// Bytes that had arrived of them.
  var abandonedBytes: Int64 = 0
  /// Bytes on the wire that windows have released to the edge link.
  var releasedWireBytes: Int64 = 0
  /// Bytes on the wire of the segments that arrived whole.
  var segmentWireBytes: Int64 = 0
  /// Bytes on the wire that had been released for downloads when they were given up.
  var givenUpWireBytes: Int64 = 0
  /// Of these, bytes of windows that had been sent whole.
  var givenUpWindowBytes: Int64 = 0
  /// Time from request to last byte, summed over whole segments, in nanoseconds.
  var downloadNs: Int64 = 0

  /// Time that players expected of downloads that the edge had, and that these took, summed, in nanoseconds.
  var hitForecastNs: Int64 = 0
  /// See `hitForecastNs`.
  var hitDownloadNs: Int64 = 0
  /// The same of downloads that the edge had to fetch.
  var missForecastNs: Int64 = 0
  /// See `missForecastNs`.
  var missDownloadNs: Int64 = 0

  /// Segments asked of the origin.
  var fetches: Int64 = 0
  /// Bytes of the segments that arrived from the origin.
  var fetchedBytes: Int64 = 0
  /// Segments that arrived from the origin.
  var fetched: Int64 = 0
  /// Questions to the tier above whether a stored segment has changed, and the answers.
  var confirmations: Int64 = 0
  /// See `confirmations`.
  var confirmed: Int64 = 0
  /// Requests that joined a fetch in flight.
  var coalesced: Int64 = 0

  /// Resume offsets that were asked for and answered, and how long that took, summed, in nanoseconds.
  var offsetReads: Int64 = 0
  /// See `offsetReads`.
  var offsetReadNs: Int64 = 0
  /// Reads that the cluster did not serve: these viewers start where their history says.
  var failedOffsetReads: Int64 = 0
  /// Offsets that were written and answered.
  var offsetWrites: Int64 = 0
  /// Writes that the cluster did not serve.
  var failedOffsetWrites: Int64 = 0
  /// Attempts to reach the services after a failed one.
  var serviceRetries: Int64 = 0
  /// Viewers who left because the services failed them in every attempt.
  var lostToServices: Int64 = 0
  /// Answers of the services that came when nobody waited for them any more.
  var lateServiceAnswers: Int64 = 0
  /// Positions sent to the services.
  var positionsSent: Int64 = 0
  /// Time that each part of the start-up took, summed over the sessions that started, in nanoseconds.
  var startupPartNs = [Int64](repeating: 0, count: StartupPart.allCases.count)
  /// Sessions that started late, by the part that took longest.
  var delayedBy = [Int64](repeating: 0, count: StartupPart.allCases.count)
  /// Viewers who gave up before the first frame, by the part that they waited for.
  var lostIn = [Int64](repeating: 0, count: StartupPart.allCases.count)

  /// Sessions at the site, integrated over time, in session-nanoseconds.
  var sessionNs: Double = 0
  /// Bytes that the edge link has carried.
  var carriedBytes: Int64 = 0
  /// Bytes written to the disk since the start.
  var diskWrittenBytes: Int64 = 0
  /// Objects evicted from the cache.
  var evictions: Int64 = 0
  /// Requests to the cache by outcome, in the order of `EdgeOutcome.allCases`.
  var outcomeRequests = [Int64](repeating: 0, count: EdgeOutcome.allCases.count)
  /// Bytes asked of the cache by outcome.
  var outcomeBytes = [Int64](repeating: 0, count: EdgeOutcome.allCases.count)

  /// Requests that were served from memory, and their bytes.
  var memoryHits: Int64 = 0
  /// See `memoryHits`.
  var memoryHitBytes: Int64 = 0
  /// Sessions that went to another site because this one was lost, and sessions that came from a lost one.
  var steeredAway: Int64 = 0
  /// See `steeredAway`.
  var steeredHere: Int64 = 0
  /// Requests to a lost site that had nowhere else to go.
  var unanswered: Int64 = 0
  /// Times that the whole site was lost.
  var siteFailures: Int64 = 0
  /// Requests that the tier above refused.
  var refused: Int64 = 0
  /// Requests that went past a lost regional cache.
  var bypasses: Int64 = 0
  /// Fetches that were not tried again because nobody waited any more.
  var fetchesGivenUp: Int64 = 0
  /// Bytes of files that were placed during the run.
  var fillBytes: Int64 = 0
  /// Bytes of files that a forecast wanted and the rate did not allow.
  var fillMissedBytes: Int64 = 0
  /// Bytes of segments that were fetched ahead of any request, of those asked for in time, and of those dropped unused.
  var prefetchedBytes: Int64 = 0
  /// See `prefetchedBytes`.
  var prefetchUsedBytes: Int64 = 0
  /// See `prefetchedBytes`.
  var prefetchWastedBytes: Int64 = 0
  /// Named servers that failed.
  var serverFailures: Int64 = 0
  /// Downloads that broke off because their server failed.
  var brokenDownloads: Int64 = 0
  /// Bytes asked of each server of the site; none in a sum of sites.
  var serverBytes: [Int64]

  /// All zero, for so many device classes, codecs and cache servers.
  init(devices: Int = 0, codecs: Int = 0, servers: Int = 0) {
    serverBytes = [Int64](repeating: 0, count: servers)
    self.devices = [DeviceCounters](repeating: DeviceCounters(), count: devices)
    codecBytes = [Int64](repeating: 0, count: codecs)
  }
}

/// What the viewers with one class of devices have watched, as running totals.
struct DeviceCounters: Sendable {
  /// Sessions that arrived.
  var arrivals: Int64 = 0
  /// Media time that was played, in nanoseconds.
  var playNs: Int64 = 0
  /// Time that started sessions spent stalled, in nanoseconds.
  var stallNs: Int64 = 0
  /// Nominal video bit rate of what was played, integrated over its media time, in kbit.
  var playedKbit: Double = 0

  /// Playback went on.
  mutating func played(ns: Int64, stalledNs: Int64, kbit: Double) {
    playNs += ns
    stallNs += stalledNs
    playedKbit += kbit
  }

  fileprivate mutating func add(_ other: DeviceCounters, sign: Int64) {
    arrivals += sign * other.arrivals
    playNs += sign * other.playNs
    stallNs += sign * other.stallNs
    playedKbit += Double(sign) * other.playedKbit
  }
}

extension SiteCounters {
  /// Requests that the cache answered itself.
  var hits: Int64 { sum(outcomeRequests, hits: true) }
  /// Bytes of the requests that the cache answered itself.
  var hitBytes: Int64 { sum(outcomeBytes, hits: true) }
  /// Bytes asked of the cache.
  var requestedBytes: Int64 { outcomeBytes.reduce(0, +) }

  private func sum(_ counts: [Int64], hits: Bool) -> Int64 {
    var total: Int64 = 0
    for outcome in EdgeOutcome.allCases where outcome.isHit == hits { total += counts[Int(outcome.rawValue)] }
    return total
  }

  /// Takes over what the servers count themselves.
  mutating func read(_ cache: borrowing CacheServers) {
    evictions = cache.evictions
    memoryHits = Int64(cache.memoryHits.requests)
    memoryHitBytes = cache.memoryHits.bytes
    if cache.count > 1 {
      for server in 0..<cache.count { serverBytes[server] = cache.requestedBytes(of: server) }
    }
  }

  /// Bytes of the busiest server over the mean of the site's servers; 1 with one server, or without requests.
  var serverImbalance: Double {
    let sum = serverBytes.reduce(0, +)
    guard serverBytes.count > 1, sum > 0, let largest = serverBytes.max() else { return 1 }
    return Double(largest) * Double(serverBytes.count) / Double(sum)
  }

  /// Takes over the cache's own counts.
  mutating func read(_ cache: EdgeCounters) {
    for outcome in EdgeOutcome.allCases {
      outcomeRequests[Int(outcome.rawValue)] = Int64(cache[outcome].requests)
      outcomeBytes[Int(outcome.rawValue)] = cache[outcome].bytes
    }
  }

  /// Every whole-number total: what sums over sites and differences over windows go through.
  private static let wholeNumbers: [any WritableKeyPath<SiteCounters, Int64> & Sendable] = [
    \.arrivals, \.starts, \.completions, \.lostAtStartup, \.lostInStall, \.lostAfterJump, \.stalls, \.stallNs, \.playNs,
    \.switches,
    \.startupNs, \.requests, \.segments, \.segmentBytes, \.abandonedDownloads, \.abandonedBytes, \.releasedWireBytes,
    \.segmentWireBytes, \.givenUpWireBytes, \.givenUpWindowBytes, \.downloadNs, \.fetches, \.fetchedBytes, \.fetched,
    \.coalesced, \.carriedBytes, \.diskWrittenBytes, \.evictions, \.arrivedEarly, \.serviceRetries, \.lostToServices,
    \.lateServiceAnswers, \.positionsSent, \.offsetReads, \.offsetReadNs, \.failedOffsetReads, \.offsetWrites,
    \.failedOffsetWrites, \.seeks, \.awaitedSeeks, \.seekNs, \.hitForecastNs, \.hitDownloadNs, \.missForecastNs,
    \.missDownloadNs, \.confirmations, \.confirmed, \.memoryHits,
    \.memoryHitBytes, \.serverFailures,
    \.brokenDownloads, \.steeredAway, \.steeredHere, \.unanswered, \.siteFailures, \.refused, \.bypasses,
    \.fillBytes, \.fillMissedBytes, \.fetchesGivenUp, \.prefetchedBytes, \.prefetchUsedBytes, \.prefetchWastedBytes,
  ]

  private func combined(with other: SiteCounters, sign: Int64) -> SiteCounters {
    var result = self
    for total in Self.wholeNumbers { result[keyPath: total] += sign * other[keyPath: total] }
    for index in outcomeRequests.indices {
      result.outcomeRequests[index] += sign * other.outcomeRequests[index]
      result.outcomeBytes[index] += sign * other.outcomeBytes[index]
    }
    for index in startupPartNs.indices {
      result.startupPartNs[index] += sign * other.startupPartNs[index]
      result.delayedBy[index] += sign * other.delayedBy[index]
      result.lostIn[index] += sign * other.lostIn[index]
    }
    // A sum is one of different sites; what is left of a difference is one site at two moments.
    if sign > 0 {
      result.serverBytes = []
    } else {
      for index in other.serverBytes.indices { result.serverBytes[index] -= other.serverBytes[index] }
    }
    // Sums begin with totals of no device and no codec.
    result.devices += [DeviceCounters](
      repeating: DeviceCounters(), count: max(0, other.devices.count - result.devices.count))
    result.codecBytes += [Int64](repeating: 0, count: max(0, other.codecBytes.count - result.codecBytes.count))
    for index in other.devices.indices { result.devices[index].add(other.devices[index], sign: sign) }
    for index in other.codecBytes.indices { result.codecBytes[index] += sign * other.codecBytes[index] }
    result.playedKbit += Double(sign) * other.playedKbit
    result.sessionNs += Double(sign) * other.sessionNs
    return result
  }

  /// Totals of two sites together.
  static func + (left: SiteCounters, right: SiteCounters) -> SiteCounters { left.combined(with: right, sign: 1) }
  /// What came between two moments of one site.
  static func - (later: SiteCounters, earlier: SiteCounters) -> SiteCounters { later.combined(with: earlier, sign: -1) }
}

/// A site's totals at one moment.
struct SiteSnapshot: Sendable {
  /// The moment.
  var at: SimTime
  /// Totals since the start of the run.
  var totals: SiteCounters
  /// Sessions at the site at this moment.
  var active: Int
  /// The most sessions at once since the snapshot before.
  var activePeak: Int
  /// Bytes resident in the cache.
  var residentBytes: Int64
}
