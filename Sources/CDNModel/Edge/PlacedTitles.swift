/// One file (a representation of a title) that could be placed on a site.
public struct PlacementCandidate: Hashable, Sendable {
  /// The file.
  public var file: SegmentKey
  /// Bytes that the site is expected to serve from this file in the coming period.
  public var expectedBytesServed: Double
  /// Bytes that the file takes on disk.
  public var storedBytes: Int64

  /// A candidate file.
  public init(title: Int, representation: Int, expectedBytesServed: Double, storedBytes: Int64) {
    precondition(storedBytes > 0, "a file has at least one byte")
    precondition(!expectedBytesServed.isNaN, "a forecast is a number")
    file = .wholeFile(title: title, representation: representation)
    self.expectedBytesServed = expectedBytesServed
    self.storedBytes = storedBytes
  }
}

/// The files that are placed (pinned) on a site, filled ahead of demand.
///
/// The greedy fill takes files by expected bytes served per stored byte, the popularity measure that Netflix Open
/// Connect publishes for its appliances (per file, not per title). Greedy by density is the classic approximation of
/// the knapsack problem; it is off by at most the one file that does not fit.
///
/// Membership is one bit test: titles index a row of 64 representation bits, so memory is 8 bytes for each number up
/// to the largest placed title.
public struct PlacedTitles: Sendable {
  @usableFromInline var representations: [UInt64] = []
  /// Sum of the sizes of the placed files, in bytes.
  public private(set) var storedBytes: Int64 = 0
  /// Number of placed files.
  public private(set) var fileCount = 0

  /// Nothing placed.
  public init() {}

  /// The greedy fill of a capacity.
  ///
  /// Files without expected demand are left out; a file that no longer fits is skipped and smaller ones behind it
  /// still get their chance. Equal densities are taken in order of title, then representation.
  public init(filling capacityBytes: Int64, from candidates: [PlacementCandidate]) {
    for index in PlacedTitles.order(candidates) {
      let candidate = candidates[index]
      if candidate.expectedBytesServed <= 0 { break }
      if candidate.storedBytes > capacityBytes - storedBytes { continue }
      place(candidate.file, bytes: candidate.storedBytes)
    }
  }

  /// Indices of the candidates from the most to the least bytes served per stored byte.
  public static func order(_ candidates: [PlacementCandidate]) -> [Int] {
    let densities = candidates.map { $0.expectedBytesServed / Double($0.storedBytes) }
    return candidates.indices.sorted { left, right in
      densities[left] != densities[right]
        ? densities[left] > densities[right] : candidates[left].file < candidates[right].file
    }
  }

  /// Whether the file of this segment (or file) key is placed.
  @inlinable @inline(__always)
  public func contains(_ key: SegmentKey) -> Bool {
    let title = key.title
    return title < representations.count && representations[title] >> UInt64(key.representation) & 1 == 1
  }

  /// Adds a file.
  ///
  /// - Returns: false if it was already placed.
  @discardableResult
  public mutating func place(_ file: SegmentKey, bytes: Int64) -> Bool {
    precondition(bytes > 0, "a file has at least one byte")
    if contains(file) { return false }
    let title = file.title
    if title >= representations.count {
      representations.append(contentsOf: repeatElement(0, count: title + 1 - representations.count))
    }
    representations[title] |= 1 << UInt64(file.representation)
    storedBytes += bytes
    fileCount += 1
    return true
  }

  /// Takes a file away; `bytes` is what it was placed with.
  ///
  /// - Returns: false if it was not placed.
  @discardableResult
  public mutating func withdraw(_ file: SegmentKey, bytes: Int64) -> Bool {
    if !contains(file) { return false }
    representations[file.title] &= ~(1 << UInt64(file.representation))
    storedBytes -= bytes
    fileCount -= 1
    precondition(storedBytes >= 0, "more bytes withdrawn than placed")
    return true
  }
}
