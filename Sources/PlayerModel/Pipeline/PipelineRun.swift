// One run of the media pipeline: messages in, stages and counters out. Renderer and jumps stand in files of their own.

internal import MediaFormats
internal import SimEngine

/// Which codec a message is for.
enum Port: UInt8, BitwiseCopyable {
  case video
  case audio
}

/// A message to one of the pipeline's loopers.
enum PipelineMessage: BitwiseCopyable {
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
struct PipelineRun: ~Copyable {
  let settings: PipelineSettings
  var queue = EventQueue<PipelineMessage>()
  var report = PipelineReport()
  var source: PipelineSource?
  var codecs: [CodecComponent] = []
  var delivery: PipelineDelivery
  var startedAt: SimTime?
  var hasFailed = false

  // Renderer.
  var clock = MediaClock()
  var sink = AudioSink()
  var rendererGeneration: UInt32 = 0
  var videoQueue: [Int] = []
  var audioQueue: [Int] = []
  var videoDrainPending = false
  var audioDrainPending = false
  var shownSinceFlush = false
  var lateBy = SimDuration.zero
  var skipUntil = SimDuration.zero

  // Buffering and jumps.
  var bufferingSince: SimTime?
  /// Media time at which playback was paused for want of media.
  var heldMedia = SimDuration.zero
  var heldAudio = SimDuration.zero
  var seekPending: Int?

  init(settings: PipelineSettings) {
    self.settings = settings
    delivery = PipelineDelivery(kbps: settings.networkKbps)
  }

  var now: SimTime { queue.now }

  mutating func log(_ component: String, _ stage: String, _ detail: String = "") {
    report.stages.append(PipelineStage(time: now, component: component, stage: stage, detail: detail))
  }

  mutating func fail(_ failure: PipelineFailure) {
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
      open(try PipelineSource(path: path, initialization: initialization))
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

  /// Plays the segments of a session until its viewer leaves.
  mutating func play(_ media: StreamedMedia) -> PipelineReport {
    log("player", "Idle")
    log("player", "SetDataSource", "\(media.segments.count) segments")
    log("source", "Opening")
    delivery = PipelineDelivery(media)
    open(PipelineSource(media))
    while let message = queue.popNext(through: .zero + media.watched) { handle(message) }
    if !isComplete {
      leave(at: .zero + media.watched)
      log("player", "Ended", "the viewer left")
    }
    report.counters = codecs.map(\.counters)
    return report
  }

  private mutating func open(_ opened: PipelineSource) {
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
  }

  /// What the codecs and the renderer hold is given up.
  private mutating func leave(at time: SimTime) {
    if let since = bufferingSince, startedAt != nil { report.bufferingTime += time - since }
    for index in codecs.indices { giveUpFrames(index) }
    videoQueue = []
    audioQueue = []
  }

  mutating func handle(_ message: PipelineMessage) {
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
  func current(_ port: Port, _ generation: UInt32) -> Int? {
    codecs.firstIndex { $0.isVideo == (port == .video) && $0.generation == generation }
  }

  func port(_ index: Int) -> Port { codecs[index].isVideo ? .video : .audio }

  // MARK: Source

  /// Media that has arrived and was not read, by the mean bitrate, as NuCachedSource2's owner estimates it; of segments,
  /// media that has arrived and was not shown, which their player knows.
  mutating func bufferedMedia() -> SimDuration {
    guard let source, source.duration > .zero else { return .zero }
    let arrived = min(delivery.bytes(at: now), source.bytes)
    if arrived == source.bytes, delivery.holdsEnd { return .seconds(1e6) }
    if !delivery.steps.isEmpty {
      let segment = source.duration.nanoseconds / Int64(delivery.steps.count)
      let there = SimDuration(nanoseconds: segment * Int64(delivery.segmentsThere))
      return there - (bufferingSince == nil ? shownMedia : heldMedia)
    }
    let read = codecs.map { $0.nextUnit > 0 ? $0.track.units[$0.nextUnit - 1].endByte : 0 }.max() ?? 0
    return source.duration.scaled(by: Double(max(0, arrived - read)) / Double(max(1, source.bytes)))
  }

  /// Media time of the clock; while it does not run, where it stopped.
  private var shownMedia: SimDuration { clock.media(at: now) ?? heldMedia }

  mutating func prepare() {
    if delivery.isStreamed {
      if !suffices(bufferedMedia(), delivery.prepared) {
        if bufferingSince == nil { log("source", "Buffering", "until \(delivery.prepared) of media are there") }
        bufferingSince = bufferingSince ?? now
        schedulePoll(.prepare)
        return
      }
      bufferingSince = nil
      schedulePoll(.pollBuffering)
    }
    log("player", "Prepared")
    log("player", "Running")
    startedAt = now
    report.startedAt = now
    for (index, seek) in settings.seeks.enumerated() { queue.schedule(.seek(index), after: seek.after) }
    queue.schedule(.scanSources, after: .zero)
  }

  mutating func pollBuffering() {
    guard !isComplete else { return }
    let media = bufferedMedia()
    if let since = bufferingSince {
      if suffices(media, delivery.resume) {
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
    } else if delivery.steps.isEmpty ? media < delivery.low : media <= .zero {
      heldMedia = shownMedia
      bufferingSince = now
      log("player", "BufferingStart", "less than \(delivery.low) of media is there")
      heldAudio = sink.hold(now: now)
    }
    schedulePoll(.pollBuffering)
  }

  /// More than a mark of a file's cache, as GenericSource wants it; at least the mark of whole segments.
  private func suffices(_ media: SimDuration, _ mark: SimDuration) -> Bool {
    delivery.steps.isEmpty ? media > mark : media >= mark && delivery.segmentsThere > 0
  }

  /// Files are looked at every second; segments when the next one comes, and when what is there has been shown.
  private mutating func schedulePoll(_ message: PipelineMessage) {
    guard !delivery.steps.isEmpty else {
      queue.schedule(message, after: PipelineConstants.bufferingPoll)
      return
    }
    var next = delivery.nextArrival
    if startedAt != nil, bufferingSince == nil {
      // The clock may not run yet, and never so exactly that looking again within a millisecond would be of use.
      let dry = now + max(.milliseconds(1), bufferedMedia())
      next = min(next ?? dry, dry)
    }
    if let next { queue.schedule(message, at: max(now, next)) }
  }

  // MARK: Codecs

  mutating func scanSources() {
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

  mutating func enter(_ index: Int, _ state: CodecState, _ detail: String = "") {
    codecs[index].state = state
    log(codecs[index].name, state.rawValue, detail)
  }

  mutating func moveCodec(_ index: Int) {
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
  mutating func feed(_ index: Int) {
    guard codecs[index].state == .executing, !codecs[index].isDecoding, !codecs[index].hasEnded else { return }
    while codecs[index].nextUnit < codecs[index].track.units.count {
      guard codecs[index].outputsOut < codecs[index].outputBuffers else { return }
      let unit = codecs[index].nextUnit
      guard codecs[index].track.units[unit].endByte <= delivery.bytes(at: now) else {
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
        .decoded(port(index), codecs[index].generation, unit: unit),
        after: codecs[index].serviceTime(of: unit, settings))
      return
    }
    // A session that its viewer left has no end of its own.
    if delivery.holdsEnd { endInput(index) }
  }

  mutating func decoded(_ index: Int, _ unit: Int) {
    codecs[index].isDecoding = false
    codecs[index].counters.decoded += 1
    codecs[index].hold(unit)
    while codecs[index].held.count > codecs[index].track.reorderDepth {
      output(index, codecs[index].held.removeFirst())
    }
    feed(index)
  }

  mutating func endInput(_ index: Int) {
    codecs[index].hasEnded = true
    log(codecs[index].name, "Draining")
    while !codecs[index].held.isEmpty { output(index, codecs[index].held.removeFirst()) }
    finishIfDrained()
  }

  mutating func output(_ index: Int, _ unit: Int) {
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
}
