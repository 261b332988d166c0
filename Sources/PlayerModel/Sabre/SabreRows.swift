// A Sabre session as rows of a table, with the columns of the published reference data.

internal import TextFormats

extension SabreResult {
  /// Names of the columns of `fields`.
  public static let columns = [
    "downloads", "abandoned", "replaced", "switches", "mean_bitrate_kbps", "startup_ms", "rebuffer_ms",
    "rebuffer_events", "total_play_ms", "network_total_ms", "played_utility", "played_bitrate",
    "total_bitrate_change", "total_log_bitrate_change", "final_throughput", "final_latency", "overestimate_count",
    "overestimate_avg", "goodestimate_count", "goodestimate_avg", "estimate_avg", "rampup_ms", "reaction_ms", "qoe_lin",
    "qualities",
  ]

  /// The figures as text, in the order of `columns`; empty where there is none.
  public var fields: [String] {
    [
      "\(downloads)", "\(abandoned)", "\(replaced)", "\(switches)", NumberText.shortest(meanBitrateKbps),
      NumberText.shortest(startupMs), NumberText.shortest(rebufferMs), "\(rebufferEvents)",
      NumberText.shortest(totalPlayMs), NumberText.shortest(networkTotalMs), NumberText.shortest(playedUtility),
      NumberText.shortest(playedBitrate), NumberText.shortest(totalBitrateChange),
      NumberText.shortest(totalLogBitrateChange), NumberText.shortest(finalThroughputKbps),
      NumberText.shortest(finalLatencyMs), "\(overestimateCount)", NumberText.shortest(overestimateAverage),
      "\(goodEstimateCount)", NumberText.shortest(goodEstimateAverage), NumberText.shortest(estimateAverage),
      rampupMs.map { NumberText.shortest($0) } ?? "", NumberText.shortest(reactionMs), NumberText.shortest(linearQoE),
      QualityDigits.text(qualities),
    ]
  }
}

extension SabreRequest {
  /// Names of the columns of `fields`.
  public static let columns = [
    "segment", "quality", "network_time_ms", "buffer_ms", "size_bits", "downloaded_bits", "time_ms", "ttfb_ms",
    "abandon_to",
  ]

  /// The request as text, in the order of `columns`.
  public var fields: [String] {
    [
      "\(segment)", "\(quality)", NumberText.shortest(networkMs), NumberText.shortest(bufferMs),
      NumberText.shortest(sizeBits), NumberText.shortest(receivedBits), NumberText.shortest(totalMs),
      NumberText.shortest(firstByteMs), abandonTo.map { "\($0)" } ?? "",
    ]
  }
}

/// A sequence of qualities as one text: a digit a segment, letters from the eleventh quality on.
enum QualityDigits {
  static func text(_ qualities: [UInt8]) -> String {
    var text = ""
    for quality in qualities { text += String(quality, radix: 36) }
    return text
  }
}
