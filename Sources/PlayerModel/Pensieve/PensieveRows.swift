// A Pensieve session as rows of a table, with the columns of the published reference data.

internal import TextFormats

extension PensieveResult {
  /// Names of the columns of `fields`.
  public static let columns = [
    "qoe_lin_skip_first", "qoe_lin_all", "rebuffer_s_skip_first", "startup_s", "rebuffer_events", "mean_bitrate_kbps",
    "switches", "end_clock_s", "sleep_chunks", "final_buffer_s", "qualities",
  ]

  /// The figures as text, in the order of `columns`.
  public var fields: [String] {
    [
      NumberText.shortest(linearQoESkippingFirst), NumberText.shortest(linearQoE),
      NumberText.shortest(rebufferSecondsSkippingFirst), NumberText.shortest(startupSeconds), "\(rebufferEvents)",
      NumberText.shortest(meanBitrateKbps), "\(switches)", NumberText.shortest(endClockSeconds), "\(sleepChunks)",
      NumberText.shortest(finalBufferSeconds), QualityDigits.text(qualities),
    ]
  }
}

extension PensieveChunk {
  /// Names of the columns of `fields`.
  public static let columns = [
    "chunk", "clock_s", "quality", "buffer_s", "rebuffer_s", "size_bytes", "delay_ms", "reward", "returned_sleep_ms",
  ]

  /// The chunk as text, in the order of `columns`.
  public var fields: [String] {
    [
      "\(chunk)", NumberText.shortest(clockSeconds), "\(quality)", NumberText.shortest(bufferSeconds),
      NumberText.shortest(rebufferSeconds), NumberText.shortest(bytes), NumberText.shortest(delayMs),
      NumberText.shortest(reward), NumberText.shortest(returnedSleepMs),
    ]
  }
}
