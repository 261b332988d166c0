import BackendModel
import SimEngine

/// What the audience asks of the services, and what that takes.
struct ServiceLoad {
  let rows: [ExplanationRow]

  init(scenario: Scenario, services: ServicesSettings, audience: Audience) {
    let use = scenario.viewers.services
    let starts = audience.perSecond
    // A session of length s writes floor(s / interval) times: half a write less than s / interval on average.
    let interval = scenario.cluster?.resume.writeInterval ?? use.resumeWriteInterval
    let writes = max(0, audience.concurrency / interval.seconds - starts / 2)
    // Positions lie in the session cluster where there is one; the history then only gets a row a session.
    let historyWrites = scenario.cluster == nil ? writes : 0
    let resumes =
      scenario.cluster == nil ? starts * (1 - audience.premiereShare) * scenario.viewers.resumeShare : 0
    let calls = 2 * starts + writes
    let gateway = services.gateway
    let gatewayLoad = calls * gateway.service.mean.seconds
    let searches = starts * use.searchShare
    let search = services.search
    let queryS =
      Self.slowest(of: search.shards, search.service) + search.merge.mean.seconds + search.roundTrip.seconds
    let history = services.history
    let replicas = Double(history.replication)
    let rowS = Self.rowTime(history.growth)
    let readReplicas = Double(
      history.readFanOut == .all ? history.replication : history.readConsistency.replicas(of: history.replication))
    let writeLoad = (historyWrites + starts) * replicas * history.write.mean.seconds
    let readLoad = resumes * readReplicas * (history.read.mean.seconds + rowS)
    let threads = Double(history.nodes * history.threads)
    let relational = services.relational
    let readS =
      relational.cacheHitShare * relational.cachedRead.mean.seconds
      + (1 - relational.cacheHitShare) * relational.read.mean.seconds + relational.roundTrip.seconds
    var rows = [
      ExplanationRow(
        "resume_writes", "1/s", writes, "concurrency / resume_write_interval - sessions / 2",
        source: .init("viewers", "positions_sent_per_s", per: .share)),
      ExplanationRow(
        "gateway_calls", "1/s", calls, "2 x sessions (start, end) + resume writes",
        source: .init("gateway", "requests_per_s", per: .share), caution: "viewers who try again call more"),
      ExplanationRow(
        "gateway_utilisation", "", gatewayLoad / Double(gateway.servers), "calls x service / servers",
        source: .init("gateway", "utilisation", per: .none), caution: "a slice keeps whole servers"),
      ExplanationRow(
        "account_reads", "1/s", starts, "sessions",
        source: .init("relational", "requests_per_s", per: .share), caution: "payments are transactions besides"),
      ExplanationRow(
        "account_latency", "s", readS, "hit x cached + (1 - hit) x read + round trip, without waiting",
        source: .init("relational", "latency_mean_s", per: .none), caution: "the run includes payments"),
      ExplanationRow(
        "searches", "1/s", searches, "sessions x search_share",
        source: .init("search", "requests_per_s", per: .share)),
      ExplanationRow(
        "search_latency", "s", queryS,
        "E[slowest of \(search.shards) shards] + merge + round trip, without waiting",
        source: .init("search", "latency_mean_s", per: .none),
        caution: "failures are left out: while one shard is slow, every search is"),
      ExplanationRow(
        "history_calls", "1/s", historyWrites + starts + resumes,
        "sessions (a row each) + resume writes + resumed sessions, these two unless the cluster keeps positions",
        source: .init("history", "requests_per_s", per: .share)),
      ExplanationRow(
        "history_utilisation", "", (writeLoad + readLoad) / threads,
        "(writes x replicas x write + reads x replicas x (read + rows)) / (nodes x threads)",
        source: .init("history", "utilisation", per: .none), caution: "a slice keeps whole nodes and threads"),
      ExplanationRow(
        "history_storage", "TB",
        Double(scenario.viewers.memberships) * Self.memberBytes(history.growth) * replicas / 1e12,
        "memberships x replicas x (live rows x row + chunks x (rows / compression + chunk))",
        source: nil),
    ]
    if gatewayLoad < Double(gateway.servers) {
      let wait = ErlangFormulas.meanWait(
        servers: gateway.servers, load: gatewayLoad,
        serviceCV: gateway.service.shape == .constant ? 0 : gateway.service.cv)
      rows.append(
        ExplanationRow(
          "gateway_latency", "s", (1 + wait) * gateway.service.mean.seconds,
          "service x (1 + Erlang C wait, corrected by (1 + cv^2) / 2)",
          source: .init("gateway", "latency_mean_s", per: .none), caution: "a slice waits more, on fewer servers"))
    }
    self.rows = rows
  }

  /// The mean of the slowest of so many independent services [s].
  private static func slowest(of count: Int, _ service: ServiceTime) -> Double {
    let mean = service.mean.seconds
    guard mean > 0 else { return 0 }
    switch service.shape {
    case .constant: return mean
    case .exponential: return mean * OrderStatistics.exponentialMean(count, of: count)
    case .lognormal:
      guard service.cv > 0 else { return mean }
      let shape = LognormalShape(mean: 1, cv: service.cv)
      // Beyond so many standard deviations of the logarithm hardly any time is longer.
      let upper = DeterministicMath.exp(shape.mu + 6 * shape.sigma)
      return mean
        * OrderStatistics.mean(count, of: count, upTo: upper) { time in
          time > 0 ? Quantiles.normalProbability((DeterministicMath.log(time) - shape.mu) / shape.sigma) : 0
        }
    }
  }

  /// Chunks of a member at the start, on average: a geometric number of rows with mean m, cut into L each.
  ///
  /// E[r div L] = q^L / (1 - q^L) with q = m / (1 + m).
  private static func chunks(_ growth: HistoryGrowthSettings) -> Double {
    guard growth.rollsUp, growth.rowsPerMember > 0 else { return 0 }
    let q = growth.rowsPerMember / (1 + growth.rowsPerMember)
    let full = DeterministicMath.pow(q, Double(growth.liveRows))
    return full / (1 - full)
  }

  /// Time that a read takes for a member's rows [s].
  private static func rowTime(_ growth: HistoryGrowthSettings) -> Double {
    let chunks = chunks(growth)
    let live = growth.rowsPerMember - chunks * Double(growth.liveRows)
    return live * growth.rowRead.seconds + chunks * growth.chunkRead.seconds
  }

  /// Bytes of one copy of a member's rows.
  private static func memberBytes(_ growth: HistoryGrowthSettings) -> Double {
    let chunks = chunks(growth)
    let live = growth.rowsPerMember - chunks * Double(growth.liveRows)
    let chunk = Double(growth.liveRows) * Double(growth.rowBytes) / growth.compression + Double(growth.chunkBytes)
    return live * Double(growth.rowBytes) + chunks * chunk
  }
}
