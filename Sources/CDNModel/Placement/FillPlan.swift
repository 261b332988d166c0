/// A daily window in which a site may be filled, and how fast.
///
/// Open Connect fills its appliances off peak, by default for twelve hours from 02:00 local time, at up to 1.2 Gbit/s
/// for storage and 0.3 Gbit/s for flash appliances.
public struct FillWindow: Sendable, Equatable {
  /// Start, in seconds after local midnight, below 86 400.
  public var startSecond: Int
  /// Length in seconds, up to 86 400; a window may pass midnight.
  public var lengthSeconds: Int
  /// Rate cap in bits per second.
  public var bitsPerSecond: Int64

  /// A window.
  public init(startSecond: Int, lengthSeconds: Int, bitsPerSecond: Int64) {
    precondition(startSecond >= 0 && startSecond < 86_400, "a window starts within the day")
    precondition(lengthSeconds > 0 && lengthSeconds <= 86_400, "a window lasts up to a day")
    precondition(bitsPerSecond > 0, "a rate is positive")
    self.startSecond = startSecond
    self.lengthSeconds = lengthSeconds
    self.bitsPerSecond = bitsPerSecond
  }

  /// Whether a moment, in seconds since midnight of day 0, lies in the window.
  public func contains(second: Int) -> Bool {
    let since = ((second - startSecond) % 86_400 + 86_400) % 86_400
    return since < lengthSeconds
  }

  /// The most bytes that one window can bring.
  public var bytes: Int64 {
    let (high, low) = bitsPerSecond.multipliedFullWidth(by: Int64(lengthSeconds))
    return Int64(8).dividingFullWidth((high, low)).quotient
  }
}

/// One change of a site's placed files.
public struct FillStep: Sendable, Equatable {
  /// The file that is brought.
  public var file: SegmentKey
  /// Its size in bytes.
  public var bytes: Int64
  /// Files that make room for it first.
  public var withdrawals: [SegmentKey]
  /// When its last byte has arrived, in nanoseconds since the window opened.
  public var arrivalNanoseconds: Int64
}

/// What one fill window does to one site: the target placement, and the steps that time allows.
public struct FillPlan: Sendable {
  /// Steps in the order in which they happen, the most valuable files first.
  public let steps: [FillStep]
  /// Bytes that the steps bring.
  public let fillBytes: Int64
  /// Bytes of wanted files for which the window was too short.
  public let missedBytes: Int64
  /// Files that the target has no room for and that no step needs to withdraw.
  public let kept: Int

  /// Plans the way from what is placed to the greedy target of a capacity.
  ///
  /// Files that the target keeps are not touched, which keeps replacement (and disk wear) low. Files that it drops are
  /// withdrawn only as room is needed, the least valuable first.
  ///
  /// - Complexity: O(n log n) for n candidates.
  public init(
    from current: PlacedTitles, candidates: [PlacementCandidate], capacityBytes: Int64, window: FillWindow
  ) {
    let target = PlacedTitles(filling: capacityBytes, from: candidates)
    let order = PlacedTitles.order(candidates)
    var droppable = order.filter { current.contains(candidates[$0].file) && !target.contains(candidates[$0].file) }
    var room = capacityBytes - current.storedBytes
    var sent: Int64 = 0
    var missed: Int64 = 0
    var steps: [FillStep] = []
    let budget = window.bytes
    for index in order {
      let candidate = candidates[index]
      if !target.contains(candidate.file) || current.contains(candidate.file) { continue }
      if candidate.storedBytes > budget - sent {
        missed += candidate.storedBytes
        continue
      }
      var withdrawals: [SegmentKey] = []
      while room < candidate.storedBytes, let last = droppable.popLast() {
        room += candidates[last].storedBytes
        withdrawals.append(candidates[last].file)
      }
      if room < candidate.storedBytes {
        missed += candidate.storedBytes
        continue
      }
      room -= candidate.storedBytes
      sent += candidate.storedBytes
      let arrival = Int64(Double(sent) * 8e9 / Double(window.bitsPerSecond))
      steps.append(
        FillStep(
          file: candidate.file, bytes: candidate.storedBytes, withdrawals: withdrawals, arrivalNanoseconds: arrival))
    }
    self.steps = steps
    fillBytes = sent
    missedBytes = missed
    kept = droppable.count
  }

  /// Carries the plan out at once.
  public func apply(to placed: inout PlacedTitles, candidates: [PlacementCandidate]) {
    var sizes: [SegmentKey: Int64] = [:]
    for candidate in candidates { sizes[candidate.file] = candidate.storedBytes }
    for step in steps {
      for file in step.withdrawals { placed.withdraw(file, bytes: sizes[file] ?? 0) }
      placed.place(step.file, bytes: step.bytes)
    }
  }
}
