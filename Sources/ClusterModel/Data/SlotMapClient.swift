// A client with a map of slots, as redis-py keeps one.

public import SimEngine

/// What one attempt of a client came to.
public enum ClientAttempt: Sendable, Equatable {
  /// Served, after so many redirections.
  case served(redirections: Int)
  /// Not yet: the client waits so long and attempts again.
  case wait(SimDuration)
  /// Given up: redirected 16 times, or refused at every attempt.
  case failed
}

/// What a client does after an answer.
public enum ClientStep: Sendable, Equatable {
  /// The request is done.
  case served
  /// It asks `ClientRequest.target`, after a pause that may be zero.
  case again(after: SimDuration)
  /// It gives up.
  case failed
}

/// What became of a client's requests.
public struct ClientCounts: Sendable, Equatable {
  /// Requests that were served.
  public var served: Int64 = 0
  /// Requests that were given up.
  public var failed: Int64 = 0
  /// Replies MOVED, ASK, TRYAGAIN, CLUSTERDOWN.
  public var moved: Int64 = 0
  /// See `moved`.
  public var asked: Int64 = 0
  /// See `moved`.
  public var triedAgain: Int64 = 0
  /// See `moved`.
  public var clusterDown: Int64 = 0
  /// Attempts at a node that did not answer.
  public var unanswered: Int64 = 0
  /// How often the whole map was fetched.
  public var refreshes: Int64 = 0

  /// Nothing so far.
  public init() {}

  /// Counts of two clients together.
  public static func + (left: ClientCounts, right: ClientCounts) -> ClientCounts {
    var sum = left
    sum.served += right.served
    sum.failed += right.failed
    sum.moved += right.moved
    sum.asked += right.asked
    sum.triedAgain += right.triedAgain
    sum.clusterDown += right.clusterDown
    sum.unanswered += right.unanswered
    sum.refreshes += right.refreshes
    return sum
  }
}

/// One request of a client: a key of a slot, and how far it has come.
public struct ClientRequest: BitwiseCopyable, Sendable, Equatable {
  /// The slot of its key.
  public var slot: Int32
  /// Which of the slot's keys, from 0; those with small numbers are moved first.
  public var key: Int32
  /// The node that is asked next; -1 before the first one is chosen.
  public internal(set) var target: Int32 = -1
  /// Whether it writes.
  public var isWrite: Bool
  /// Whether ASKING goes before it.
  var isAsking = false
  /// Redirections of the present attempt so far.
  public internal(set) var redirections: UInt8 = 0
  /// Refused or unanswered attempts so far.
  public internal(set) var failedAttempts: UInt8 = 0

  /// A request.
  public init(slot: Int, key: Int, isWrite: Bool) {
    self.slot = Int32(slot)
    self.key = Int32(key)
    self.isWrite = isWrite
  }
}

/// A client that asks the node its map names, follows MOVED, ASK and TRYAGAIN, and backs off when the cluster is down.
///
/// The rules are those of redis-py's cluster client: at most 16 tries a request, MOVED patches one slot of the map and
/// every fifth one fetches it whole, ASK holds for one command, TRYAGAIN waits 50 ms from the eighth try on; a node that
/// does not answer, and a cluster that is down (after 250 ms), make it fetch the map and attempt again, three times.
public struct SlotMapClient: Sendable {
  /// What became of its requests.
  public private(set) var counts = ClientCounts()
  /// How long an answer is waited for.
  public var answerTimeout = SimDuration.milliseconds(1000)
  /// Nodes that the client's own network does not reach.
  public var unreachable: Set<Int> = []
  private var owners: [Int16]
  private var movedSinceRefresh = 0
  private var random: RandomStream

  /// Tries of one attempt.
  private static let tries = 16
  /// Attempts after the first one.
  private static let repeats = 3

  /// A client that has just fetched the map.
  public init(_ cluster: borrowing Cluster, stream: RandomStream) {
    owners = [Int16](repeating: -1, count: HashSlot.count)
    random = stream
    refresh(from: cluster)
    counts.refreshes = 0
  }

  /// Random draws so far.
  public var draws: UInt64 { random.draws }

  /// Whether a node answers this client.
  public func reaches(_ node: Int, of cluster: borrowing Cluster) -> Bool {
    cluster.isRunning(node) && (unreachable.isEmpty || !unreachable.contains(node))
  }

  /// Fetches the map from some node that answers; without one the old map stays.
  public mutating func refresh(from cluster: borrowing Cluster) {
    counts.refreshes += 1
    let first = random.below(cluster.nodeCount)
    for offset in 0..<cluster.nodeCount {
      let node = (first + offset) % cluster.nodeCount
      guard reaches(node, of: cluster) else { continue }
      cluster.copyOwners(seenBy: node, to: &owners)
      return
    }
  }

  /// Chooses the node to ask: the one that the map names, or any.
  public mutating func choose(_ request: inout ClientRequest, _ cluster: borrowing Cluster) {
    let owner = owners[Int(request.slot)]
    request.target = owner < 0 ? Int32(random.below(cluster.nodeCount)) : Int32(owner)
    request.isAsking = false
  }

  /// What the client does with a node's answer.
  ///
  /// O(1) but for fetching the map.
  public mutating func react(
    to answer: Redirection, _ request: inout ClientRequest, _ cluster: borrowing Cluster
  ) -> ClientStep {
    request.isAsking = false
    switch answer {
    case .serve:
      counts.served += 1
      return .served
    case .moved(_, let node):
      counts.moved += 1
      movedSinceRefresh += 1
      if movedSinceRefresh % 5 == 0 { refresh(from: cluster) } else { owners[Int(request.slot)] = Int16(node) }
      let owner = owners[Int(request.slot)]
      request.target = owner < 0 ? Int32(node) : Int32(owner)
      return redirected(&request, after: .zero)
    case .ask(_, let node):
      counts.asked += 1
      request.target = Int32(node)
      request.isAsking = true
      return redirected(&request, after: .zero)
    case .tryAgain:
      counts.triedAgain += 1
      choose(&request, cluster)
      return redirected(&request, after: Int(request.redirections) >= Self.tries / 2 ? .milliseconds(50) : .zero)
    case .clusterDown, .readsOnly, .slotNotServed:
      counts.clusterDown += 1
      return backOff(&request, cluster, after: .milliseconds(250))
    case .crossSlot:
      counts.failed += 1
      return .failed
    }
  }

  /// What the client does when a node does not answer: a dead process refuses at once, a frozen one, and one behind a
  /// cut, keep it waiting.
  public mutating func noAnswer(_ request: inout ClientRequest, _ cluster: borrowing Cluster) -> ClientStep {
    counts.unanswered += 1
    let isRefused = cluster.isDead(Int(request.target)) && !unreachable.contains(Int(request.target))
    return backOff(&request, cluster, after: isRefused ? .milliseconds(1) : answerTimeout)
  }

  /// What the client does when a node that holds its request has not answered in time.
  mutating func gaveUpWaiting(_ request: inout ClientRequest, _ cluster: borrowing Cluster) -> ClientStep {
    counts.unanswered += 1
    return backOff(&request, cluster, after: .zero)
  }

  private mutating func redirected(_ request: inout ClientRequest, after pause: SimDuration) -> ClientStep {
    request.redirections += 1
    guard Int(request.redirections) < Self.tries else {
      counts.failed += 1
      return .failed
    }
    return .again(after: pause)
  }

  private mutating func backOff(
    _ request: inout ClientRequest, _ cluster: borrowing Cluster, after pause: SimDuration
  ) -> ClientStep {
    refresh(from: cluster)
    request.failedAttempts += 1
    request.redirections = 0
    guard Int(request.failedAttempts) <= Self.repeats else {
      counts.failed += 1
      return .failed
    }
    choose(&request, cluster)
    return .again(after: pause)
  }

  /// Tries to get a request served now, as far as that goes without a pause.
  public mutating func attempt(_ request: inout ClientRequest, at cluster: inout Cluster) -> ClientAttempt {
    if request.target < 0 { choose(&request, cluster) }
    while true {
      let step: ClientStep
      if reaches(Int(request.target), of: cluster) {
        step = react(to: cluster.serve(request, at: Int(request.target)), &request, cluster)
      } else {
        step = noAnswer(&request, cluster)
      }
      switch step {
      case .served: return .served(redirections: Int(request.redirections))
      case .failed: return .failed
      case .again(let pause): if pause > .zero { return .wait(pause) }
      }
    }
  }
}

extension Cluster {
  /// Serves a request for one of a slot's many keys, or tells where to go; a write that is served is acknowledged.
  ///
  /// The keys are not kept one by one: a slot on the move says how many of them have moved.
  public mutating func serve(_ request: ClientRequest, at node: Int) -> Redirection {
    let answer = answer(to: request, at: node)
    if answer == .serve, request.isWrite { acknowledge(at: node) }
    return answer
  }

  /// The same, but a write that is served is acknowledged only when `acknowledge(_:)` says so.
  mutating func serveUntold(_ request: ClientRequest, at node: Int) -> (answer: Redirection, write: WriteIdentity?) {
    let answer = answer(to: request, at: node)
    guard answer == .serve, request.isWrite else { return (answer, nil) }
    return (answer, makeUntoldWrite(at: node))
  }

  /// What a node says to a request, without doing it.
  public func answer(to request: ClientRequest, at node: Int) -> Redirection {
    var present = 1
    let slot = Int(request.slot)
    if let move = slotOnTheMove, move.slot == slot {
      if node == move.source, Int(request.key) < move.movedKeys { present = 0 }
      if node == move.destination, Int(request.key) >= move.movedKeys { present = 0 }
    }
    return redirection(ofKeyIn: slot, isPresent: present == 1, request, at: node)
  }

  /// The order of decisions for one key.
  ///
  /// See `redirection(of:at:)`, of which this is the case without lists.
  private func redirection(ofKeyIn slot: Int, isPresent: Bool, _ request: ClientRequest, at node: Int) -> Redirection {
    let state = nodes + node
    if owner(of: slot, for: node) == node, state.pointee.isStateOK, state.pointee.migrating.isEmpty { return .serve }
    return redirection(
      of: KeyedRequest(
        slots: [slot], presentKeys: isPresent ? 1 : 0, isWrite: request.isWrite, isAsking: request.isAsking), at: node)
  }

  /// Copies a node's view of who serves each slot; -1 where nobody does.
  func copyOwners(seenBy node: Int, to owners: inout [Int16]) {
    let row = self.owners + node * HashSlot.count
    owners.withUnsafeMutableBufferPointer { target in
      for slot in 0..<HashSlot.count { target[slot] = row[slot] }
    }
  }

  /// Whether a node's process is dead.
  public func isDead(_ node: Int) -> Bool { nodes[node].process == .dead }
}
