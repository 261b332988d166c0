/// Writes segment indexes (`sidx`, ISO/IEC 14496-12 section 8.16.3) for fragments that follow them.
///
/// One box holds 65 535 references at most. More are split over several indexes under one at the top, which refers to
/// them; nothing is dropped.
public struct SegmentIndexWriter: Sendable {
  /// References that one box can hold.
  public static let referenceLimit = 65_535

  /// One segment to index.
  public struct Entry: Sendable {
    /// Bytes, below 2^31.
    public var size: UInt32
    /// Ticks.
    public var duration: UInt32
    /// True if the segment starts with a sync sample.
    public var startsWithSync: Bool

    /// A segment.
    public init(size: UInt32, duration: UInt32, startsWithSync: Bool = true) {
      self.size = size
      self.duration = duration
      self.startsWithSync = startsWithSync
    }
  }

  private let trackID: UInt32
  private let timescale: UInt32
  private let start: UInt64

  /// - Parameters:
  ///   - trackID: track whose times are meant.
  ///   - timescale: ticks a second.
  ///   - start: earliest presentation time, ticks.
  public init(trackID: UInt32, timescale: UInt32, start: UInt64 = 0) {
    self.trackID = trackID
    self.timescale = timescale
    self.start = start
  }

  /// The index boxes, to be placed right before the first segment.
  ///
  /// With a split, all lower indexes follow the top one and precede all segments, so their first offsets skip what
  /// lies between.
  ///
  /// - Throws: `MediaError` for sizes of 2^31 bytes and more, and for more segments than two levels hold.
  public func bytes(_ entries: [Entry]) throws(MediaError) -> [UInt8] {
    guard entries.count > Self.referenceLimit else {
      return try box(entries, start: start, firstOffset: 0, isTop: false)
    }
    let groups = stride(from: 0, to: entries.count, by: Self.referenceLimit).map {
      Array(entries[$0..<min($0 + Self.referenceLimit, entries.count)])
    }
    guard groups.count <= Self.referenceLimit else {
      throw MediaError(.count, at: 0, path: "sidx", "cannot write: \(entries.count) segments exceed two levels")
    }
    var time = start
    var children: [[UInt8]] = []
    var references: [Entry] = []
    var segmentsBefore: UInt64 = 0
    let childSizes = groups.map { Self.size(references: $0.count) }
    for (index, group) in groups.enumerated() {
      let indexesAfter = UInt64(childSizes[(index + 1)...].reduce(0, +))
      children.append(try box(group, start: time, firstOffset: indexesAfter + segmentsBefore, isTop: false))
      let duration = group.reduce(UInt64(0)) { $0 + UInt64($1.duration) }
      segmentsBefore += group.reduce(UInt64(0)) { $0 + UInt64($1.size) }
      guard let ticks = UInt32(exactly: duration) else {
        throw MediaError(.overflow, at: 0, path: "sidx", "cannot write: a lower index lasts longer than 2^32 ticks")
      }
      references.append(
        Entry(
          size: UInt32(childSizes[index]), duration: ticks, startsWithSync: group.first?.startsWithSync ?? false))
      time += duration
    }
    return try box(references, start: start, firstOffset: 0, isTop: true) + children.flatMap { $0 }
  }

  /// Bytes of a version 1 box.
  private static func size(references: Int) -> Int { 8 + 4 + 8 + 16 + 4 + references * 12 }

  private func box(
    _ entries: [Entry], start: UInt64, firstOffset: UInt64, isTop: Bool
  ) throws(MediaError) -> [UInt8] {
    var index = SegmentIndexBox()
    index.version = 1
    index.referenceID = trackID
    index.timescale = timescale
    index.earliestPresentationTime = start
    index.firstOffset = firstOffset
    index.count = UInt16(entries.count)
    var references = PackedEntries()
    for entry in entries {
      guard entry.size >> 31 == 0 else {
        throw MediaError(.overflow, at: 0, path: "sidx", "cannot write: a segment of \(entry.size) bytes")
      }
      references.append32((isTop ? 1 << 31 : 0) | entry.size)
      references.append32(entry.duration)
      // Stream access point of type 1 at the very start, or none known.
      references.append32(entry.startsWithSync ? 1 << 31 | 1 << 28 : 0)
    }
    index.references = references.field
    var builder = BoxBuilder()
    try builder.box("sidx", index)
    return builder.bytes
  }
}
