import SimEngine

/// The tasks of one title and what each still waits for.
///
///     chunk 0..14 x variant 0  --.
///     chunk 15..29 x variant 0 ---+--> assemble variant 0 --.
///     ...                                                    +--> package --> publish
///     chunk 0..14 x variant 1  -----> assemble variant 1  --'
///
/// A task encodes a stretch of chunks in one variant (rendition and codec). Nothing is stored a task but one bit:
/// encoding task number `stretch * variants + variant`, then one assembly a variant, then the packaging.
struct TaskGraph: Sendable {
  /// Renditions times codecs.
  let variants: Int
  /// Stretches of chunks in the order in which they are given out.
  let order: [UInt32]
  /// How many of them hold highlights.
  let highlights: Int
  /// Tasks that are done.
  private(set) var doneCount = 0
  /// Tasks that could begin so far; kept by the scheduler.
  var released = 0
  /// Tasks that wait for a worker; kept by the scheduler.
  var readyCount = 0
  /// Expected worker time of these, in nanoseconds.
  var readyNs: Int128 = 0
  /// Attempts that are under way; kept by the scheduler.
  var running = 0

  /// Media time at which each stretch ends.
  private let ends: [SimDuration]
  /// Stretches with highlights.
  private let holdsHighlight: [Bool]
  /// Variants that each stretch still lacks.
  private var missingOfStretch: [UInt16]
  /// Stretches that each variant still lacks.
  private var missingOfVariant: [Int32]
  private var missingHighlights: Int
  private var missingAssemblies: Int
  private var done: [UInt64]

  /// - Parameters:
  ///   - chunkEnds: Media time at which each chunk ends.
  ///   - perTask: Chunks of a task.
  ///   - highlightShare: Share of the stretches that hold highlights, rounded up.
  ///   - highlightsFirst: Whether these are given out before the others.
  ///   - stream: chooses which.
  init(
    chunkEnds: [SimDuration], perTask: Int, variants: Int, highlightShare: Double, highlightsFirst: Bool = true,
    stream: inout RandomStream
  ) {
    self.variants = variants
    ends = stride(from: 0, to: chunkEnds.count, by: perTask).map { chunkEnds[min($0 + perTask, chunkEnds.count) - 1] }
    let stretches = ends.count
    highlights = min(stretches, Int((Double(stretches) * highlightShare).rounded(.up)))
    // The first places of a shuffle are a uniform choice; both parts then go on in the order of the title.
    var shuffled = (0..<UInt32(stretches)).map { $0 }
    for place in 0..<highlights { shuffled.swapAt(place, place + stream.below(stretches - place)) }
    var marks = [Bool](repeating: false, count: stretches)
    for stretch in shuffled[..<highlights] { marks[Int(stretch)] = true }
    order =
      highlightsFirst
      ? shuffled[..<highlights].sorted() + shuffled[highlights...].sorted() : (0..<UInt32(stretches)).map { $0 }
    holdsHighlight = marks
    missingOfStretch = Array(repeating: UInt16(variants), count: stretches)
    missingOfVariant = Array(repeating: Int32(stretches), count: variants)
    missingHighlights = highlights
    missingAssemblies = variants
    done = Array(repeating: 0, count: (stretches * variants + variants + 1 + 63) / 64)
  }

  /// What a task does.
  enum Kind: Equatable {
    case encode(stretch: Int, variant: Int)
    case assemble(variant: Int)
    case package
  }

  /// Encoding tasks.
  var encodingCount: Int { ends.count * variants }
  /// Tasks of all kinds.
  var taskCount: Int { encodingCount + variants + 1 }
  /// Whether nothing is left to do.
  var isDone: Bool { doneCount == taskCount }

  /// What the task of a number does.
  func kind(of task: Int) -> Kind {
    if task < encodingCount { return .encode(stretch: task / variants, variant: task % variants) }
    return task < encodingCount + variants ? .assemble(variant: task - encodingCount) : .package
  }

  /// The encoding task at a position of `order`, all variants of a stretch one after the other.
  func task(at position: Int) -> Int { Int(order[position / variants]) * variants + position % variants }

  /// Whether a task encodes highlights.
  func isHighlight(_ task: Int) -> Bool { task < encodingCount && holdsHighlight[task / variants] }

  /// Media time of a stretch.
  func media(of stretch: Int) -> SimDuration { ends[stretch] - (stretch > 0 ? ends[stretch - 1] : .zero) }

  /// Media time of the title.
  var length: SimDuration { ends[ends.count - 1] }

  /// Whether a task is done.
  func isDone(_ task: Int) -> Bool { done[task / 64] & (1 << UInt64(task % 64)) != 0 }

  /// What a finished task makes possible.
  struct Progress: Equatable {
    /// The task that may now begin.
    var released: Int?
    /// Every variant of a stretch is there.
    var completesStretch = false
    /// The stretch holds highlights.
    var isHighlight = false
    /// Every stretch with highlights is there.
    var completesHighlights = false
  }

  /// Marks a task as done; `nil` if it was done before.
  mutating func complete(_ task: Int) -> Progress? {
    guard !isDone(task) else { return nil }
    done[task / 64] |= 1 << UInt64(task % 64)
    doneCount += 1
    var progress = Progress()
    switch kind(of: task) {
    case .encode(let stretch, let variant):
      missingOfStretch[stretch] -= 1
      missingOfVariant[variant] -= 1
      if missingOfVariant[variant] == 0 { progress.released = encodingCount + variant }
      if missingOfStretch[stretch] == 0 {
        progress.completesStretch = true
        if holdsHighlight[stretch] {
          missingHighlights -= 1
          progress.isHighlight = true
          progress.completesHighlights = missingHighlights == 0
        }
      }
    case .assemble:
      missingAssemblies -= 1
      if missingAssemblies == 0 { progress.released = encodingCount + variants }
    case .package: break
    }
    return progress
  }
}
