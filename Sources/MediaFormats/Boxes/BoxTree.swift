/// One box in a file: where it lies, not what it holds.
public struct BoxRecord: Sendable {
  /// First byte of the header.
  public let offset: Int
  /// Bytes present in the file, header included; less than the header says where the file is cut.
  public let size: Int
  /// Type.
  public let type: FourCC
  /// Index of the enclosing box in the tree, or -1.
  public let parent: Int32
  /// Index after the last box inside this one.
  public internal(set) var subtreeEnd: Int32
  /// 8, 16 (64-bit size), and 16 more for `uuid`.
  public let headerSize: UInt8
  /// Number of enclosing boxes.
  public let depth: UInt8
  /// How the header writes the size.
  public let sizeForm: SizeForm

  /// The three ways to write a box size (ISO/IEC 14496-12 section 4.2).
  public enum SizeForm: UInt8, Sendable {
    /// 32 bits.
    case compact
    /// 64 bits after the type.
    case large
    /// Zero: up to the end of the file.
    case toEnd
  }

  /// Bytes of the payload in the file.
  public var payload: Range<Int> { min(offset + Int(headerSize), offset + size)..<offset + size }
  /// All bytes of the box in the file.
  public var range: Range<Int> { offset..<offset + size }
}

/// All boxes of a file or of one part of it, in file order, parents before children.
///
/// Payloads are not touched, except the few bytes that decide where children begin.
public struct BoxTree: Sendable {
  /// Deepest nesting that is entered.
  ///
  /// Real files stay below 12.
  public static let depthLimit = 32
  /// Most boxes of a file; a day of live video in fragments of one frame has 20 million.
  public static let boxLimit = 1 << 25

  /// Boxes in file order.
  public private(set) var records: [BoxRecord] = []

  /// Indices of the boxes that no box encloses.
  public var roots: BoxSiblings { BoxSiblings(records: records, position: 0, end: records.count) }

  /// Indices of the boxes that no box encloses and whose type passes.
  func roots(where passes: (FourCC) -> Bool) -> [Int] {
    var indices: [Int] = []
    var index = 0
    while index < records.count {
      if passes(records[index].type) { indices.append(index) }
      index = Int(records[index].subtreeEnd)
    }
    return indices
  }

  /// Indices of the boxes directly inside one box.
  public func children(of index: Int) -> BoxSiblings {
    BoxSiblings(records: records, position: index + 1, end: Int(records[index].subtreeEnd))
  }

  /// The first box of a type directly inside one box.
  public func child(_ type: FourCC, of index: Int) -> Int? {
    var next = index + 1
    let end = Int(records[index].subtreeEnd)
    while next < end {
      if records[next].type == type { return next }
      next = Int(records[next].subtreeEnd)
    }
    return nil
  }

  /// The first box at the end of a path of types below one box.
  public func descendant(_ path: FourCC..., of index: Int) -> Int? {
    var index = index
    for type in path {
      guard let next = child(type, of: index) else { return nil }
      index = next
    }
    return index
  }

  /// Types of the boxes around and including one box, joined by `/`.
  public func path(of index: Int) -> String {
    var names: [String] = []
    var index = index
    while index >= 0 {
      names.append(records[index].type.printable)
      index = Int(records[index].parent)
    }
    return names.reversed().joined(separator: "/")
  }

  mutating func append(_ record: BoxRecord) -> Int {
    records.append(record)
    return records.count - 1
  }

  mutating func close(_ index: Int) { records[index].subtreeEnd = Int32(clamping: records.count) }

  /// Reserves room, so that large files do not grow the list again and again.
  mutating func reserve(_ count: Int) { records.reserveCapacity(count) }
}

/// The boxes on one level, as indices into a tree.
public struct BoxSiblings: Sequence, IteratorProtocol {
  let records: [BoxRecord]
  var position: Int
  let end: Int

  /// The next index on this level.
  public mutating func next() -> Int? {
    guard position < end else { return nil }
    defer { position = Int(records[position].subtreeEnd) }
    return position
  }
}
