// Jumps in a pipeline run: flush both codecs under a new generation, move the source, resume.

internal import SimEngine

extension PipelineRun {
  mutating func beginSeek(_ index: Int) {
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
      giveUpFrames(codec)
      codecs[codec].feedPending = false
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

  /// Counts what a codec and its queue hold as given up; the queues themselves are emptied by the caller.
  mutating func giveUpFrames(_ codec: Int) {
    let queued = codecs[codec].isVideo ? videoQueue.count : audioQueue.count
    codecs[codec].counters.flushedOutput += codecs[codec].held.count + queued
    if codecs[codec].isDecoding { codecs[codec].counters.flushedInput += 1 }
    codecs[codec].isDecoding = false
    codecs[codec].held = []
  }

  mutating func codecFlushed(_ index: Int) {
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

  mutating func completeSeek() {
    guard seekPending != nil else { return }
    seekPending = nil
    log("player", "SeekComplete")
  }
}
