/// Chunks of pending events: fixed runs of entries, each ending in a link to the next chunk of its bucket.
///
/// Chunks come from slabs that double in size and are given back all at once; free chunks are reused last in, first
/// out, which keeps the hot ones in cache.
@frozen
@usableFromInline
struct ChunkPool<Event: BitwiseCopyable>: ~Copyable {
  @usableFromInline typealias Entry = PendingEvent<Event>

  /// Entries a chunk: with 32-byte entries and the link, one kilobyte less one entry.
  @inlinable static var chunkCapacity: Int { 31 }
  @inlinable static var chunkStride: Int { (chunkCapacity + 1) * MemoryLayout<Entry>.stride }

  /// Stands for the chunk of an empty bucket; nothing is ever stored in it.
  @usableFromInline let sentinel: UnsafeMutablePointer<Entry>
  @usableFromInline var firstFree: UnsafeMutablePointer<Entry>?
  /// Chunks of the newest slab that were never used.
  @usableFromInline var untouched: UnsafeMutableRawPointer
  @usableFromInline var untouchedCount = 0
  @usableFromInline var nextSlabChunks = 32
  @usableFromInline var slabs: [UnsafeMutableRawPointer] = []

  @inlinable
  init() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.chunkStride, alignment: 64)
    sentinel = memory.assumingMemoryBound(to: Entry.self)
    untouched = memory
    firstFree = nil
  }

  @inlinable
  deinit {
    for slab in slabs { slab.deallocate() }
    UnsafeMutableRawPointer(sentinel).deallocate()
  }

  /// The chunk after `chunk` in its bucket; only where one was set.
  @inlinable
  static func next(of chunk: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<Entry> {
    link(chunk).pointee
  }

  @inlinable
  static func setNext(of chunk: UnsafeMutablePointer<Entry>, to following: UnsafeMutablePointer<Entry>) {
    link(chunk).pointee = following
  }

  @inlinable
  static func link(_ chunk: UnsafeMutablePointer<Entry>) -> UnsafeMutablePointer<UnsafeMutablePointer<Entry>> {
    UnsafeMutableRawPointer(chunk + chunkCapacity).assumingMemoryBound(to: UnsafeMutablePointer<Entry>.self)
  }

  /// A chunk with undefined content.
  ///
  /// O(1) amortised.
  @inlinable
  mutating func take() -> UnsafeMutablePointer<Entry> {
    if let chunk = firstFree {
      let following = Self.next(of: chunk)
      firstFree = following == sentinel ? nil : following
      return chunk
    }
    if untouchedCount == 0 { addSlab() }
    let chunk = untouched.assumingMemoryBound(to: Entry.self)
    untouched += Self.chunkStride
    untouchedCount &-= 1
    return chunk
  }

  @inlinable
  mutating func release(_ chunk: UnsafeMutablePointer<Entry>) {
    Self.setNext(of: chunk, to: firstFree ?? sentinel)
    firstFree = chunk
  }

  @inlinable
  @inline(never)
  mutating func addSlab() {
    untouched = .allocate(byteCount: nextSlabChunks * Self.chunkStride, alignment: 64)
    untouchedCount = nextSlabChunks
    slabs.append(untouched)
    nextSlabChunks = min(nextSlabChunks * 2, 4096)
  }
}
