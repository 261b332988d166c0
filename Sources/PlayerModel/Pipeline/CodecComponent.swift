// A codec with its ports: buffers that are filled and emptied, and pictures held until their order is certain.

internal import MediaFormats
internal import SimEngine

/// The state of an ACodec-like component.
enum CodecState: String {
  case uninitialized = "Uninitialized"
  case loaded = "Loaded"
  case loadedToIdle = "LoadedToIdle"
  case idleToExecuting = "IdleToExecuting"
  case executing = "Executing"
  case flushing = "Flushing"
  case flushed = "Flushed"
  case executingToIdle = "ExecutingToIdle"
  case idleToLoaded = "IdleToLoaded"
}

/// One decoder and what it works on.
///
/// Frames are indices into the track's units.
struct CodecComponent {
  let track: PipelineTrack
  var state = CodecState.uninitialized
  /// Raised by every flush; messages of an older generation are dropped.
  var generation: UInt32 = 0
  var nextUnit = 0
  var isDecoding = false
  /// Decoded pictures that wait for an earlier one, ascending by presentation time.
  var held: [Int] = []
  /// Output buffers that are not with the component: held, queued or on the way to the display.
  var outputsOut = 0
  /// The source has no more units and the codec has returned everything.
  var hasEnded = false
  var feedPending = false
  var counters: FrameCounters

  init(_ track: PipelineTrack) {
    self.track = track
    counters = FrameCounters(track: track.kind.rawValue, codec: track.codec)
  }

  var isVideo: Bool { track.kind == .video }
  var name: String { track.kind.rawValue }

  /// nBufferCountMin + frames the display keeps + extra ones, as ACodec allocates.
  var outputBuffers: Int {
    track.reorderDepth + 2 + PipelineConstants.undequeuedBuffers + PipelineConstants.extraOutputBuffers
  }

  func pts(_ unit: Int) -> SimDuration { track.units[unit].pts }

  /// A unit was decoded: it joins those held for order.
  mutating func hold(_ unit: Int) {
    var position = held.count
    while position > 0, pts(held[position - 1]) > pts(unit) { position -= 1 }
    held.insert(unit, at: position)
  }

  /// Decoding time of a unit.
  func serviceTime(of unit: Int, _ settings: PipelineSettings) -> SimDuration {
    guard isVideo else { return settings.audioUnit }
    let megapixels = track.units[unit].pixels / 1e6
    return settings.pictureBase
      + settings.perMegapixel.scaled(
        by: megapixels * (settings.pictureFactor ?? PipelineSettings.codecFactor(track.codec)))
  }

  /// The unit to go on from after a jump: the last sync unit at or before the target; for audio the unit that holds it.
  func unit(forSeek target: SimDuration) -> Int {
    var found = 0
    for (index, unit) in track.units.enumerated() where unit.isSync && unit.pts <= target { found = index }
    return found
  }
}
