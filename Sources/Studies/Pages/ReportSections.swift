// The sections of a run's report. A figure is left out where the run has no rows for it, a section where nothing is
// left of it; what no figure here draws is drawn plainly at the end, so a new metric is never invisible.

/// The sections of the report of a run, in the order of a viewer's question: what do I see, why, and what does it cost.
enum ReportSections {
  static let all = [
    viewers, startup, devices, frames, delivery, links, services, cluster, ingest, cost, models,
  ]

  private static let viewers = SectionLayout(
    "Viewers", tables: "viewers|player",
    [
      FigureLayout(
        "concurrency", "Viewers watching at once", axis: "watching", of: "viewers",
        [.init("viewers", "concurrency", as: "watching")]),
      FigureLayout(
        "arrivals", "Viewers arriving, and leaving unserved", axis: "viewers",
        [
          .init("viewers", "arrivals_per_s", as: "arriving"),
          .init("viewers", "left_per_s|lost_per_s", as: "leaving unserved"),
        ]),
      FigureLayout(
        "startup", "Start-up delay", axis: "from arrival to the first frame",
        [.init("player|viewers", "startup_mean_s|startup_p*_s", as: "{metric}")]),
      FigureLayout(
        "rebuffering", "Rebuffering", axis: "stalled share of viewing time",
        [.init("player", "rebuffer_ratio", as: "stalled")]),
      FigureLayout(
        "bitrate", "Bit rate of what was played", axis: "nominal bit rate",
        [.init("player", "mean_bitrate_kbps", as: "mean"), .init("player", "bitrate_p*_kbps")], includesZero: false),
      FigureLayout(
        "download-forecast", "What players expected of downloads", axis: "expected of the time that they took",
        by: "where the segment lay", form: .bars,
        [.init("player", "download_forecast_ratio", entity: "*", as: "{entity}")]),
      FigureLayout(
        "seeks", "Jumps within titles while watching", axis: "jumps", form: .bars,
        [.init("player", "seeks_per_hour", as: "")]),
      FigureLayout(
        "seek-wait", "Wait after a jump, on average", axis: "wait", form: .bars,
        [.init("player", "seek_wait_mean_s", as: "")]),
      FigureLayout(
        "quality", "Quality of experience", axis: "mean opinion", of: "score", [.init("player", "qoe*|mos*|p1203*")]),
    ])

  private static let startup = SectionLayout(
    "Where start-up time goes", "Each session's wait for its first frame, split by what it waited for.",
    tables: "",
    [
      FigureLayout(
        "startup-parts", "Start-up time by part", axis: "mean wait", form: .areas,
        [.init("viewers", "startup_part_mean_s", entity: "*", as: "{entity}")]),
      FigureLayout(
        "startup-blame", "What made late starts late", axis: "share of the sessions delayed", by: "part", form: .bars,
        [.init("viewers", "delayed_share", entity: "*", as: "{entity}")]),
      FigureLayout(
        "startup-delayed", "Late starts by what made them late", axis: "share of the sessions",
        [.init("viewers", "delayed_share", entity: "*", as: "{entity}")]),
      FigureLayout(
        "startup-lost", "What viewers gave up on", axis: "share of the sessions lost", by: "part", form: .bars,
        [.init("viewers", "lost_share", entity: "*", as: "{entity}")]),
    ])

  private static let devices = SectionLayout(
    "Devices and codecs", "What each class of devices got, and what each codec carried.", tables: "",
    [
      FigureLayout(
        "device-sessions", "Viewers by device", axis: "came", of: "viewers", by: "device", form: .bars,
        [.init("viewers", "sessions", entity: "device-*", as: "{one}")]),
      FigureLayout(
        "device-bitrate", "Bit rate by device", axis: "nominal bit rate", by: "device", form: .bars,
        [.init("player", "mean_bitrate_kbps", entity: "device-*", as: "{one}")]),
      FigureLayout(
        "device-rebuffering", "Rebuffering by device", axis: "stalled share of viewing time", by: "device", form: .bars,
        [.init("player", "rebuffer_ratio", entity: "device-*", as: "{one}")]),
      FigureLayout(
        "codec-bytes", "Bytes asked for by codec", axis: "requested", by: "codec", form: .bars,
        [.init("cdn", "requested_bytes", entity: "codec-*", as: "{one}")]),
    ])

  private static let frames = SectionLayout(
    "Frame by frame",
    "A sample of the sessions played again through decoder and renderer, with the segments as they arrived.",
    tables: "frames", files: ["frames.csv", "frame_stages.csv"],
    [
      FigureLayout(
        "frame-drops", "Frames that were never shown", axis: "share of the frames", by: "device", form: .bars,
        [.init("frames", "frame_drop_ratio", entity: "all|device-*", as: "{one}")]),
      FigureLayout(
        "first-frame", "From enough data to the first frame on the screen", axis: "mean delay", by: "device",
        form: .bars, [.init("frames", "first_frame_extra_ms", entity: "all|device-*", as: "{one}")]),
    ])

  private static let delivery = SectionLayout(
    "Delivery", tables: "cdn|edge|regional|origin", files: ["cdn.csv"],
    [
      FigureLayout(
        "hit-ratio", "What each tier answered itself", axis: "share of the requests or bytes that reached the tier",
        [
          .init("cdn|edge", "hit_ratio|edge_hit_ratio", as: "edge, requests"),
          .init("cdn|edge", "byte_hit_ratio|edge_byte_hit_ratio", as: "edge, bytes"),
          .init("regional", "hit_ratio", as: "regional, requests"),
          .init("regional", "byte_hit_ratio", as: "regional, bytes"),
          .init("cdn|regional", "regional*hit_ratio"), .init("origin", "*hit_ratio", as: "origin, {metric}"),
        ], includesZero: false),
      FigureLayout(
        "origin-traffic", "Traffic that left each tier", axis: "traffic",
        [
          .init("origin", "origin_gbps", as: "origin"), .init("regional|cdn|network", "regional_gbps", as: "regional"),
          .init("origin|regional", "egress_gbps", as: "{component}"),
        ]),
      FigureLayout(
        "edge-traffic", "Traffic from the edge to viewers", axis: "traffic",
        [.init("network|cdn", "edge_gbps", as: "edge")]),
      FigureLayout(
        "miss-causes", "Requests missed, by cause", axis: "share of the requests that reached the tier",
        by: "cause", form: .missCauses),
      FigureLayout(
        "requests", "Requests at the edge", axis: "requests", [.init("cdn", "requests_per_s", as: "requests")]),
    ])

  private static let links = SectionLayout(
    "Links", tables: "network",
    [
      FigureLayout(
        "utilisation", "Use of the links", axis: "carried of what the links could carry",
        [
          .init("network", "edge_utilisation", as: "all edge links"),
          .init("network|regional", "regional_utilisation", as: "regional links"),
          .init("network", "origin_utilisation", as: "origin link"),
        ]),
      FigureLayout(
        "edge-utilisation", "Use of each edge link", axis: "carried of what the link could carry", form: .spread,
        [.init("network", "edge_utilisation", entity: "edge-*", as: "{entity}")]),
      FigureLayout(
        "download-times", "Time to download a segment", axis: "from request to last byte",
        [.init("network|player", "download*_p*|download_mean*")]),
    ])

  private static let services = SectionLayout(
    "Services behind the player", "Stations that sessions pass on their way: the gateway, the stores and search.",
    tables: "gateway|relational|history|search|object_store|personal*|catalog*", files: ["service_events.csv"],
    marks: EventMarks(file: "service_events.csv", time: "t_s", place: "component"),
    [
      FigureLayout(
        "service-latency", "Latency of each service", axis: "mean latency",
        [.init("*", "latency_mean_s", as: "{component}")]
      ).spanningDecades,
      FigureLayout(
        "service-quantiles", "Latency of each service over the whole run", axis: "latency", by: "service",
        form: .groupedBars,
        [.init("*", "latency_p50_s|latency_p95_s|latency_p99_s")]
      ).spanningDecades,
      FigureLayout(
        "service-utilisation", "Use of each service", axis: "busy share",
        [.init(serviceNames, "utilisation", as: "{component}")]),
      FigureLayout(
        "service-waiting", "Requests waiting at each service", axis: "waiting", of: "requests",
        [.init(serviceNames, "waiting", as: "{component}")]),
      FigureLayout(
        "service-failed", "Requests that stations refused or failed", axis: "share of the requests",
        [.init("*", "failed_share", as: "{component}")]),
      FigureLayout(
        "service-trouble", "What went wrong around the stations", axis: "in the observed time", of: "times",
        by: "what happened", form: .bars,
        [
          .init("gateway", "starts_failed", as: "starts failed"),
          .init("gateway", "late_answers", as: "answers too late"),
          .init("search", "partial_answers", as: "partial results"),
          .init("gateway", "positions_lost", as: "positions lost"),
          .init("gateway", "breaker_openings", as: "breaker opened"),
          .init("viewers", "service_retries", as: "calls repeated"),
          .init("viewers", "lost_to_services", as: "viewers lost"),
        ]
      ),
      FigureLayout(
        "service-requests", "Requests to each service", axis: "requests",
        [.init(serviceNames, "requests_per_s", as: "{component}")]),
      FigureLayout(
        "service-retries", "Calls that players sent again", axis: "calls", [.init("viewers", "service_retries_per_s")]),
      FigureLayout(
        "lost-to-services", "Viewers lost to services that failed them", axis: "lost in the window", of: "viewers",
        [.init("viewers", "lost_to_services", as: "lost")]),
      FigureLayout(
        "hints", "Writes held for nodes that are down", axis: "held", of: "writes",
        [.init("history", "hints_pending", as: "history")]),
    ])

  private static let serviceNames: NamePattern = "gateway|relational|history|search|object_store|api|metadata"

  private static let cluster = SectionLayout(
    "Session-state cluster", tables: "cluster", files: ["cluster_events.csv"],
    marks: EventMarks(
      file: "cluster_events.csv", time: "time_s", place: "node",
      names: [("declared-failed", "declares a failure"), ("election-won", "is elected"), ("state-down", "is down")]),
    [
      FigureLayout(
        "slots", "Slots by node", axis: "owned", of: "slots", form: .areas,
        [.init("cluster", "cluster_slots", entity: "node-*", as: "{entity}")]),
      FigureLayout(
        "redirections", "Redirections and refusals", axis: "replies",
        [
          .init("cluster", "cluster_moved_per_s", as: "MOVED"), .init("cluster", "cluster_ask_per_s", as: "ASK"),
          .init("cluster", "cluster_tryagain_per_s", as: "TRYAGAIN"),
          .init("cluster", "cluster_down_per_s", as: "CLUSTERDOWN"),
          .init("cluster", "cluster_unanswered_per_s", as: "unanswered"),
        ]),
      FigureLayout(
        "unavailability", "Time without service of some slot", axis: "unserved in the window",
        [.init("cluster", "cluster_unavailable_s")]),
      FigureLayout(
        "lost-writes", "Acknowledged writes that were lost", axis: "lost", of: "writes",
        [.init("cluster", "cluster_lost_writes")]),
      FigureLayout(
        "cluster-commands", "Commands", axis: "commands",
        [
          .init("cluster", "cluster_commands_per_s", as: "all"),
          .init("cluster", "cluster_failed_per_s", as: "failed"),
        ]),
      FigureLayout(
        "moved-slots", "Slots that changed hands", axis: "moved", of: "slots", [.init("cluster", "cluster_moved_slots")]
      ),
      FigureLayout(
        "gossip", "Traffic of the cluster bus", axis: "traffic", [.init("cluster", "cluster_gossip_bytes_per_s")]),
      FigureLayout(
        "map-refreshes", "Slot maps that clients asked for", axis: "refreshes",
        [.init("cluster", "cluster_map_refreshes_per_s")]),
    ])

  private static let ingest = SectionLayout(
    "Ingest", tables: "ingest", files: ["ingest.csv"],
    [
      FigureLayout(
        "backlog", "Work that waits for an encoder", axis: "waiting", [.init("ingest", "backlog_core_h", as: "backlog")]
      ),
      FigureLayout(
        "backlog-tasks", "Tasks that wait for an encoder", axis: "waiting", of: "tasks",
        [.init("ingest", "backlog_tasks", as: "tasks")]),
      FigureLayout(
        "workers", "Encoders", axis: "encoders", of: "workers",
        [.init("ingest", "busy_workers", as: "busy"), .init("ingest", "away_workers", as: "taken away")]),
      FigureLayout(
        "titles", "Titles on their way", axis: "in progress", of: "titles", [.init("ingest", "titles_in_progress")]),
      FigureLayout(
        "published", "Titles published", axis: "published in the window", of: "titles",
        [.init("ingest", "titles_published")]),
      FigureLayout(
        "uploads", "Uploads", axis: "uploads", [.init("ingest", "uploads_per_h", as: "arriving")]),
      FigureLayout(
        "upload-queue", "Uploads waiting and turned away", axis: "uploads", of: "uploads",
        [
          .init("ingest", "upload_queue", as: "waiting"), .init("ingest", "upload_slots", as: "being received"),
          .init("ingest", "uploads_turned_away|uploads_refused", as: "turned away"),
        ]),
      FigureLayout(
        "time-to-publish", "From upload to publication, by priority", axis: "time", by: "priority", form: .groupedBars,
        [.init("ingest", "time_to_publish_p50_s|time_to_publish_p95_s|time_to_publish_p99_s", entity: "*")]
      ).spanningDecades,
      FigureLayout(
        "core-hours", "Where core-hours went", axis: "work", by: "what became of the work", form: .bars,
        [.init("ingest", "core_hours_*")]),
    ])

  private static let cost = SectionLayout(
    "Cost", "Prices are those of the scenario.", tables: "cost",
    [
      FigureLayout(
        "cost", "Cost by part of the platform", axis: "cost", by: "part of the platform", form: .bars,
        [.init("cost", "cost_egress|cost_midgress|cost_storage|cost_disk_writes")]),
      FigureLayout("cost-time", "Cost over time", axis: "cost", form: .areas, [.init("cost", "*")]),
    ])

  private static let models = SectionLayout(
    "Quantized models", "Decisions of the quantized model beside those of the original.", tables: "quant*|model*",
    [
      FigureLayout(
        "model-agreement", "Agreement with the original model", axis: "agreeing", of: "decisions", by: "measure",
        form: .bars,
        [.init("quant*|model*", "*agree*|*accuracy*")]),
      FigureLayout(
        "model-noise", "Signal to noise by layer", axis: "signal to noise", by: "layer", form: .bars,
        [.init("quant*|model*", "*_db")]),
    ])
}
