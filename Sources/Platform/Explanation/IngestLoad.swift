import IngestModel
import SimEngine

/// What the uploads ask of connections and encoders.
struct IngestLoad {
  let rows: [ExplanationRow]

  init(scenario: Scenario, ingest: IngestSettings) {
    let from = scenario.warmup.seconds
    let to = scenario.duration.seconds
    var uploads = ingest.uploadsPerSecond
    for burst in ingest.bursts {
      let begins = scenario.moment(burst.at).seconds
      let inside = max(0, min(to, begins + burst.lasts.seconds) - max(from, begins))
      uploads += burst.uploadsPerSecond * inside / (to - from)
    }
    let weights = ingest.source.lengths.reduce(0) { $0 + $1.share }
    let lengthS = ingest.source.lengths.reduce(0) { $0 + $1.share * $1.mean.seconds } / weights
    var mediaPerSecond = uploads * lengthS
    for planned in ingest.planned where scenario.moment(planned.at).seconds >= from {
      mediaPerSecond += planned.length.seconds / (to - from)
    }
    let usable = 1 - ingest.inspection.rejected
    let cpuPerMedia =
      ingest.encoding.renditions.reduce(0) { $0 + $1.cpu } * ingest.encoding.codecs.reduce(0) { $0 + $1.cost }
    let chance = ingest.scheduler
    let retried = 1 + chance.stragglers * (chance.slowdown - 1) + chance.failure / 2
    let cores = mediaPerSecond * usable * cpuPerMedia * retried
    let workers = ingest.workers
    let stays = workers.preemptedAfter.seconds / (workers.preemptedAfter + workers.backAfter).seconds
    let there = Double(workers.count * workers.cores) * (1 - workers.preemptible * (1 - stays))
    let link = ingest.transfer
    let transferS =
      lengthS * Double(ingest.source.bitsPerSecond) * (1 + link.rateCV * link.rateCV) / Double(link.bitsPerSecond)
    rows = [
      ExplanationRow("uploads", "1/h", uploads * 3_600, "uploads + bursts over the observed time"),
      ExplanationRow(
        "upload_connections", "", uploads * transferS,
        "uploads x E[length] x source rate x (1 + cv^2) / link rate (Little), asynchronous",
        source: ingest.upload == .asynchronous ? .init("ingest", "upload_slots_mean", per: .none) : nil,
        caution: "the rate of one connection and failed parts make some transfers longer"),
      ExplanationRow(
        "encode_cores", "", cores,
        "media hours an hour x sum of cpu x sum of codec costs x (1 + stragglers x (slowdown - 1) + failure / 2)",
        source: .init("ingest", "busy_cores_mean", per: .none),
        caution: "work comes later than the upload, and what is left over at the end was never done"),
      ExplanationRow(
        "encode_load", "", cores / there, "encode cores / cores that are there, preempted ones left out",
        source: .init("ingest", "worker_utilisation", per: .none),
        caution: "above 1 the backlog grows; copies of late tasks fill idle workers"),
    ]
  }
}
