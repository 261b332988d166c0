// Parallel simulated time by conservative lookahead.
//
//        window k               window k+1
//   |<---- lookahead ---->|<---- lookahead ---->|
//   site 0  e  e e     e  | e   e
//   site 1    e    e e    |   e    e  e
//   core    e      e      |  e  e
//                         ^ border: messages change hands, in fixed order
//
// Source: conservative synchronous protocols with lookahead, R. M. Fujimoto, "Parallel Discrete Event Simulation",
// CACM 33(10), 1990, section on conservative mechanisms; the windows are those of bounded-lag execution
// (B. D. Lubachevsky, CACM 32(1), 1989).

/// A part of the model with its own pending events, which the others reach only by messages.
///
/// Whatever it sends while it runs a window must arrive no sooner than the window's lookahead after it was sent.
public protocol Partition: AnyObject {
  /// Time of the earliest pending event, `.distantFuture` where there is none.
  var nextEventTime: SimTime { get }
  /// Handles every pending event strictly before `limit`, in order.
  func run(before limit: SimTime)
}

/// Advances partitions in windows as wide as the lookahead, on any number of threads.
///
/// Inside a window each partition runs alone; at the border `exchange` hands the messages over on the calling
/// thread. Which thread ran which partition therefore leaves no trace: every number of threads gives the same bytes.
public struct WindowedExecution {
  /// The partitions, in the fixed order in which messages change hands.
  public let partitions: [any Partition]
  /// Width of a window: the least time between sending a message and its arrival.
  public let lookahead: SimDuration
  /// Threads that run partitions, the calling one included.
  public let jobs: Int

  /// - Precondition: `lookahead` is positive and `jobs` is at least 1.
  public init(partitions: [any Partition], lookahead: SimDuration, jobs: Int) {
    precondition(lookahead > .zero, "a window needs a positive lookahead")
    precondition(jobs >= 1, "at least one thread runs the partitions")
    self.partitions = partitions
    self.lookahead = lookahead
    self.jobs = jobs
  }

  /// Runs every event strictly before `end`.
  ///
  /// - Parameters:
  ///   - end: time at which the run stops.
  ///   - exchange: moves the messages of the finished window into the partitions that they are for.
  ///   - keepsGoing: asked at each border with the time reached; `false` stops the run there.
  /// - Returns: the time reached: `end`, or the border at which the run was stopped.
  public func run(until end: SimTime, exchange: () -> Void, keepsGoing: (SimTime) -> Bool) -> SimTime {
    let threads = min(jobs, partitions.count)
    let crew = threads > 1 ? WindowCrew(partitions: partitions, helpers: threads - 1) : nil
    defer { crew?.dismiss() }
    while true {
      var start = SimTime.distantFuture
      for partition in partitions { start = min(start, partition.nextEventTime) }
      if start >= end { return end }
      let limit = end - start <= lookahead ? end : start + lookahead
      if let crew {
        crew.run(before: limit)
      } else {
        for partition in partitions where partition.nextEventTime < limit { partition.run(before: limit) }
      }
      exchange()
      if !keepsGoing(limit) { return limit }
    }
  }
}
