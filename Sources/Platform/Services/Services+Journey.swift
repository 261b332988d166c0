// The way of a request through the services, from top to bottom:
//
//   requestArrives -> the gateway's door -> passed -> nextStep -> call a part -> the part answers -> stepDone
//                          |                             ^------------------------------------------'  |
//                          '-> refused -> replyFailed                                     all done -> replyStarted
//
// Parts answer by a later event or at once; `settle` acts on everything that has been said until nothing is left.
// `startIsOverdue` watches from outside: at the last moment at which an answer could come in time, it tells the site at
// which part the request is.

import BackendModel
import SimEngine

/// One request in the services.
struct ServiceRequest: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    case startSession
    case savePosition
    case endSession
  }
  /// What has to be done next.
  enum Step: UInt8, BitwiseCopyable {
    case account
    case payment
    case search
    case resume
    case history
    case done

    /// The part of a start-up that a wait for this step belongs to.
    var part: StartupPart {
      switch self {
      case .account, .payment: .account
      case .search: .search
      case .resume, .history, .done: .resume
      }
    }
  }

  var kind: Kind
  var step: Step
  var from: PartitionIndex
  var start: StartRequest
  var reply: StartReply
  /// Where the request is, and since when.
  var place = StartupPart.gateway
  var placeSince = SimTime.zero
  /// The event that finds it overdue.
  var overdue = EventHandle.none

  init(_ start: StartRequest, from: PartitionIndex) {
    kind = .startSession
    step = .account
    self.from = from
    self.start = start
    reply = StartReply(
      session: start.session, attempt: start.attempt, outcome: .served, failedAt: .gateway, foundPosition: true,
      times: ServiceTimes())
  }

  init(_ kind: Kind, member: UInt32, from: PartitionIndex) {
    let nobody = SessionRef(slot: 0, generation: 0)
    self.init(
      StartRequest(
        session: nobody, member: member, attempt: 0, deadline: .distantFuture, searches: false, pays: false,
        resumes: true),
      from: from)
    self.kind = kind
    step = kind == .savePosition ? .resume : .history
  }
}

extension ServicesState {
  mutating func keep(_ request: ServiceRequest) -> UInt32 {
    if let free = freeRequests.popLast() {
      requests[Int(free)] = request
      return free
    }
    requests.append(request)
    return UInt32(requests.count - 1)
  }

  /// A request knocks at the gateway; who waits for a first frame goes before a position that is written back.
  mutating func requestArrives(_ number: UInt32, at now: SimTime) {
    let isUrgent = requests[Int(number)].kind == .startSession
    if isUrgent { watchDeadline(number, at: now) }
    gateway.enter(UInt64(number), isUrgent: isUrgent, &timers, &doorReplies)
  }

  // MARK: - Deadlines

  /// An answer that leaves later than this does not reach the site before the request's deadline.
  private mutating func watchDeadline(_ number: UInt32, at now: SimTime) {
    let deadline = requests[Int(number)].start.deadline
    guard deadline < .distantFuture else { return }
    let last = deadline - backhaulLatency - .nanoseconds(1)
    guard last > now else { return }
    requests[Int(number)].overdue = steps.scheduleCancellable(.startIsOverdue(request: number), at: last)
  }

  /// Tells the site which part has the request, a nanosecond before the site gives it up.
  mutating func startIsOverdue(_ number: UInt32, at now: SimTime) {
    let request = requests[Int(number)]
    var reply = request.reply
    reply.outcome = .timedOut
    reply.failedAt = request.place
    reply.times.add(now - request.placeSince, in: request.place)
    send(.startOverdue(reply), to: request.from, at: now)
  }

  // MARK: - Answers

  /// Acts on what the parts have said until nothing is left to do at this instant.
  mutating func settle(at now: SimTime) {
    // What is acted on may say more: it joins the end of its buffer, and the buffers keep their storage.
    var door = 0
    var action = 0
    var answer = 0
    while door < doorReplies.count || action < actions.count || answer < answers.count {
      while door < doorReplies.count {
        door += 1
        doorOpened(doorReplies[door - 1], at: now)
      }
      while action < actions.count {
        action += 1
        perform(actions[action - 1], at: now)
      }
      while answer < answers.count {
        answer += 1
        partAnswered(answers[answer - 1], at: now)
      }
    }
    doorReplies.removeAll(keepingCapacity: true)
    actions.removeAll(keepingCapacity: true)
    answers.removeAll(keepingCapacity: true)
  }

  private mutating func doorOpened(_ reply: BackendReply, at now: SimTime) {
    let number = UInt32(truncatingIfNeeded: reply.ticket)
    if reply.outcome == .served {
      nextStep(number, at: now)
    } else {
      finish(number, reply.outcome, failedAt: .gateway, at: now)
    }
  }

  private mutating func partAnswered(_ answer: BackendReply, at now: SimTime) {
    if answer.at > now {
      steps.schedule(.answered(attempt: answer.ticket, answer.outcome), at: answer.at)
    } else {
      gateway.returned(Gateway.Attempt(ticket: answer.ticket), answer.outcome, &timers, &actions)
    }
  }

  private mutating func perform(_ action: Gateway.Action, at now: SimTime) {
    switch action {
    case .send(let attempt, let upstream, let ticket):
      send(attempt, to: upstream, for: requests[Int(ticket)], at: now)
    case .finished(let ticket, _, let outcome, let took):
      stepDone(UInt32(truncatingIfNeeded: ticket), outcome, took: took, at: now)
    }
  }

  /// The gateway calls a part.
  private mutating func send(
    _ attempt: Gateway.Attempt, to upstream: UInt8, for request: ServiceRequest, at now: SimTime
  ) {
    switch ServiceUpstream(rawValue: upstream) {
    case .accounts: relational.read(attempt.ticket, &timers, &answers)
    case .billing: relational.write(attempt.ticket, &timers, &answers)
    case .search: search.query(attempt.ticket, &timers, &answers)
    case .resume:
      if request.kind == .startSession {
        readPosition(attempt, member: Int(request.start.member), at: now)
      } else {
        writePosition(attempt, member: Int(request.start.member), at: now)
      }
    case .history:
      history.write(attempt.ticket, member: Int(request.start.member), appendsRow: true, &timers, &answers)
    case nil: preconditionFailure("the gateway calls a part that it does not have")
    }
  }

  // MARK: - Steps

  private mutating func nextStep(_ number: UInt32, at now: SimTime) {
    let request = requests[Int(number)]
    switch request.step {
    case .account: call(.accounts, number, at: now)
    case .payment where request.start.pays: call(.billing, number, at: now)
    case .search where request.start.searches: call(.search, number, at: now)
    // A cluster is asked in any case: only it knows whether there is a position.
    case .resume where request.start.resumes || cluster != nil: call(.resume, number, at: now)
    case .history: call(.history, number, at: now)
    case .payment:
      requests[Int(number)].step = .search
      nextStep(number, at: now)
    case .search:
      requests[Int(number)].step = .resume
      nextStep(number, at: now)
    case .resume, .done: finish(number, .served, failedAt: .gateway, at: now)
    }
  }

  private mutating func call(_ upstream: ServiceUpstream, _ number: UInt32, at now: SimTime) {
    requests[Int(number)].place = requests[Int(number)].step.part
    requests[Int(number)].placeSince = now
    gateway.call(upstream: upstream.rawValue, ticket: UInt64(number), &timers, &actions)
  }

  private mutating func stepDone(_ number: UInt32, _ outcome: CallOutcome, took: SimDuration, at now: SimTime) {
    let index = Int(number)
    let step = requests[index].step
    requests[index].reply.times.add(took, in: step.part)
    requests[index].place = .gateway
    if outcome != .served {
      // Without a position the viewer starts at the beginning, which beats not starting at all.
      guard step == .resume, requests[index].kind == .startSession else {
        // A breaker that is open counts as its part: it opened because that part kept failing.
        finish(number, outcome, failedAt: step.part, at: now)
        return
      }
      requests[index].reply.foundPosition = false
      counters.positionsMissed += 1
    }
    switch step {
    case .account: requests[index].step = .payment
    case .payment: requests[index].step = .search
    case .search: requests[index].step = .resume
    case .resume, .history, .done: requests[index].step = .done
    }
    nextStep(number, at: now)
  }

  /// The request is over; who started a session gets an answer.
  private mutating func finish(_ number: UInt32, _ outcome: CallOutcome, failedAt part: StartupPart, at now: SimTime) {
    let request = requests[Int(number)]
    freeRequests.append(number)
    steps.cancel(request.overdue)
    counters.count(request.kind, outcome)
    guard request.kind == .startSession else { return }
    var reply = request.reply
    reply.outcome = outcome
    reply.failedAt = part
    send(.sessionStarted(reply), to: request.from, at: now)
  }
}
