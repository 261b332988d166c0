internal import Glibc

/// Zeroed memory for large tables.
///
/// Blocks from 2 MiB up come straight from the system, aligned for huge pages and advised to use them: tables that are
/// read at random otherwise spend part of their time on address translation.
/// Untouched parts cost no memory either way.
enum ZeroedMemory {
  private static let hugePage = 1 << 21

  /// A zeroed block of a size; out of memory is a trap.
  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount < hugePage {
      guard let block = calloc(1, max(byteCount, 1)) else { preconditionFailure("out of memory: \(byteCount) bytes") }
      return block
    }
    let length = rounded(byteCount)
    // Map one huge page more than needed and give back what lies outside the aligned part.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let mapped = mmap(nil, length + hugePage, PROT_READ | PROT_WRITE, flags, -1, 0), mapped != MAP_FAILED else {
      preconditionFailure("out of memory: \(byteCount) bytes")
    }
    let address = UInt(bitPattern: mapped)
    let head = Int((0 &- address) & UInt(hugePage - 1))
    if head > 0 { munmap(mapped, head) }
    let block = mapped + head
    if head < hugePage { munmap(block + length, hugePage - head) }
    madvise(block, length, MADV_HUGEPAGE)
    return block
  }

  /// Gives a block back; `byteCount` is what it was allocated with.
  static func free(_ block: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount < hugePage { Glibc.free(block) } else { munmap(block, rounded(byteCount)) }
  }

  /// Asks for huge pages in the part of a block that they can cover; nothing happens where there are none.
  static func adviseHugePages(_ start: UnsafeMutableRawPointer?, byteCount: Int) {
    guard let start, byteCount >= 2 * hugePage else { return }
    let head = Int((0 &- UInt(bitPattern: start)) & UInt(hugePage - 1))
    madvise(start + head, (byteCount - head) & ~(hugePage - 1), MADV_HUGEPAGE)
  }

  private static func rounded(_ byteCount: Int) -> Int { (byteCount + hugePage - 1) & ~(hugePage - 1) }
}

/// A zeroed block, for inlinable tables.
@usableFromInline
func zeroed(byteCount: Int) -> UnsafeMutableRawPointer { ZeroedMemory.allocate(byteCount: byteCount) }

/// Gives back a zeroed block.
@usableFromInline
func releaseZeroed(_ block: UnsafeMutableRawPointer, byteCount: Int) {
  ZeroedMemory.free(block, byteCount: byteCount)
}
