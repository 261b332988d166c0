// The sections of a run's report. A figure is left out where the run has no rows for it, a section where nothing is
// left of it; what no figure here draws is drawn plainly at the end, so a new metric is never invisible.

/// The sections of the report of a run, in the order of a viewer's question: what do I see, why, and what does it cost.
enum ReportSections {
  static let all = [
    viewers, startup, delivery, links, services, stores, cluster, ingest, cost, models,
  ]

  private static let viewers = SectionLayout(
    "Viewers", tables: "viewers|player", files: ["sessions.csv"],
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
        "quality", "Quality of experience", axis: "mean opinion", of: "score", [.init("player", "qoe*|mos*|p1203*")]),
    ])

  private static let startup = SectionLayout(
    "Where start-up time goes", "Each session's wait for its first frame, split by what it waited for.",
    tables: "startup*",
    [
      FigureLayout(
        "startup-blame", "Start-up delay by cause", axis: "mean wait", form: .bars,
        [.init("*", "startup_blame_*|blame_*|startup_*_share")]),
      FigureLayout(
        "startup-blame-time", "Start-up delay by cause over time", axis: "mean wait", form: .areas,
        [.init("*", "startup_blame_*|blame_*")]),
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
        form: .missCauses),
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
    "Services behind the player", "Stations that sessions pass on their way: the gateway, stores and search.",
    tables: "gateway|relational|history|search|object_store|api|metadata",
    [
      FigureLayout(
        "service-p50", "Median latency of each service", axis: "latency",
        [.init(serviceNames, "*p50*", as: "{component}")]),
      FigureLayout(
        "service-p95", "95 % latency of each service", axis: "latency",
        [.init(serviceNames, "*p95*", as: "{component}")]),
      FigureLayout(
        "service-p99", "99 % latency of each service", axis: "latency",
        [.init(serviceNames, "*p99*", as: "{component}")]),
      FigureLayout(
        "service-utilisation", "Use of each service", axis: "busy share",
        [.init(serviceNames, "*utilisation*", as: "{component}")]),
      FigureLayout(
        "service-queue", "Requests waiting at each service", axis: "waiting", of: "requests",
        [.init(serviceNames, "*queue*|*waiting*", as: "{component}")]),
      FigureLayout(
        "service-errors", "Requests refused, timed out, retried", axis: "requests", of: "count",
        [
          .init(
            serviceNames, "*error*|*timeout*|*timed_out*|*retr*|*refused*|*rejected*|*shed*",
            as: "{component}, {metric}")
        ]),
      FigureLayout(
        "service-latency", "Latency of each service over the whole run", axis: "latency", form: .groupedBars,
        [.init(serviceNames, "*p50*|*p95*|*p99*", as: "{metric}")]),
    ])

  private static let serviceNames: NamePattern = "gateway|relational|history|search|object_store|api|metadata|sql"

  /// What the stores keep, where they tell.
  private static let stores = SectionLayout(
    "Stored data", tables: "stored*",
    [
      FigureLayout(
        "stored", "Bytes kept by each store", axis: "kept",
        [
          .init(
            "relational|history|search|object_store", "*stored_bytes|*size_bytes|*resident_bytes", as: "{component}")
        ])
    ])

  private static let cluster = SectionLayout(
    "Session-state cluster", tables: "cluster*", files: ["cluster.csv", "cluster_events.csv", "cluster_nodes.csv"],
    [
      FigureLayout(
        "slots", "Slots by node", axis: "owned", of: "slots", form: .areas,
        [.init("cluster", "slots*", entity: "*-*|node*|master*", as: "{entity}")]),
      FigureLayout(
        "redirections", "Redirections", axis: "replies", of: "count",
        [
          .init("cluster", "*moved*", as: "MOVED"), .init("cluster", "*ask*", as: "ASK"),
          .init("cluster", "*tryagain*", as: "TRYAGAIN"),
        ]),
      FigureLayout(
        "unavailable-slots", "Slots that nobody served", axis: "unserved", of: "slots",
        [.init("cluster", "*unavailable*|*uncovered*|*clusterdown*")]),
      FigureLayout(
        "lost-writes", "Acknowledged writes that were lost", axis: "lost", of: "writes", [.init("cluster", "*lost*")]),
      FigureLayout("cluster-latency", "Latency of commands", axis: "latency", [.init("cluster", "*p50*|*p95*|*p99*")]),
      FigureLayout(
        "cluster-commands", "Commands", axis: "commands", of: "count",
        [.init("cluster", "commands*|writes*|reads*|operations*")]),
      FigureLayout(
        "gossip", "Traffic of the cluster bus", axis: "traffic", [.init("cluster", "*gossip*|*bus*")]),
      FigureLayout(
        "cluster-failed", "Commands that failed", axis: "commands", of: "count",
        [.init("cluster", "*error*|*failed*|*timeout*")]),
    ])

  private static let ingest = SectionLayout(
    "Ingest", tables: "ingest*|encoding", files: ["ingest.csv"],
    [
      FigureLayout(
        "backlog", "Work that waits for an encoder", axis: "waiting", of: "tasks",
        [.init("ingest", "*backlog*|*queue*")]),
      FigureLayout(
        "workers", "Encoders at work", axis: "busy", of: "workers", [.init("ingest", "*busy*|*workers*")]),
      FigureLayout(
        "published", "Titles published", axis: "published", of: "titles",
        [.init("ingest", "*published*|*publications*|uploads*")]),
      FigureLayout(
        "time-to-publish", "From upload to publication", axis: "time",
        [.init("ingest", "*time_to_publish*|*publish_p*|*publish_mean*")]),
      FigureLayout(
        "preempted", "Work lost to preemption and failures", axis: "lost", of: "tasks",
        [.init("ingest", "*preempt*|*fail*|*retr*")]),
    ])

  private static let cost = SectionLayout(
    "Cost", "Prices are those of the scenario.", tables: "cost",
    [
      FigureLayout("cost", "Cost by part of the platform", axis: "cost", form: .bars, [.init("cost", "*")]),
      FigureLayout("cost-time", "Cost over time", axis: "cost", form: .areas, [.init("cost", "*")]),
    ])

  private static let models = SectionLayout(
    "Quantized models", "Decisions of the quantized model beside those of the original.", tables: "quant*|model*",
    files: ["quant.csv", "layers.csv"],
    [
      FigureLayout(
        "model-agreement", "Agreement with the original model", axis: "agreeing", of: "decisions", form: .bars,
        [.init("quant*|model*", "*agree*|*accuracy*")]),
      FigureLayout(
        "model-noise", "Signal to noise by layer", axis: "signal to noise", form: .bars,
        [.init("quant*|model*", "*_db")]),
    ])
}
