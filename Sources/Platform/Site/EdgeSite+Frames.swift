// Sessions that are played again frame by frame: their segments are noted as they come, and when the session ends, or its
// viewer jumps, the media pipeline plays them with the device's decoder. The crowd's players stay at segment level; a
// replay changes nothing about them.

import PlayerModel
import SimEngine

/// One line of frames.csv: a session at frame level.
struct FrameRecord: Sendable {
  var site: Int
  var number: UInt64
  var process: String
  var device: String
  var codec: String
  /// Start-up delay at segment level; `nil` if nothing was shown.
  var startup: SimDuration?
  /// From the press on play to the first frame on the screen; `nil` if there was none.
  var firstFrame: SimDuration?
  /// Time paused for want of media after that, and the same at segment level.
  var buffering: SimDuration
  var stalled: SimDuration
  /// Frames of the video.
  var video: FrameCounters
}

/// The segments of sessions that will be played again, and what came of those that were.
struct FrameReplays: Sendable {
  /// Only ever looked up by slot.
  private var segments: [UInt32: [StreamedSegment]] = [:]
  var records: [FrameRecord] = []
  /// Stages of the first session, for the eye.
  var stages: [PipelineStage] = []

  mutating func begin(slot: UInt32) { segments[slot] = [] }
  mutating func add(_ segment: StreamedSegment, slot: UInt32) { segments[slot]?.append(segment) }
  mutating func take(slot: UInt32) -> [StreamedSegment] { segments.removeValue(forKey: slot) ?? [] }
}

extension DeviceSettings {
  /// The pipeline of such a device.
  var pipeline: PipelineSettings {
    var settings = PipelineSettings()
    settings.pictureBase = pictureTime
    settings.perMegapixel = megapixelTime
    settings.codecTransition = codecSetup
    return settings
  }
}

extension EdgeSiteState {
  /// Plays a session again, if it is one of those, from the press on play to now.
  mutating func replay(slot: UInt32, at now: SimTime) {
    let session = sessions.at(slot)
    guard session.pointee.isReplayed, let frames = settings.frames else { return }
    session.pointee.isReplayed = false
    let segments = replays.take(slot: slot)
    let device = settings.devices[Int(session.pointee.device)]
    let codec = catalog.codecNames[Int(session.pointee.codec)]
    var decoder = device.settings.pipeline
    decoder.pictureFactor = settings.decodeFactors[Int(session.pointee.codec)]
    let first = session.pointee.startsAtSegment(segments.count)
    let report = MediaPipeline.play(
      StreamedMedia(
        codec: codec, pattern: frames, segmentDuration: catalog.segmentDuration, segments: segments,
        startThreshold: settings.player.startupBuffer, resumeThreshold: settings.player.resumeBuffer,
        holdsEnd: first + segments.count == Int(catalog.segmentCounts[Int(session.pointee.title)]),
        watched: max(.zero, now - session.pointee.arrivedAt)),
      settings: decoder)
    for counters in report.counters where !counters.isConserved {
      violations.append("site \(index): a replay lost \(counters.track) frames: \(counters)")
    }
    guard let video = report.counters.first else { return }
    if replays.records.isEmpty { replays.stages = report.stages }
    replays.records.append(
      FrameRecord(
        site: index, number: session.pointee.number,
        process: Int(session.pointee.title) == catalog.premiereTitle ? "premiere" : "regular", device: device.name,
        codec: codec, startup: session.pointee.buffer.startupDelay,
        firstFrame: report.startedAt.flatMap { started in report.firstFrame.map { started - .zero + $0 } },
        buffering: report.bufferingTime, stalled: session.pointee.counted.stall, video: video))
  }
}

extension ViewerSession {
  /// The segment at which the stream began, if so many segments have come without a jump.
  fileprivate func startsAtSegment(_ count: Int) -> Int { Int(nextSegment) - count }
}
