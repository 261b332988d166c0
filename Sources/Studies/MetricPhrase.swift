/// What people call the metrics that verdicts are about.
enum MetricPhrase {
  private static let phrases: [(metric: String, phrase: String)] = [
    ("startup_mean_s", "the mean start-up time"), ("startup_p50_s", "the median start-up time"),
    ("startup_p95_s", "the start-up time of the slowest twentieth"), ("rebuffer_ratio", "rebuffering"),
    ("stalls_per_hour", "stalls per hour"), ("mean_bitrate_kbps", "the mean bit rate"),
    ("hit_pollution", "what cache hits make players hope of misses"),
    ("switches_per_hour", "quality switches per hour"), ("left_at_startup", "viewers lost at start-up"),
    ("left_in_stall", "viewers lost in a stall"), ("left_after_jump", "viewers lost after a jump"),
    ("hit_ratio", "the edge hit ratio"),
    ("byte_hit_ratio", "the edge byte hit ratio"), ("origin_bytes", "origin traffic"),
    ("origin_requests", "requests to the origin"), ("origin_gbps", "the origin's mean rate"),
    ("origin_peak_gbps", "the origin's peak rate"), ("edge_bytes", "edge traffic"),
    ("cost_total", "the cost of the delivery"), ("cost_per_viewer_hour", "the cost of a viewer's hour"),
    ("titles_published", "published titles"), ("titles_failed", "titles that are never published"),
    ("uploads_turned_away", "uploads turned away"), ("deadlines_missed", "missed deadlines"),
    ("time_to_publish_p95_s", "the time to publish of the slowest twentieth"),
    ("time_to_highlight_p95_s", "the time to the first highlight of the slowest twentieth"),
    ("premiere_late_s", "the lateness of the premiere"), ("core_hours_wasted", "wasted core-hours"),
    ("cluster_unavailable_s", "the time without service of some slot"),
    ("cluster_failed_commands", "failed commands"), ("cluster_lost_writes", "lost writes"),
    ("cluster_moved_per_s", "redirections"), ("cluster_gossip_bytes_per_s_per_node", "gossip per node"),
    ("backlog_core_h_peak", "the peak of the encoding backlog"),
  ]

  /// The words for a metric; its own name where there are none.
  static func phrase(for metric: String) -> String { phrases.first { $0.metric == metric }?.phrase ?? metric }
}
