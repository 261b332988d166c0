/// A segment index (`sidx`), read: which bytes hold which stretch of time (ISO/IEC 14496-12 section 8.16.3).
public struct SegmentIndex: Sendable {
  /// One reference.
  public struct Reference: Equatable, Sendable {
    /// True if the bytes hold another index, false if they hold media.
    public var isIndex: Bool
    /// Bytes referenced.
    public var size: UInt32
    /// Ticks of the index.
    public var duration: UInt32
    /// True if the bytes start with a stream access point.
    public var startsWithAccessPoint: Bool
    /// Type of the first access point, 0 to 7.
    public var accessPointType: UInt8
    /// Ticks from the start to the first access point.
    public var accessPointDelta: UInt32
  }

  /// First byte of the box.
  public let offset: Int
  /// Bytes of the box.
  public let size: Int
  /// Track whose times are meant.
  public let referenceID: UInt32
  /// Ticks a second.
  public let timescale: UInt32
  /// Ticks.
  public let earliestPresentationTime: UInt64
  /// Bytes from the end of the box to the first reference.
  public let firstOffset: UInt64
  /// References in order.
  public let references: [Reference]

  init(_ source: MediaBytes, _ tree: BoxTree, _ index: Int) throws(MediaError) {
    let record = tree.records[index]
    let box = try tree.fields(SegmentIndexBox.self, at: index, in: source)
    offset = record.offset
    size = record.size
    referenceID = box.referenceID
    timescale = box.timescale
    earliestPresentationTime = box.earliestPresentationTime
    firstOffset = box.firstOffset
    var list: [Reference] = []
    if case .mapped(let start, _) = box.references {
      list.reserveCapacity(Int(box.count))
      for row in 0..<Int(box.count) {
        let first = source.load(start + row * 12, as: UInt32.self)
        let last = source.load(start + row * 12 + 8, as: UInt32.self)
        list.append(
          Reference(
            isIndex: first >> 31 == 1, size: first & 0x7FFF_FFFF,
            duration: source.load(start + row * 12 + 4, as: UInt32.self), startsWithAccessPoint: last >> 31 == 1,
            accessPointType: UInt8(last >> 28 & 7), accessPointDelta: last & 0x0FFF_FFFF))
      }
    }
    references = list
  }

  /// First byte that a reference may count from: after the box, and `first_offset` further.
  ///
  /// `nil` on overflow.
  var anchor: Int? {
    guard let skip = Int(exactly: firstOffset) else { return nil }
    let (sum, overflow) = (offset + size).addingReportingOverflow(skip)
    return overflow ? nil : sum
  }

  /// A media stretch that an index, or an index below it, refers to.
  public struct Entry: Equatable, Sendable {
    /// Bytes in the file.
    public var range: Range<Int>
    /// Start, ticks of the index at the top.
    public var time: UInt64
    /// Ticks of the index that names it.
    public var duration: UInt32
    /// Ticks a second of the index that names it.
    public var timescale: UInt32
  }

  /// All media stretches below one index, indexes of indexes resolved.
  ///
  /// - Throws: `MediaError` for a reference that leads nowhere or in a circle.
  public static func entries(of top: SegmentIndex, among indexes: [SegmentIndex]) throws(MediaError) -> [Entry] {
    var result: [Entry] = []
    try collect(top, indexes, depth: 0, into: &result)
    return result
  }

  private static func collect(
    _ index: SegmentIndex, _ indexes: [SegmentIndex], depth: Int, into result: inout [Entry]
  ) throws(MediaError) {
    guard depth < 8 else { throw index.fault("indexes refer to indexes more than 8 levels deep") }
    guard var position = index.anchor else { throw index.fault("first_offset leaves 63 bits") }
    var time = index.earliestPresentationTime
    for reference in index.references {
      let (end, overflow) = position.addingReportingOverflow(Int(reference.size))
      guard !overflow else { throw index.fault("references leave 63 bits") }
      if reference.isIndex {
        // A child lies after its parent, so walking down always moves forward and ends.
        guard position > index.offset, reference.size > 0,
          let child = indexes.first(where: { $0.offset == position })
        else { throw index.fault("a reference to byte \(position) does not lead to a later index") }
        try collect(child, indexes, depth: depth + 1, into: &result)
      } else {
        result.append(
          Entry(range: position..<end, time: time, duration: reference.duration, timescale: index.timescale))
      }
      time = time.addingReportingOverflow(UInt64(reference.duration)).partialValue
      position = end
    }
  }

  private func fault(_ message: String) -> MediaError { MediaError(.reference, at: offset, path: "sidx", message) }

  /// Checks that references to indexes lead somewhere, and reports references beyond the file.
  static func check(_ indexes: [SegmentIndex], fileSize: Int, _ log: inout DiagnosticLog) throws(MediaError) {
    for index in indexes {
      guard var position = index.anchor else {
        log.violation(at: index.offset, path: "sidx", "first_offset \(index.firstOffset) leaves 63 bits")
        continue
      }
      for reference in index.references {
        if reference.isIndex, reference.size == 0 {
          throw index.fault("a reference to an index has size 0 and would lead in a circle")
        }
        position += Int(reference.size)
      }
      if position > fileSize, !index.references.isEmpty {
        log.violation(
          at: index.offset, path: "sidx", "references end at byte \(position), after the end of the file")
      }
    }
  }
}

/// An event message (`emsg`), read (ISO/IEC 23009-1 section 5.10.3.3).
public struct EventMessage: Sendable {
  /// First byte of the box.
  public let offset: Int
  /// The fields; `presentationTimeDelta` counts in version 0, `presentationTime` in version 1.
  public let fields: EventMessageBox
  /// Scheme identifier.
  public let scheme: String
  /// Value in the scheme.
  public let value: String
  /// Bytes of the message.
  public let messageSize: Int

  init(_ source: MediaBytes, _ tree: BoxTree, _ index: Int) throws(MediaError) {
    offset = tree.records[index].offset
    fields = try tree.fields(EventMessageBox.self, at: index, in: source)
    scheme = fields.scheme.text(from: source)
    value = fields.value.text(from: source)
    messageSize = fields.message.count
  }
}
