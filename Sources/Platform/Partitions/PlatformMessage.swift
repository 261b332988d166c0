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
  /// The origin behind the edge tier.
  let origin: PartitionIndex

  /// The directory of a platform with so many sites.
  init(sites count: Int) {
    sites = 0..<count
    origin = PartitionIndex(count)
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
    /// The last byte of a segment that was asked for.
    case segment(SegmentKey)
  }
}
