// The renderer of a pipeline run: audio drives the clock, video follows it, late frames are not shown.

internal import SimEngine

extension PipelineRun {
  /// Whether audio is going to drive the clock.
  var hasAudioClock: Bool {
    codecs.contains { !$0.isVideo && (!$0.hasEnded || !audioQueue.isEmpty || clock.anchor != nil) }
  }

  mutating func postVideo() {
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

  mutating func drainVideo() {
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

  mutating func show(_ video: Int, at time: SimTime) {
    videoQueue.removeFirst()
    codecs[video].counters.rendered += 1
    queue.schedule(.returnOutput(.video, codecs[video].generation), at: time)
    finishIfDrained()
    postVideo()
  }

  mutating func postAudio(after delay: SimDuration) {
    guard !audioDrainPending, bufferingSince == nil, !audioQueue.isEmpty else { return }
    audioDrainPending = true
    queue.schedule(.drainAudio(rendererGeneration), after: delay)
  }

  /// Writes without blocking until the sink is full, then comes back after half of what is pending has been heard.
  mutating func drainAudio() {
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

  var isComplete: Bool {
    !codecs.isEmpty && codecs.allSatisfy(\.hasEnded) && videoQueue.isEmpty && audioQueue.isEmpty
  }

  mutating func finishIfDrained() {
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
}
