/// The sizes of the requests of a trace, in bytes, in as little memory as they need.
///
/// Nothing a request while all sizes are equal, 4 bytes below 4 GiB, else 8: long traces are read at the speed of
/// memory, and half of their memory would be zeros.
public struct RequestSizes: Sendable, RandomAccessCollection, ExpressibleByArrayLiteral {
  /// How they are kept now.
  private enum Width {
    case equal
    case narrow
    case wide
  }

  private var width = Width.equal
  private var common: Int64 = 0
  private var narrow: [UInt32] = []
  private var wide: [Int64] = []
  /// Number of requests.
  public private(set) var count = 0
  /// Requests for which room is made once sizes differ.
  var expectedCount = 0

  /// No requests.
  public init() {}

  /// The sizes of some requests.
  public init(_ sizes: [Int64]) { sizes.withUnsafeBufferPointer { append(contentsOf: $0) } }

  /// The sizes of some requests.
  public init(arrayLiteral sizes: Int64...) { self.init(sizes) }

  /// 0.
  public var startIndex: Int { 0 }
  /// Number of requests.
  public var endIndex: Int { count }

  /// The size of a request, in bytes.
  public subscript(index: Int) -> Int64 {
    precondition(index >= 0 && index < count, "request \(index) of \(count)")
    switch width {
    case .equal: return common
    case .narrow: return Int64(narrow[index])
    case .wide: return wide[index]
    }
  }

  /// Adds the sizes of the next requests, none of them negative.
  ///
  /// - Complexity: O(added), and O(count) when the first one comes that needs more room.
  mutating func append(contentsOf sizes: UnsafeBufferPointer<Int64>) {
    guard let first = sizes.first else { return }
    if count == 0 { common = first }
    var differing: Int64 = 0
    var bits: Int64 = 0
    for size in sizes {
      differing |= size ^ common
      bits |= size
    }
    if width == .equal && differing != 0 { spread() }
    if width == .narrow && bits >> 32 != 0 { widen() }
    switch width {
    case .equal: break
    case .narrow: narrow.append(contentsOf: sizes.lazy.map { UInt32(truncatingIfNeeded: $0) })
    case .wide: wide.append(contentsOf: sizes)
    }
    count += sizes.count
  }

  mutating func append(_ size: Int64) { withUnsafePointer(to: size) { append(contentsOf: .init(start: $0, count: 1)) } }

  private mutating func spread() {
    if common >> 32 != 0 {
      width = .wide
      wide.reserveCapacity(Swift.max(expectedCount, count))
      wide.append(contentsOf: repeatElement(common, count: count))
      return
    }
    width = .narrow
    narrow.reserveCapacity(Swift.max(expectedCount, count))
    narrow.append(contentsOf: repeatElement(UInt32(truncatingIfNeeded: common), count: count))
  }

  private mutating func widen() {
    width = .wide
    wide.reserveCapacity(Swift.max(expectedCount, count))
    wide.append(contentsOf: narrow.lazy.map(Int64.init))
    narrow = []
  }

  /// Quick access for loops: what differs by width is decided by a branch that never changes.
  struct Reader {
    fileprivate var common: Int64
    fileprivate var narrow: UnsafePointer<UInt32>?
    fileprivate var wide: UnsafePointer<Int64>?

    /// The size of a request below the count.
    @inline(__always)
    subscript(index: Int) -> Int64 {
      if let narrow { return Int64(narrow[index]) }
      if let wide { return wide[index] }
      return common
    }
  }

  /// Calls `body` with a reader that is valid until it returns; sizes count as 1 where they are ignored.
  @inline(__always)
  func withReader(ignoringSizes: Bool, _ body: (Reader) -> Void) {
    if ignoringSizes || width == .equal { return body(Reader(common: ignoringSizes ? 1 : common)) }
    narrow.withUnsafeBufferPointer { narrow in
      wide.withUnsafeBufferPointer { wide in
        body(
          Reader(
            common: 0, narrow: width == .narrow ? narrow.baseAddress : nil,
            wide: width == .wide ? wide.baseAddress : nil))
      }
    }
  }
}

extension RequestSizes: Equatable {
  /// Whether both hold the same sizes, however they keep them.
  public static func == (left: RequestSizes, right: RequestSizes) -> Bool { left.elementsEqual(right) }
}
