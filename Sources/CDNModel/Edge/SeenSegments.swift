/// Which objects a site was ever offered, and which of them it last refused to store.
///
/// An object that is still on its way has not been offered: who asks for it meanwhile waits for the same first copy. It
/// tells a compulsory miss from a capacity miss and from a miss that admission caused. Exact.
/// Viewers walk through files, so one record covers 64 neighbouring segments: about half a byte a segment.
///
/// - Complexity: O(1) expected an operation; memory 32 bytes for each touched run of 64 segments.
@usableFromInline
struct SeenSegments: ~Copyable, Sendable {
  /// A run of 64 segments of one file.
  @usableFromInline
  struct Run: KeyedRecord {
    @usableFromInline var keyWord: UInt64
    @usableFromInline var seen: UInt64
    @usableFromInline var refused: UInt64
    @usableFromInline var chain: Int32

    @usableFromInline
    init(keyWord: UInt64) {
      self.keyWord = keyWord
      seen = 0
      refused = 0
      chain = -1
    }
  }

  /// What was known of an object before this request.
  @usableFromInline
  enum Before {
    case unknown
    case seen
    case refused
  }

  @usableFromInline var runs = KeyedSlab<Run>()

  @usableFromInline
  init() {}

  @usableFromInline
  static func run(of key: SegmentKey) -> SegmentKey { SegmentKey(rawValue: key.rawValue >> 6) }

  @usableFromInline
  static func bit(of key: SegmentKey) -> UInt64 { 1 << (key.rawValue & 63) }

  /// What is known of an object.
  @usableFromInline
  func state(of key: SegmentKey) -> Before {
    let slot = runs.find(SeenSegments.run(of: key))
    let bit = SeenSegments.bit(of: key)
    if slot < 0 || runs[slot].seen & bit == 0 { return .unknown }
    return runs[slot].refused & bit == 0 ? .seen : .refused
  }

  /// Notes that the object was offered, and whether it was refused.
  @usableFromInline
  mutating func note(_ key: SegmentKey, refused: Bool) {
    let run = SeenSegments.run(of: key)
    let bit = SeenSegments.bit(of: key)
    var slot = runs.find(run)
    if slot < 0 { slot = runs.insert(Run(keyWord: run.rawValue)) }
    runs[slot].seen |= bit
    if refused { runs[slot].refused |= bit } else { runs[slot].refused &= ~bit }
  }
}
