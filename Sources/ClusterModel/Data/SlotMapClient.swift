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
}

/// One request of a client: a key of a slot, and how far it has come.
public struct ClientRequest: Sendable, Equatable {
  /// The slot of its key.
  public var slot: Int
  /// Which of the slot's keys, from 0; those with small numbers are moved first.
  public var key: Int
  /// Whether it writes.
  public var isWrite: Bool
  /// Refused or unanswered attempts so far.
  public var failedAttempts = 0

  /// A request.
  public init(slot: Int, key: Int, isWrite: Bool) {
    self.slot = slot
    self.key = key
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
  private var owners: [Int16]
  private var movedSinceRefresh = 0
  private var random: RandomStream

  /// Tries of one attempt.
  private static let tries = 16
  /// Attempts after the first one.
  private static let repeats = 3
  /// How long an answer is waited for.
  public var answerTimeout = SimDuration.milliseconds(1000)

  /// A client that has just fetched the map.
  public init(_ cluster: borrowing Cluster, stream: RandomStream) {
    owners = []
    random = stream
    refresh(from: cluster)
    counts.refreshes = 0
  }

  /// Fetches the map from some node that runs; without one the old map stays.
  public mutating func refresh(from cluster: borrowing Cluster) {
    counts.refreshes += 1
    let first = random.below(cluster.nodeCount)
    for offset in 0..<cluster.nodeCount {
      let node = (first + offset) % cluster.nodeCount
      guard cluster.isRunning(node) else { continue }
      owners = (0..<HashSlot.count).map { Int16(cluster.slotOwner($0, seenBy: node) ?? -1) }
      return
    }
    if owners.isEmpty { owners = [Int16](repeating: -1, count: HashSlot.count) }
  }

  /// Tries to get a request served now.
  ///
  /// O(1) but for fetching the map.
  public mutating func attempt(_ request: inout ClientRequest, at cluster: inout Cluster) -> ClientAttempt {
    var target = owners[request.slot] < 0 ? random.below(cluster.nodeCount) : Int(owners[request.slot])
    var isAsking = false
    for number in 0..<Self.tries {
      guard cluster.isRunning(target) else {
        counts.unanswered += 1
        // A dead process refuses at once, a frozen one keeps the client waiting.
        return backOff(&request, cluster, after: cluster.isDead(target) ? .milliseconds(1) : answerTimeout)
      }
      let answer = cluster.serve(request, at: target, isAsking: isAsking)
      isAsking = false
      switch answer {
      case .serve:
        counts.served += 1
        return .served(redirections: number)
      case .moved(_, let node):
        counts.moved += 1
        movedSinceRefresh += 1
        if movedSinceRefresh % 5 == 0 { refresh(from: cluster) } else { owners[request.slot] = Int16(node) }
        target = Int(owners[request.slot])
        if target < 0 { target = node }
      case .ask(_, let node):
        counts.asked += 1
        target = node
        isAsking = true
      case .tryAgain:
        counts.triedAgain += 1
        if number >= Self.tries / 2 { return .wait(.milliseconds(50)) }
      case .clusterDown, .readsOnly, .slotNotServed:
        counts.clusterDown += 1
        return backOff(&request, cluster, after: .milliseconds(250))
      case .crossSlot: break
      }
    }
    counts.failed += 1
    return .failed
  }

  private mutating func backOff(
    _ request: inout ClientRequest, _ cluster: borrowing Cluster, after delay: SimDuration
  ) -> ClientAttempt {
    refresh(from: cluster)
    request.failedAttempts += 1
    guard request.failedAttempts <= Self.repeats else {
      counts.failed += 1
      return .failed
    }
    return .wait(delay)
  }
}

extension Cluster {
  /// Serves a request for one of a slot's many keys, or tells where to go; a write that is served is acknowledged.
  ///
  /// The keys are not kept one by one: a slot on the move says how many of them have moved.
  public mutating func serve(_ request: ClientRequest, at node: Int, isAsking: Bool = false) -> Redirection {
    var present = 1
    if let move = slotOnTheMove, move.slot == request.slot {
      if node == move.source, request.key < move.movedKeys { present = 0 }
      if node == move.destination, request.key >= move.movedKeys { present = 0 }
    }
    let answer = redirection(
      of: KeyedRequest(slots: [request.slot], presentKeys: present, isWrite: request.isWrite, isAsking: isAsking),
      at: node)
    if answer == .serve, request.isWrite { acknowledge(at: node) }
    return answer
  }

  /// Whether a node's process is dead.
  public func isDead(_ node: Int) -> Bool { nodes[node].process == .dead }
}
