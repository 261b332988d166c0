public import SimEngine
public import TextFormats

/// The machines that encode.
public struct WorkerSettings: SettingsGroup, Equatable {
  /// Machines; each works on one task at a time.
  public var count = 2_000
  /// Cores of a machine, all used by its task.
  public var cores = 4
  /// Share of the machines that may be taken away at any time.
  public var preemptible = 0.5
  /// Mean time that a preemptible machine stays (exponential).
  public var preemptedAfter = SimDuration.milliseconds(14_400_000)
  /// Mean time until a preempted machine is back (exponential).
  public var backAfter = SimDuration.milliseconds(600_000)
  /// Mean time between failures of a machine (exponential).
  public var failsAfter = SimDuration.milliseconds(2_592_000_000)
  /// Mean time until a failed machine is back (exponential).
  public var repairedAfter = SimDuration.milliseconds(1_800_000)
  /// Time until the scheduler notices that a machine is silent.
  public var noticedAfter = SimDuration.milliseconds(30_000)

  /// 2000 machines of four cores, half of them preemptible.
  public init() {}

  /// The table of `ingest.workers`.
  public static var settings: SettingsTable<WorkerSettings> {
    let span: ClosedRange<Int64> = 1_000_000_000...31_536_000_000_000_000
    return SettingsTable<WorkerSettings>("The machines that encode.")
      .integer("count", \.count, 1...1_000_000, "Machines; each works on one task at a time.")
      .integer("cores", \.cores, 1...1_024, "Cores of a machine, all used by its task.")
      .fraction("preemptible", \.preemptible, "Share of the machines that may be taken away at any time.")
      .duration(
        "preempted_after", \.preemptedAfter.nanoseconds, span,
        "Mean time that a preemptible machine stays (exponential)."
      )
      .duration(
        "back_after", \.backAfter.nanoseconds, span, "Mean time until a preempted machine is back (exponential)."
      )
      .duration("fails_after", \.failsAfter.nanoseconds, span, "Mean time between failures of a machine (exponential).")
      .duration(
        "repaired_after", \.repairedAfter.nanoseconds, span, "Mean time until a failed machine is back (exponential)."
      )
      .duration(
        "noticed_after", \.noticedAfter.nanoseconds, 0...3_600_000_000_000,
        "Time until the scheduler notices that a machine is silent.")
  }
}

/// Which task goes first, and what becomes of slow and failed ones.
public struct SchedulerSettings: SettingsGroup, Equatable {
  /// In which order ready tasks are given out.
  public enum Order: String, CaseIterable, Sendable {
    /// By urgency of the title, highlights before the rest, then first come first served.
    case priority
    /// By urgency as well, then by deadline.
    case deadline
    /// First come first served, highlights or not.
    case fifo
  }

  /// In which order ready tasks are given out.
  public var order = Order.priority
  /// A task that takes this many times its expected time is given to a second machine that is free; 0: never.
  public var speculateAfter = 2.0
  /// Probability that a task fails.
  public var failure = 0.002
  /// How often a failed task is tried again before the title is given up.
  public var retries = 4
  /// Coefficient of variation of a task's time around its expectation (lognormal, mean 1).
  public var timeCV = 0.2
  /// Share of the attempts that are stragglers.
  public var stragglers = 0.01
  /// How many times longer a straggler takes.
  public var slowdown = 4.0

  /// Priorities, and copies of tasks that take twice as long as expected.
  public init() {}

  /// The table of `ingest.scheduler`.
  public static var settings: SettingsTable<SchedulerSettings> {
    SettingsTable<SchedulerSettings>("Which task goes first, and what becomes of slow and failed ones.")
      .choice("order", \.order, "In which order ready tasks are given out.")
      .number(
        "speculate_after", \.speculateAfter, 0...100,
        "A task that takes this many times its expected time is given to a second, free machine; 0: never."
      )
      .fraction("failure", \.failure, 0...1, "Probability that a task fails.")
      .integer("retries", \.retries, 0...100, "How often a failed task is tried again before the title is given up.")
      .number("time_cv", \.timeCV, 0...3, "Spread of a task's time around its expectation (lognormal, mean 1).")
      .fraction("stragglers", \.stragglers, "Share of the attempts that are stragglers.")
      .number("slowdown", \.slowdown, 1...1_000, "How many times longer a straggler takes.")
      .check { scheduler, places in
        scheduler.speculateAfter > 0 && scheduler.speculateAfter < 1
          ? [
            places.finding(
              "speculate_after", "a task would be copied before it can be expected to end",
              suggestion: "1 or more, or 0 for no copies")
          ] : []
      }
  }
}
