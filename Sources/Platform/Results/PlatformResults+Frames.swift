import PlayerModel
import SimEngine

// Sessions at frame level: what the decoder and the renderer made of the segments.

extension PlatformResults {
  private var frameRecords: [FrameRecord] { sites.flatMap(\.replays.records) }

  /// Rows of summary.csv about the sessions that were played again; none where there are none.
  var frameRows: [MetricRow] {
    let records = frameRecords
    guard !records.isEmpty else { return [] }
    var rows: [MetricRow] = []
    func add(_ entity: String, _ records: [FrameRecord]) {
      func row(_ metric: String, _ unit: String, _ value: Double) {
        rows.append(MetricRow(component: "frames", entity: entity, metric: metric, unit: unit, value: value))
      }
      let demuxed = records.reduce(0) { $0 + $1.video.demuxed }
      let dropped = records.reduce(0) { $0 + $1.video.droppedLate + $1.video.droppedBeforeDecode }
      let extra = records.compactMap { record in
        record.startup.flatMap { startup in record.firstFrame.map { ($0 - startup).milliseconds } }
      }
      row("frame_sessions", "", Double(records.count))
      row("frames_demuxed", "", Double(demuxed))
      row("frame_drop_ratio", "", Double(dropped) / Double(demuxed))
      row("first_frame_extra_ms", "ms", extra.reduce(0, +) / Double(extra.count))
    }
    add("all", records)
    if deviceNames.count > 1 {
      for device in deviceNames {
        let mine = records.filter { $0.device == device }
        if !mine.isEmpty { add("device-\(device)", mine) }
      }
    }
    return rows
  }

  /// frames.csv, a row a session, and frame_stages.csv, the stages of the first session of each site.
  var frameTables: [ComponentTable] {
    guard !frameRecords.isEmpty else { return [] }
    var frames = ComponentTable(
      name: "frames",
      columns: [
        "site", "process", "session", "device", "codec", "startup_s", "first_frame_s", "stalled_s", "buffering_s",
        "demuxed", "dropped_before_decode", "decoded", "rendered", "dropped_late", "skipped", "given_up",
      ])
    for record in frameRecords {
      let counts = [
        record.video.demuxed, record.video.droppedBeforeDecode, record.video.decoded, record.video.rendered,
        record.video.droppedLate, record.video.skipped, record.video.flushedInput + record.video.flushedOutput,
      ]
      frames.rows.append(
        [
          .text("edge-\(record.site)"), .text(record.process), .integer(Int64(clamping: record.number)),
          .text(record.device), .text(record.codec), .number(record.startup?.seconds),
          .number(record.firstFrame?.seconds), .number(record.stalled.seconds), .number(record.buffering.seconds),
        ] + counts.map { .integer(Int64($0)) })
    }
    var stages = ComponentTable(
      name: "frame_stages", columns: ["site", "process", "session", "t_ms", "component", "stage", "detail"])
    for site in sites {
      guard let record = site.replays.records.first else { continue }
      for stage in site.replays.stages {
        stages.rows.append([
          .text("edge-\(record.site)"), .text(record.process), .integer(Int64(clamping: record.number)),
          .number(Double(stage.time.nanoseconds) / 1e6), .text(stage.component), .text(stage.stage),
          .text(stage.detail),
        ])
      }
    }
    return [frames, stages]
  }
}
