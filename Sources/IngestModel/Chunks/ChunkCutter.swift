public import SimEngine

/// Cuts a title into chunks at its keyframes.
///
///     keyframes  |   |     | |        |    |                     |  |
///     chunks     |-- shortest..longest --|----|---- limit ----!--|
///
/// A chunk ends at the first keyframe at or after `shortest`. Where that would make it longer than `longest`, it ends
/// at the last keyframe before, provided the chunk then has at least half of `shortest`; else it runs over, up to
/// `limit`. Where no keyframe comes before `limit`, a keyframe is forced at `longest`. What remains at the end joins
/// the chunk before, if both together stay within `limit`.
public struct ChunkCutter: Sendable, Equatable {
  /// Length from which on the next keyframe ends a chunk.
  public let shortest: SimDuration
  /// Length that a chunk should not exceed.
  public let longest: SimDuration
  /// Length that no chunk exceeds.
  public let limit: SimDuration

  /// - Precondition: 0 < `shortest` <= `longest` <= `limit`.
  public init(shortest: SimDuration, longest: SimDuration, limit: SimDuration = ChunkSettings.limit) {
    precondition(.zero < shortest && shortest <= longest && longest <= limit, "chunk lengths ascend from above zero")
    self.shortest = shortest
    self.longest = longest
    self.limit = limit
  }

  /// The end of every chunk of a title, the last one at `length`.
  ///
  /// - Parameters:
  ///   - length: Length of the title, above zero.
  ///   - nextKeyframe: Distance to the next keyframe, above zero, asked for again and again.
  /// - Complexity: O(keyframes).
  public func cut(length: SimDuration, nextKeyframe: () -> SimDuration) -> ChunkPlan {
    var plan = ChunkPlan()
    var start = SimDuration.zero
    /// The last keyframe after `start` that did not end a chunk, or `start`.
    var before = SimDuration.zero
    var keyframe = nextKeyframe()
    while true {
      // The end of the title cuts like a keyframe.
      let next = min(keyframe, length)
      if next == length, length - start <= longest { break }
      if next - start < shortest {
        before = next
        keyframe += nextKeyframe()
        continue
      }
      let end: SimDuration
      if next - start <= longest {
        end = next
      } else if before - start >= shortest / 2 {
        end = before
      } else if next - start <= limit {
        end = next
        plan.overlong += 1
        if end == length { break }
      } else {
        end = start + longest
        plan.forced += 1
      }
      plan.ends.append(end)
      start = end
      before = end
      if end == keyframe { keyframe += nextKeyframe() }
    }
    if length - start < shortest, !plan.ends.isEmpty, length - (plan.ends.dropLast().last ?? .zero) <= limit {
      plan.ends.removeLast()
    }
    plan.ends.append(length)
    return plan
  }
}

/// The chunks of a title.
public struct ChunkPlan: Sendable, Equatable {
  /// Media time at which each chunk ends, ascending.
  public internal(set) var ends: [SimDuration] = []
  /// Chunks over `longest`, because keyframes were far apart.
  public internal(set) var overlong = 0
  /// Cuts where there was no keyframe, so that one has to be made.
  public internal(set) var forced = 0
}
