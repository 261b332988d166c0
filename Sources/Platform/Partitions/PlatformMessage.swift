import CDNModel
import SimEngine

/// Number of a partition in its run: sites first, then what they share.
struct PartitionIndex: BitwiseCopyable, Hashable, Sendable {
  var rawValue: UInt16

  init(_ index: Int) { rawValue = UInt16(index) }
}

/// Which partition serves what: the address book that every partition is given when it is built.
///
/// Further partitions get an entry here, `nil` in platforms without them.
struct PartitionDirectory: Sendable {
  /// The edge sites, numbered from 0.
  let sites: Range<Int>
  /// The regional caches, empty in platforms without them.
  let regionals: [PartitionIndex]
  /// The cache between them and the origin.
  let shield: PartitionIndex?
  /// The origin behind all tiers.
  let origin: PartitionIndex
  /// Where titles are uploaded, encoded and published.
  let ingest: PartitionIndex?
  /// The services behind a play button.
  let services: PartitionIndex?
  /// The cluster that keeps resume offsets.
  let cluster: PartitionIndex?

  /// The directory of a platform with so many sites.
  init(
    sites count: Int, regionals: Int = 0, hasShield: Bool = false, hasIngest: Bool = false, hasServices: Bool = false,
    hasCluster: Bool = false
  ) {
    sites = 0..<count
    self.regionals = (0..<regionals).map { PartitionIndex(count + $0) }
    shield = hasShield ? PartitionIndex(count + regionals) : nil
    let beforeOrigin = count + regionals + (hasShield ? 1 : 0)
    origin = PartitionIndex(beforeOrigin)
    var next = beforeOrigin + 1
    func index(_ isThere: Bool) -> PartitionIndex? {
      guard isThere else { return nil }
      next += 1
      return PartitionIndex(next - 1)
    }
    ingest = index(hasIngest)
    services = index(hasServices)
    cluster = index(hasCluster)
  }
}

/// What partitions say to each other.
///
/// A message arrives no sooner than the backhaul latency after it was sent; World hands it over at the border of the
/// window in which it was sent, in the order of the senders.
struct PlatformMessage: BitwiseCopyable {
  /// When it arrives.
  var at: SimTime
  var from: PartitionIndex
  var to: PartitionIndex
  var body: Body

  /// The contents.
  enum Body: BitwiseCopyable {
    /// A tier asks the next one for a segment.
    case fetch(SegmentKey)
    /// A tier asks the next one whether a segment that it stores has changed.
    case confirm(SegmentKey)
    /// The tier above cannot serve a segment or a question.
    case refused(SegmentKey, Refusal)
    /// A session whose site is lost goes on at another one, which frees the memory.
    case moved(UnsafeMutablePointer<ViewerSession>)
    /// It has not.
    case confirmed(SegmentKey)
    /// The last byte of a segment that was asked for.
    case segment(SegmentKey)
    /// A title has entered the catalog; the search learns of it.
    case published
    /// A title that was announced can be watched from now on.
    case released(title: UInt32)
    /// A viewer wants to watch.
    case startSession(StartRequest)
    /// The services' answer.
    case sessionStarted(StartReply)
    /// Where a start request stands that can no longer be answered before its deadline.
    ///
    /// No machine sends this and nobody acts on it: it is how the simulator learns whom a silent attempt waited for.
    case startOverdue(StartReply)
    /// A player writes its position back.
    case savePosition(member: UInt32)
    /// A viewer has left and goes into the history.
    case endSession(member: UInt32)
    /// A resume offset is to be read or written.
    case offset(OffsetCommand)
    /// What became of that.
    case offsetReply(OffsetReply)
  }
}

/// Why the tier above did not serve a request.
struct Refusal: BitwiseCopyable {
  /// Whether it was a question about a stored segment.
  var isConditional: Bool
  /// Whether the origin failed; else the cache that was asked is lost.
  var isByOrigin: Bool
}
