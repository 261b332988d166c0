import IngestModel
import SimEngine

/// What the uploads ask of connections and encoders.
struct IngestLoad {
  let rows: [ExplanationRow]

  init(scenario: Scenario, ingest: IngestSettings) {
    let from = scenario.warmup.seconds
    let to = scenario.duration.seconds
    /// Uploads a second that come between two moments.
    func arrivals(_ from: Double, _ to: Double) -> Double {
      var uploads = ingest.uploadsPerSecond * max(0, to - max(0, from))
      for burst in ingest.bursts {
        let begins = scenario.moment(burst.at).seconds
        uploads += burst.uploadsPerSecond * max(0, min(to, begins + burst.lasts.seconds) - max(from, begins))
      }
      return uploads
    }
    let uploads = arrivals(from, to) / (to - from)
    var weights = 0.0
    var weighted = 0.0
    for length in ingest.source.lengths {
      weights += length.share
      weighted += length.share * length.mean.seconds
    }
    let lengthS = weighted / weights
    let link = ingest.transfer
    let secondsPerBit = (1 + link.rateCV * link.rateCV) / Double(link.bitsPerSecond)
    let transferS = lengthS * Double(ingest.source.bitsPerSecond) * secondsPerBit
    // Encoders get to work when a title has been uploaded and inspected; nothing had been when the run began.
    let delayS = transferS + lengthS * (ingest.inspection.timePerMedia + ingest.inspection.cutTimePerMedia)
    let titles = arrivals(from - delayS, to - delayS)
    var mediaPerSecond = titles * lengthS / (to - from)
    for planned in ingest.planned {
      let begins = scenario.moment(planned.at).seconds + delayS
      if begins >= from, begins < to { mediaPerSecond += planned.length.seconds / (to - from) }
    }
    let usable = 1 - ingest.inspection.rejected
    let cpu: Double = ingest.encoding.renditions.map(\.cpu).reduce(0, +)
    let cost: Double = ingest.encoding.codecs.map(\.cost).reduce(0, +)
    let chance = ingest.scheduler
    let retried: Double = 1 + chance.stragglers * (chance.slowdown - 1) + chance.failure / 2
    let cores = mediaPerSecond * usable * cpu * cost * retried
    let workers = ingest.workers
    let stays = workers.preemptedAfter.seconds / (workers.preemptedAfter + workers.backAfter).seconds
    let there = Double(workers.count * workers.cores) * (1 - workers.preemptible * (1 - stays))
    let titlesCome =
      "\(Int(titles.rounded())) titles: a Poisson number of unequal lengths, which differs from run to run"
    rows = [
      ExplanationRow(
        "uploads", "1/h", uploads * 3_600,
        "uploads + bursts over the observed time; ingest is simulated whole at every scale.fraction"),
      ExplanationRow(
        "upload_connections", "", uploads * transferS,
        "uploads x E[length] x source rate x (1 + cv^2) / link rate (Little), asynchronous",
        source: ExplanationRow.Source("ingest", "upload_slots_mean", per: .none),
        caution: "failed parts and slow connections last longer; synchronous uploads stay until they are published"),
      ExplanationRow(
        "encode_cores", "", cores,
        "media hours an hour, uploaded and inspected, x sum of cpu x sum of codec costs x (1 + stragglers x (slowdown - 1) + failure / 2)",
        source: .init("ingest", "busy_cores_mean", per: .none),
        caution: titlesCome + "; the last ones are not done by the end"),
      ExplanationRow(
        "encode_load", "", cores / there, "encode cores / cores that are there, preempted ones left out",
        source: .init("ingest", "worker_utilisation", per: .none),
        caution: "above 1 the backlog grows; copies of late tasks fill idle workers; as encode_cores"),
    ]
  }
}
