// Capacity that jumps between a few levels at random times: what traces look like, without a trace.

public import SimEngine

/// A capacity modulated by a Markov chain in continuous time.
///
/// In state i the capacity is constant for an exponential time, then the chain goes to state j with probability
/// p(i, j). Two states make an on-off source.
public struct MarkovCapacity: Hashable, Sendable {
  /// One level of the capacity.
  public struct State: Hashable, Sendable {
    /// The capacity while in the state.
    public var capacity: BitRate
    /// Mean time spent in the state on each visit.
    public var meanStay: SimDuration

    /// A state.
    public init(capacity: BitRate, meanStay: SimDuration) {
      self.capacity = capacity
      self.meanStay = meanStay
    }
  }

  /// The states; the first is the initial one.
  public let states: [State]
  /// Sums of the jump probabilities from each state to the states up to each index.
  private let cumulative: [[Double]]

  /// A chain; `jumps[i][j]` is the weight of going from state i to j, normalised by row.
  ///
  /// `nil` unless there are as many rows and columns as states, weights are zero or more, every row can go to another
  /// state, and every stay takes time.
  public init?(states: [State], jumps: [[Double]]) {
    guard !states.isEmpty, jumps.count == states.count else { return nil }
    var cumulative: [[Double]] = []
    for (index, row) in jumps.enumerated() {
      guard row.count == states.count, row.allSatisfy({ $0 >= 0 && $0.isFinite }) else { return nil }
      guard states[index].meanStay > .zero else { return nil }
      let leaving = row.enumerated().map { $0.offset == index ? 0 : $0.element }
      let total = leaving.reduce(0, +)
      guard total > 0 || states.count == 1 else { return nil }
      var sum = 0.0
      cumulative.append(
        leaving.map { weight in
          sum += weight
          return sum / max(total, .leastNormalMagnitude)
        })
    }
    self.states = states
    self.cumulative = cumulative
  }

  /// A link that is up at a capacity for a while and then at another, for example zero.
  public static func onOff(
    on: BitRate, meanOn: SimDuration, off: BitRate = .zero, meanOff: SimDuration
  ) -> MarkovCapacity? {
    MarkovCapacity(
      states: [State(capacity: on, meanStay: meanOn), State(capacity: off, meanStay: meanOff)],
      jumps: [[0, 1], [1, 0]])
  }

  /// Levels that move only to their neighbours, up and down alike: a fading radio channel.
  public static func birthDeath(levels: [BitRate], meanStay: SimDuration) -> MarkovCapacity? {
    let jumps = levels.indices.map { row in levels.indices.map { abs($0 - row) == 1 ? 1.0 : 0.0 } }
    return MarkovCapacity(states: levels.map { State(capacity: $0, meanStay: meanStay) }, jumps: jumps)
  }

  /// The state that follows a state, by a uniform number of 0..<1.
  func successor(of state: Int, by uniform: Double) -> Int {
    cumulative[state].firstIndex { uniform < $0 } ?? state
  }
}

/// A run of a `MarkovCapacity`; used like a `TracePlayer`.
public struct MarkovPlayer: Sendable {
  /// The chain.
  public let chain: MarkovCapacity
  /// When the present state ends.
  public private(set) var nextChange: SimTime
  private var state = 0
  private var stream: RandomStream

  /// Starts in the first state at `start`, with a stream of its own.
  public init(_ chain: MarkovCapacity, from start: SimTime = .zero, stream: RandomStream) {
    self.chain = chain
    self.stream = stream
    nextChange = start
    stay()
  }

  /// The present capacity.
  public var capacity: BitRate { chain.states[state].capacity }

  /// Enters the next state.
  public mutating func step() {
    state = chain.successor(of: state, by: stream.uniform())
    stay()
  }

  private mutating func stay() {
    // A stay of at least a nanosecond, so that time always passes.
    nextChange += max(stream.exponential(mean: chain.states[state].meanStay), .nanoseconds(1))
  }
}
