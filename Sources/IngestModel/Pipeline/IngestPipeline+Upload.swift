// From the uploader's first attempt to the last part: connections, patience, comebacks.

import SimEngine

extension IngestPipeline {
  mutating func scheduleArrival() {
    if let at = arrivals.next() { schedule(.uploadArrives, at: at) }
    draws += 1
  }

  mutating func uploadArrives(at now: SimTime) {
    scheduleArrival()
    let number = unplannedCount
    unplannedCount += 1
    var stream = RandomStream(keys.titles.child(number))
    var pick = stream.uniform() * settings.classes.reduce(0) { $0 + $1.share }
    let kind = settings.classes.first { titleClass in
      pick -= titleClass.share
      return pick < 0
    }
    let titleClass = kind ?? settings.classes[settings.classes.count - 1]
    pick = stream.uniform() * settings.source.lengths.reduce(0) { $0 + $1.share }
    let component = settings.source.lengths.first { length in
      pick -= length.share
      return pick < 0
    }
    let lengths = component ?? settings.source.lengths[settings.source.lengths.count - 1]
    let lengthNs = stream.lognormal(mean: Double(lengths.mean.nanoseconds), cv: lengths.cv)
    let length = SimDuration(nanoseconds: Int64(max(60e9, min(86_400e9, lengthNs)).rounded()))
    admit(
      planned: nil, priority: titleClass.priority, length: length, deadline: now + titleClass.deadline,
      identity: number, isTrusted: false, stream: &stream, at: now)
  }

  mutating func plannedUploadArrives(_ index: Int, at now: SimTime) {
    let planned = settings.planned[index]
    var stream = RandomStream(keys.planned.child(UInt64(index)))
    let wait = IngestClock.sinceStart(planned.deadline, start: startOfDay + (now - .zero))
    admit(
      planned: index, priority: planned.priority, length: planned.length, deadline: now + wait,
      identity: 1 << 32 | UInt64(index), isTrusted: true, stream: &stream, at: now)
  }

  /// A title comes for the first time.
  ///
  /// - Parameter isTrusted: Its source is known to be usable.
  private mutating func admit(
    planned: Int?, priority: TitlePriority, length: SimDuration, deadline: SimTime, identity: UInt64, isTrusted: Bool,
    stream: inout RandomStream, at now: SimTime
  ) {
    let rate = stream.lognormal(mean: Double(settings.source.bitsPerSecond), cv: settings.source.rateCV)
    let link = stream.lognormal(mean: Double(settings.transfer.bitsPerSecond), cv: settings.transfer.rateCV)
    let complexity = stream.lognormal(mean: 1, cv: settings.source.complexityCV)
    let isUnusable = stream.chance(settings.inspection.rejected) && !isTrusted
    draws += stream.draws
    titles.append(
      TitleRecord(
        number: titles.count, planned: planned, priority: priority, length: length,
        sourceBytes: Int64(max(1, min(1e15, rate * length.seconds / 8)).rounded()),
        complexity: max(0.01, min(100, complexity)),
        bitsPerSecond: max(10_000, min(link, Double(settings.transfer.slotBitsPerSecond))), arrived: now,
        deadline: deadline, isUnusable: isUnusable, identity: identity))
    counted.arrived += 1
    countTitles(1, at: now)
    uploaderComes(titles.count - 1, at: now)
  }

  /// An uploader asks for a connection, for the first time or again.
  mutating func uploaderComes(_ title: Int, at now: SimTime) {
    titles[title].visits += 1
    if titles[title].visits > 1 { counted.returned += 1 }
    if frontEnd.takePlace() {
      beginTransfer(title, at: now)
    } else if frontEnd.waiting < settings.frontEnd.queueLimit {
      titles[title].stage = .waiting
      let visit = visit(of: title)
      frontEnd.wait(visit, urgency: titles[title].priority.rank)
      schedule(.patienceEnds(title: visit.title, visit: visit.visit), at: now + settings.frontEnd.patience)
    } else {
      counted.refused += 1
      goAway(title, at: now)
    }
  }

  mutating func patienceEnds(_ title: Int, at now: SimTime) {
    counted.impatient += 1
    frontEnd.leave()
    goAway(title, at: now)
  }

  /// An uploader leaves without success, to come back later if it has not come too often.
  private mutating func goAway(_ title: Int, at now: SimTime) {
    let visit = visit(of: title)
    var stream = RandomStream(keys.returns.child(titles[title].identity).child(UInt64(visit.visit)))
    if let delay = retryPolicy.delay(afterFailures: Int(visit.visit), &stream) {
      titles[title].stage = .away
      schedule(.uploaderReturns(title: visit.title, visit: visit.visit), at: now + delay)
    } else {
      fail(title, .gaveUp, at: now)
    }
    draws += stream.draws
  }

  private mutating func beginTransfer(_ title: Int, at now: SimTime) {
    titles[title].stage = .uploading
    titles[title].holdsSlot = true
    let visit = visit(of: title)
    let transfer = transfer(of: title)
    counted.parts += Int64(transfer.parts)
    counted.resentParts += Int64(transfer.resent)
    schedule(.transferEnds(title: visit.title, visit: visit.visit), at: now + transfer.duration)
  }

  /// The fate of a title's transfer, drawn anew and the same at its begin and end.
  private mutating func transfer(of title: Int) -> PartTransfer {
    let record = titles[title]
    var stream = RandomStream(keys.transfers.child(record.identity).child(UInt64(record.visits)))
    let transfer = PartTransfer(
      bytes: record.sourceBytes, bitsPerSecond: record.bitsPerSecond, settings: settings.transfer, stream: &stream)
    draws += stream.draws
    return transfer
  }

  mutating func transferEnds(_ title: Int, at now: SimTime) {
    guard transfer(of: title).isComplete else {
      fail(title, .uploadBroke, at: now)
      return
    }
    let visit = visit(of: title)
    titles[title].uploaded = now
    counted.accepted += 1
    counted.sourceBytes += Int128(titles[title].sourceBytes)
    switch settings.upload {
    case .asynchronous: releaseSlot(title, at: now)
    case .synchronous:
      schedule(
        .answerIsLate(title: visit.title, visit: visit.visit), at: now + settings.frontEnd.responseTimeout)
    }
    enterInspection(title, at: now)
  }

  /// The uploader has hung up: nobody asks for the work any more, and the upload begins anew.
  mutating func answerIsLate(_ title: Int, at now: SimTime) {
    counted.unanswered += 1
    withdraw(title, at: now)
    goAway(title, at: now)
  }

  /// Gives the title's connection to the next uploader that waits.
  mutating func releaseSlot(_ title: Int, at now: SimTime) {
    guard titles[title].holdsSlot else { return }
    titles[title].holdsSlot = false
    let next = frontEnd.release { [titles] in
      titles[Int($0.title)].visits == $0.visit && titles[Int($0.title)].stage == .waiting
    }
    if let next { beginTransfer(Int(next.title), at: now) }
  }

  func visit(of title: Int) -> TitleVisit { TitleVisit(title: UInt32(title), visit: titles[title].visits) }

  /// Notes the time that titles have spent in progress, before their number changes.
  mutating func countTitles(_ change: Int, at now: SimTime) {
    counted.titleNs += Int128(titlesInProgress) * Int128((now - titlesChanged).nanoseconds)
    titlesChanged = now
    titlesInProgress += change
  }
}
