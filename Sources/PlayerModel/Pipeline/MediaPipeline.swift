// A media player frame by frame, after NuPlayer: messages with generations, named stages, every frame accounted for.
//
//   setDataSource -> sniff -> prepare -> start -> scanSources -> codec Loaded -> Idle -> Executing
//     -> fill input / empty output -> renderer (audio clock, late frames) -> end of stream -> codec released
//   seek: flush both codecs -> source to the previous sync frame -> resume, frames before the target are skipped

internal import MediaFormats
internal import SimEngine

/// Plays files through the stages of a media player.
public enum MediaPipeline {
  /// Plays one file, or a media segment with its initialisation segment, to its end.
  ///
  /// A file that cannot be played ends in the stage `Failed` with the reason; it never throws.
  /// - Complexity: O(units log units) time.
  public static func play(
    path: String, initialization: String? = nil, settings: PipelineSettings = PipelineSettings()
  ) -> PipelineReport {
    var run = PipelineRun(settings: settings)
    return run.play(path: path, initialization: initialization)
  }
}

/// Which codec a message is for.
private enum Port: UInt8, BitwiseCopyable {
  case video
  case audio
}

/// A message to one of the pipeline's loopers.
private enum PipelineMessage: BitwiseCopyable {
  case prepare
  case pollBuffering
  case scanSources
  case codecMoved(Port, UInt32)
  case feed(Port, UInt32)
  case decoded(Port, UInt32, unit: Int)
  case drainVideo(UInt32)
  case drainAudio(UInt32)
  case returnOutput(Port, UInt32)
  case seek(Int)
  case flushed(Port, UInt32)
}

/// One run; the state of player, source, codecs and renderer.
private struct PipelineRun: ~Copyable {
  private let settings: PipelineSettings
  private var queue = EventQueue<PipelineMessage>()
  private var report = PipelineReport()
  private var source: PipelineSource?
  private var codecs: [CodecComponent] = []
  private var startedAt: SimTime?
  private var hasFailed = false

  // Renderer.
  private var clock = MediaClock()
  private var sink = AudioSink()
  private var rendererGeneration: UInt32 = 0
  private var videoQueue: [Int] = []
  private var audioQueue: [Int] = []
  private var videoDrainPending = false
  private var audioDrainPending = false
  private var shownSinceFlush = false
  private var lateBy = SimDuration.zero
  private var skipUntil = SimDuration.zero

  // Buffering and jumps.
  private var bufferingSince: SimTime?
  private var heldAudio = SimDuration.zero
  private var seekPending: Int?

  init(settings: PipelineSettings) { self.settings = settings }

  private var now: SimTime { queue.now }

  private mutating func log(_ component: String, _ stage: String, _ detail: String = "") {
    report.stages.append(PipelineStage(time: now, component: component, stage: stage, detail: detail))
  }

  private mutating func fail(_ failure: PipelineFailure) {
    log(failure.component, "Failed", failure.reason)
    log("player", "Failed", failure.reason)
    report.failure = failure.reason
    hasFailed = true
  }

  mutating func play(path: String, initialization: String?) -> PipelineReport {
    log("player", "Idle")
    log("player", "SetDataSource", path)
    log("source", "Opening", initialization.map { "initialization \($0)" } ?? "")
    do {
      let opened = try PipelineSource(path: path, initialization: initialization)
      source = opened
      log("source", "Sniffing", opened.claims)
      for track in opened.tracks {
        log("source", "Track", "\(track.kind.rawValue) \(track.codec) \(track.units.count) units")
      }
      for reason in opened.ignored { log("source", "TrackIgnored", reason) }
      codecs = opened.tracks.map { CodecComponent($0) }
      log("player", "Unprepared")
      log("player", "Preparing")
      queue.schedule(.prepare, after: .zero)
      while !hasFailed, let message = queue.popNext(through: .distantFuture) { handle(message) }
      if !hasFailed, !isComplete {
        fail(PipelineFailure(component: "player", reason: "the pipeline stopped before the end of the stream"))
      }
    } catch {
      fail(error)
    }
    report.counters = codecs.map(\.counters)
    return report
  }

  private mutating func handle(_ message: PipelineMessage) {
    switch message {
    case .prepare: prepare()
    case .pollBuffering: pollBuffering()
    case .scanSources: scanSources()
    case .codecMoved(let port, let generation): if let index = current(port, generation) { moveCodec(index) }
    case .feed(let port, let generation):
      guard let index = current(port, generation) else { return }
      codecs[index].feedPending = false
      feed(index)
    case .decoded(let port, let generation, let unit):
      if let index = current(port, generation) { decoded(index, unit) }
    case .drainVideo(let generation): if generation == rendererGeneration { drainVideo() }
    case .drainAudio(let generation): if generation == rendererGeneration { drainAudio() }
    case .returnOutput(let port, let generation):
      guard let index = current(port, generation) else { return }
      codecs[index].outputsOut -= 1
      feed(index)
    case .seek(let index): beginSeek(index)
    case .flushed(let port, let generation): if let index = current(port, generation) { codecFlushed(index) }
    }
  }

  /// The codec of a port, unless the message is of an older generation.
  private func current(_ port: Port, _ generation: UInt32) -> Int? {
    codecs.firstIndex { $0.isVideo == (port == .video) && $0.generation == generation }
  }

  private func port(_ index: Int) -> Port { codecs[index].isVideo ? .video : .audio }

  // MARK: Source

  private func arrivedBytes(_ time: SimTime) -> Int64 {
    guard let kbps = settings.networkKbps else { return .max }
    let bytes = time.seconds * kbps * 125
    return bytes < 1e18 ? Int64(bytes) : .max
  }

  /// Media that has arrived and was not read, by the mean bitrate, as NuCachedSource2's owner estimates it.
  private var bufferedMedia: SimDuration {
    guard let source, source.duration > .zero else { return .zero }
    let arrived = min(arrivedBytes(now), source.bytes)
    if arrived == source.bytes { return .seconds(1e6) }
    let read = codecs.map { $0.nextUnit > 0 ? $0.track.units[$0.nextUnit - 1].endByte : 0 }.max() ?? 0
    return source.duration.scaled(by: Double(max(0, arrived - read)) / Double(max(1, source.bytes)))
  }

  private mutating func prepare() {
    if settings.networkKbps != nil {
      if bufferedMedia <= PipelineConstants.bufferingPrepared {
        if bufferingSince == nil { log("source", "Buffering", "until 5 s of media are there") }
        bufferingSince = bufferingSince ?? now
        queue.schedule(.prepare, after: PipelineConstants.bufferingPoll)
        return
      }
      bufferingSince = nil
      queue.schedule(.pollBuffering, after: PipelineConstants.bufferingPoll)
    }
    log("player", "Prepared")
    log("player", "Running")
    startedAt = now
    for (index, seek) in settings.seeks.enumerated() { queue.schedule(.seek(index), after: seek.after) }
    queue.schedule(.scanSources, after: .zero)
  }

  private mutating func pollBuffering() {
    guard !isComplete else { return }
    let media = bufferedMedia
    if let since = bufferingSince {
      if media > PipelineConstants.bufferingResume {
        report.bufferingTime += now - since
        bufferingSince = nil
        log("player", "BufferingEnd")
        sink.resume(heldAudio, now: now)
        // The clock stood still while nothing played.
        clock.reset()
        shownSinceFlush = false
        postVideo()
        postAudio(after: .zero)
      }
    } else if media < PipelineConstants.bufferingLow {
      bufferingSince = now
      log("player", "BufferingStart", "less than 2 s of media are there")
      heldAudio = sink.hold(now: now)
    }
    queue.schedule(.pollBuffering, after: PipelineConstants.bufferingPoll)
  }

  // MARK: Codecs

  private mutating func scanSources() {
    log("player", "ScanSources")
    var mustRetry = false
    for index in codecs.indices where codecs[index].state == .uninitialized {
      if codecs[index].isVideo, now - (startedAt ?? now) < settings.surfaceReady {
        mustRetry = true
        continue
      }
      log(codecs[index].name, "Uninitialized", codecs[index].track.codec)
      queue.schedule(.codecMoved(port(index), codecs[index].generation), after: settings.codecTransition)
    }
    if mustRetry { queue.schedule(.scanSources, after: PipelineConstants.scanSourcesRetry) }
  }

  private mutating func enter(_ index: Int, _ state: CodecState, _ detail: String = "") {
    codecs[index].state = state
    log(codecs[index].name, state.rawValue, detail)
  }

  private mutating func moveCodec(_ index: Int) {
    let later = settings.codecTransition
    switch codecs[index].state {
    case .uninitialized:
      enter(index, .loaded)
      enter(index, .loadedToIdle, "allocating \(codecs[index].outputBuffers) output buffers")
      queue.schedule(.codecMoved(port(index), codecs[index].generation), after: later)
    case .loadedToIdle:
      log(codecs[index].name, "Idle")
      enter(index, .idleToExecuting)
      queue.schedule(.codecMoved(port(index), codecs[index].generation), after: later)
    case .idleToExecuting:
      enter(index, .executing)
      feed(index)
    case .executingToIdle:
      log(codecs[index].name, "Idle")
      enter(index, .idleToLoaded)
      queue.schedule(.codecMoved(port(index), codecs[index].generation), after: later)
    case .idleToLoaded:
      enter(index, .loaded, "released")
      if codecs.allSatisfy({ $0.hasEnded && $0.state == .loaded }) { log("player", "Ended") }
    case .loaded, .executing, .flushing, .flushed: break
    }
  }

  /// Fills the codec's input as far as input, output buffers and the source allow.
  private mutating func feed(_ index: Int) {
    guard codecs[index].state == .executing, !codecs[index].isDecoding, !codecs[index].hasEnded else { return }
    while codecs[index].nextUnit < codecs[index].track.units.count {
      guard codecs[index].outputsOut < codecs[index].outputBuffers else { return }
      let unit = codecs[index].nextUnit
      guard codecs[index].track.units[unit].endByte <= arrivedBytes(now) else {
        guard !codecs[index].feedPending else { return }
        codecs[index].feedPending = true
        queue.schedule(
          .feed(port(index), codecs[index].generation), after: PipelineConstants.requestInputRetry)
        return
      }
      codecs[index].nextUnit += 1
      codecs[index].counters.demuxed += 1
      if codecs[index].isVideo, lateBy > PipelineConstants.inputDropLate, !codecs[index].track.units[unit].isReference {
        codecs[index].counters.droppedBeforeDecode += 1
        continue
      }
      codecs[index].isDecoding = true
      codecs[index].outputsOut += 1
      queue.schedule(
        .decoded(port(index), codecs[index].generation, unit: unit), after: codecs[index].serviceTime(settings))
      return
    }
    endInput(index)
  }

  private mutating func decoded(_ index: Int, _ unit: Int) {
    codecs[index].isDecoding = false
    codecs[index].counters.decoded += 1
    codecs[index].hold(unit)
    while codecs[index].held.count > codecs[index].track.reorderDepth {
      output(index, codecs[index].held.removeFirst())
    }
    feed(index)
  }

  private mutating func endInput(_ index: Int) {
    codecs[index].hasEnded = true
    log(codecs[index].name, "Draining")
    while !codecs[index].held.isEmpty { output(index, codecs[index].held.removeFirst()) }
    finishIfDrained()
  }

  private mutating func output(_ index: Int, _ unit: Int) {
    let pts = codecs[index].pts(unit)
    let skipped = pts < skipUntil && pts + codecs[index].track.units[unit].duration <= skipUntil
    if skipped {
      codecs[index].counters.skipped += 1
      queue.schedule(.returnOutput(port(index), codecs[index].generation), after: .zero)
    } else if codecs[index].isVideo {
      videoQueue.append(unit)
      postVideo()
    } else {
      audioQueue.append(unit)
      postAudio(after: .zero)
    }
  }

  // MARK: Renderer

  /// Whether audio is going to drive the clock.
  private var hasAudioClock: Bool {
    codecs.contains { !$0.isVideo && (!$0.hasEnded || !audioQueue.isEmpty || clock.anchor != nil) }
  }

  private mutating func postVideo() {
    guard !videoDrainPending, bufferingSince == nil, let video = codecs.firstIndex(where: \.isVideo),
      let unit = videoQueue.first
    else { return }
    var delay = SimDuration.zero
    if shownSinceFlush {
      if let due = clock.due(codecs[video].pts(unit)) {
        let early = due - now
        delay =
          early > PipelineConstants.timeJump
          ? PipelineConstants.timeJump : early - settings.vsync * PipelineConstants.vsyncsEarly
      } else {
        delay = PipelineConstants.clockRetry
      }
    }
    videoDrainPending = true
    queue.schedule(.drainVideo(rendererGeneration), after: max(.zero, delay))
  }

  private mutating func drainVideo() {
    videoDrainPending = false
    guard bufferingSince == nil, let video = codecs.firstIndex(where: \.isVideo), let unit = videoQueue.first else {
      return
    }
    let pts = codecs[video].pts(unit)
    if !shownSinceFlush {
      if !hasAudioClock { clock.update(media: pts, now: now) }
      show(video, at: now)
      shownSinceFlush = true
      if report.firstFrame == nil {
        report.firstFrame = now - (startedAt ?? now)
        log("renderer", "FirstFrame")
      }
      completeSeek()
      return
    }
    if clock.anchor == nil, !hasAudioClock { clock.update(media: pts, now: now) }
    guard let due = clock.due(pts), due - now <= settings.vsync * PipelineConstants.vsyncsEarly + .nanoseconds(1) else {
      postVideo()
      return
    }
    lateBy = now - due
    if lateBy > PipelineConstants.videoTooLate {
      videoQueue.removeFirst()
      codecs[video].counters.droppedLate += 1
      queue.schedule(.returnOutput(.video, codecs[video].generation), after: .zero)
      finishIfDrained()
      postVideo()
    } else {
      // The frame appears at the vertical sync nearest to its time.
      let periods = (Double(due.nanoseconds) / Double(settings.vsync.nanoseconds)).rounded()
      let vsync = SimTime(nanoseconds: Int64(periods) * settings.vsync.nanoseconds)
      show(video, at: max(now, vsync))
    }
  }

  private mutating func show(_ video: Int, at time: SimTime) {
    videoQueue.removeFirst()
    codecs[video].counters.rendered += 1
    queue.schedule(.returnOutput(.video, codecs[video].generation), at: time)
    finishIfDrained()
    postVideo()
  }

  private mutating func postAudio(after delay: SimDuration) {
    guard !audioDrainPending, bufferingSince == nil, !audioQueue.isEmpty else { return }
    audioDrainPending = true
    queue.schedule(.drainAudio(rendererGeneration), after: delay)
  }

  /// Writes without blocking until the sink is full, then comes back after half of what is pending has been heard.
  private mutating func drainAudio() {
    audioDrainPending = false
    guard bufferingSince == nil, let audio = codecs.firstIndex(where: { !$0.isVideo }) else { return }
    while let unit = audioQueue.first, sink.accepts(codecs[audio].track.units[unit].duration, now: now) {
      audioQueue.removeFirst()
      let duration = codecs[audio].track.units[unit].duration
      sink.write(duration, now: now)
      codecs[audio].counters.rendered += 1
      queue.schedule(.returnOutput(.audio, codecs[audio].generation), after: .zero)
      clock.update(media: codecs[audio].pts(unit) + duration - sink.pending(now), now: now)
    }
    if report.firstFrame == nil, codecs.count == 1 {
      report.firstFrame = now - (startedAt ?? now)
      log("renderer", "FirstFrame", "audio only")
    }
    if codecs.count == 1 { completeSeek() }
    if !audioQueue.isEmpty { postAudio(after: max(.milliseconds(1), sink.pending(now) / 2)) }
    finishIfDrained()
    postVideo()
  }

  private var isComplete: Bool {
    !codecs.isEmpty && codecs.allSatisfy(\.hasEnded) && videoQueue.isEmpty && audioQueue.isEmpty
  }

  private mutating func finishIfDrained() {
    guard isComplete else { return }
    // A jump to the very end leaves nothing to show.
    completeSeek()
    for index in codecs.indices where codecs[index].state == .executing {
      enter(index, .executingToIdle)
      // What is in the sink is still to be heard.
      let tail = codecs[index].isVideo ? .zero : sink.pending(now)
      queue.schedule(
        .codecMoved(port(index), codecs[index].generation), after: tail + settings.codecTransition)
    }
  }

  // MARK: Jumps

  private mutating func beginSeek(_ index: Int) {
    guard seekPending == nil, !isComplete, codecs.allSatisfy({ $0.state == .executing }) else {
      log("player", "SeekIgnored", "the codecs are not executing")
      return
    }
    seekPending = index
    log("player", "Seeking", "to \(settings.seeks[index].target)")
    rendererGeneration += 1
    videoDrainPending = false
    audioDrainPending = false
    for codec in codecs.indices {
      let queued = codecs[codec].isVideo ? videoQueue.count : audioQueue.count
      codecs[codec].counters.flushedOutput += codecs[codec].held.count + queued
      if codecs[codec].isDecoding { codecs[codec].counters.flushedInput += 1 }
      codecs[codec].isDecoding = false
      codecs[codec].feedPending = false
      codecs[codec].held = []
      codecs[codec].outputsOut = 0
      codecs[codec].hasEnded = false
      codecs[codec].generation += 1
      enter(codec, .flushing, "generation \(codecs[codec].generation)")
      queue.schedule(.flushed(port(codec), codecs[codec].generation), after: settings.flush)
    }
    videoQueue = []
    audioQueue = []
    sink.flush(now: now)
    heldAudio = .zero
    clock.reset()
    lateBy = .zero
    shownSinceFlush = false
  }

  private mutating func codecFlushed(_ index: Int) {
    enter(index, .flushed)
    guard let seek = seekPending, codecs.allSatisfy({ $0.state == .flushed }) else { return }
    let base = codecs.flatMap { $0.track.units.map(\.pts) }.min() ?? .zero
    let target = base + settings.seeks[seek].target
    skipUntil = target
    var from = target
    if let video = codecs.firstIndex(where: \.isVideo) {
      codecs[video].nextUnit = codecs[video].unit(forSeek: target)
      from = min(target, codecs[video].pts(codecs[video].nextUnit))
    }
    for codec in codecs.indices where !codecs[codec].isVideo {
      codecs[codec].nextUnit = codecs[codec].unit(forSeek: from)
    }
    log("source", "Seek", "previous sync frame at \(from)")
    for codec in codecs.indices {
      enter(codec, .executing, "resumed")
      feed(codec)
    }
  }

  private mutating func completeSeek() {
    guard seekPending != nil else { return }
    seekPending = nil
    log("player", "SeekComplete")
  }
}
