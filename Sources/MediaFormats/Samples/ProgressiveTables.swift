/// Turns the tables of a `stbl` into the columns of a `SampleTable` (ISO/IEC 14496-12 sections 8.6 and 8.7).
struct ProgressiveTables {
  let source: MediaBytes
  let tree: BoxTree
  let table: Int
  var log: DiagnosticLog

  /// Most samples that a file of so many bytes may claim without listing them one by one: one a byte, or a round
  /// number for fragments whose payload lies elsewhere.
  static func plausibleSamples(fileSize: Int) -> Int { max(fileSize, 1 << 16) }

  mutating func build() throws(MediaError) -> SampleTable {
    let (sizes, count) = try readSizes()
    var samples = SampleTable()
    guard count > 0 else { return samples }
    let offsets = try readChunkOffsets()
    var chunks = try ChunkWalker(source, read(SampleToChunkBox.self, "stsc", mandatory: true))
    chunks.report(chunkCount: offsets.count, &log, path: tree.path(of: table))
    var durations = RunReader(source, try read(TimeToSampleBox.self, "stts", mandatory: true)?.entries)
    var compositions = RunReader(source, try read(CompositionOffsetBox.self, "ctts")?.entries)
    var syncs = SyncReader(source, try read(SyncSampleBox.self, "stss"))
    samples.reserve(count)
    var row = 0
    for chunk in 0..<offsets.count {
      guard row < count else { break }
      let (perChunk, description) = chunks.next(chunk: chunk + 1)
      let end = row + min(perChunk, count - row)
      guard end > row else { continue }
      guard let offset = Int64(exactly: offsets.offset(chunk)) else {
        violation("chunk \(chunk + 1) lies beyond 63 bits")
        return samples
      }
      samples.seek(toOffset: offset)
      samples.setOrigin(SampleOrigin(fragment: 0, description: description))
      while row < end {
        // One step covers the samples for which no column changes.
        let step = min(end - row, durations.left, compositions.left, syncs.left(from: row))
        guard
          samples.appendColumns(
            sizes: sizes, rows: row..<row + step, duration: durations.value,
            compositionOffset: Int32(bitPattern: compositions.value), isSync: syncs.isSync(row))
        else {
          violation("sample \(row + 1) ends beyond 63 bits")
          return samples
        }
        durations.consume(step)
        compositions.consume(step)
        row += step
      }
    }
    if durations.isShort { violation("stts covers fewer samples than the \(count) that stsz lists") }
    if row < count { violation("chunks hold \(row) of the \(count) samples that stsz lists") }
    return samples
  }

  private mutating func violation(_ message: String) {
    log.violation(at: tree.records[table].offset, path: tree.path(of: table), message)
  }

  private func read<B: BoxFields>(
    _ type: B.Type, _ code: FourCC, mandatory: Bool = false
  ) throws(MediaError) -> B? {
    guard let index = tree.child(code, of: table) else {
      if mandatory { throw missing("\(code) is missing") }
      return nil
    }
    return try tree.fields(B.self, at: index, in: source)
  }

  private func missing(_ message: String) -> MediaError {
    MediaError(.missing, at: tree.records[table].offset, path: tree.path(of: table), message)
  }

  private func readSizes() throws(MediaError) -> (SizeColumn, Int) {
    if let box = try read(SampleSizeBox.self, "stsz") {
      let count = Int(box.count)
      if box.constantSize != 0 {
        guard count <= Self.plausibleSamples(fileSize: source.count) else {
          throw missing("stsz claims \(count) samples in a file of \(source.count) bytes")
        }
        return (.constant(box.constantSize), count)
      }
      return (.listed(packed(box.entries, bits: 32)), count)
    }
    if let box = try read(CompactSampleSizeBox.self, "stz2") {
      return (.listed(packed(box.entries, bits: Int(box.fieldBits))), Int(box.count))
    }
    throw missing("neither stsz nor stz2 is present")
  }

  private func packed(_ entries: ByteField, bits: Int) -> SizeColumn.PackedSizes {
    guard case .mapped(let offset, _) = entries else {
      return SizeColumn.PackedSizes(source: source, offset: 0, bits: bits)
    }
    return SizeColumn.PackedSizes(source: source, offset: offset, bits: bits)
  }

  private func readChunkOffsets() throws(MediaError) -> ChunkOffsets {
    if let box = try read(ChunkOffsetBox.self, "stco"), case .mapped(let offset, _) = box.entries {
      return ChunkOffsets(source: source, start: offset, count: Int(box.count), isLarge: false)
    }
    if let box = try read(LargeChunkOffsetBox.self, "co64"), case .mapped(let offset, _) = box.entries {
      return ChunkOffsets(source: source, start: offset, count: Int(box.count), isLarge: true)
    }
    throw missing("neither stco nor co64 is present, but there are samples")
  }
}

/// Chunk offsets as they lie in the file.
private struct ChunkOffsets {
  let source: MediaBytes
  let start: Int
  let count: Int
  let isLarge: Bool

  func offset(_ chunk: Int) -> UInt64 {
    isLarge ? source.load(start + chunk * 8, as: UInt64.self) : UInt64(source.load(start + chunk * 4, as: UInt32.self))
  }
}

/// Steps through pairs of (count, value), 32 bits each.
///
/// After the last pair the value stays.
private struct RunReader {
  let source: MediaBytes
  private let hasTable: Bool
  private var position = 0
  private var end = 0
  /// Samples for which the value holds; without end after the last pair.
  private(set) var left = Int.max
  private(set) var value: UInt32 = 0
  private var overrun = 0

  /// True once samples were taken after the last pair.
  var isShort: Bool { hasTable && overrun > 0 }

  init(_ source: MediaBytes, _ entries: ByteField?) {
    self.source = source
    guard let entries, case .mapped(let offset, let count) = entries else {
      hasTable = false
      return
    }
    hasTable = true
    position = offset
    end = offset + count
    left = 0
    load()
  }

  private mutating func load() {
    while left == 0 {
      guard position + 8 <= end else {
        left = Int.max
        return
      }
      left = Int(source.load(position, as: UInt32.self))
      if left > 0 { value = source.load(position + 4, as: UInt32.self) }
      position += 8
    }
  }

  /// Moves on by at most `left` samples.
  mutating func consume(_ samples: Int) {
    guard left != Int.max else {
      overrun += samples
      return
    }
    left -= samples
    load()
  }
}

/// Steps through `stss`; absent means that every sample is a sync sample.
private struct SyncReader {
  let source: MediaBytes
  private var position = 0
  private var end = 0
  private let hasTable: Bool

  init(_ source: MediaBytes, _ box: SyncSampleBox?) {
    self.source = source
    guard let box, case .mapped(let offset, let count) = box.entries else {
      hasTable = false
      return
    }
    hasTable = true
    position = offset
    end = offset + count
  }

  private var nextSync: Int { position < end ? Int(source.load(position, as: UInt32.self)) - 1 : Int.max }

  /// Rows from `row` on with the same answer.
  mutating func left(from row: Int) -> Int {
    guard hasTable else { return Int.max }
    while nextSync < row { position += 4 }
    return nextSync == row ? 1 : nextSync - row
  }

  func isSync(_ row: Int) -> Bool { !hasTable || nextSync == row }
}

/// Steps through `stsc`.
private struct ChunkWalker {
  let source: MediaBytes
  private var position = 0
  private var end = 0
  private var current: (perChunk: Int, description: Int) = (0, 0)

  init(_ source: MediaBytes, _ box: SampleToChunkBox?) {
    self.source = source
    guard let box, case .mapped(let offset, let count) = box.entries else { return }
    position = offset
    end = offset + count
  }

  /// Samples of a chunk (1-based, ascending) and its 0-based sample entry.
  mutating func next(chunk: Int) -> (Int, Int) {
    while position + 12 <= end, Int(source.load(position, as: UInt32.self)) <= chunk {
      current = (
        Int(source.load(position + 4, as: UInt32.self)), max(0, Int(source.load(position + 8, as: UInt32.self)) - 1)
      )
      position += 12
    }
    return current
  }

  /// Reports runs that break the rules: the first run starts at chunk 1, starts ascend, no run is empty.
  func report(chunkCount: Int, _ log: inout DiagnosticLog, path: String) {
    var previous = 0
    var entry = position
    while entry + 12 <= end {
      let first = Int(source.load(entry, as: UInt32.self))
      let perChunk = source.load(entry + 4, as: UInt32.self)
      if previous == 0, first != 1 { log.violation(at: entry, path: path, "stsc starts at chunk \(first), not 1") }
      if previous > 0, first <= previous {
        log.violation(at: entry, path: path, "stsc chunk \(first) does not follow chunk \(previous)")
      }
      if perChunk == 0 { log.violation(at: entry, path: path, "stsc has 0 samples a chunk") }
      previous = max(first, 1)
      entry += 12
    }
  }
}
