/// Finds the boxes of a file.
///
/// Sizes are checked against the enclosing box before anything is entered; the time is linear in the number of boxes
/// and nothing else.
struct BoxScanner {
  let source: MediaBytes
  private(set) var tree = BoxTree()
  var log = DiagnosticLog()
  private var path: [FourCC] = []
  /// Handler of the track being scanned; it tells visual from audio sample entries.
  private var handler = FourCC(0)

  init(_ source: MediaBytes) { self.source = source }

  /// Scans the boxes of a part of the file, or of all of it.
  mutating func scan(_ range: Range<Int>) throws(MediaError) {
    // Room that is never touched costs nothing; growing in steps copies every record several times.
    tree.reserve(min(range.count / 24 + 16, 1 << 20))
    var position = range.lowerBound
    while position < range.upperBound {
      if range.upperBound - position < 8 {
        log.violation(at: position, path: "", "\(range.upperBound - position) stray bytes after the last box")
        return
      }
      guard let next = try scanBox(at: position, limit: range.upperBound, parent: -1) else { return }
      position = next
    }
  }

  /// Scans the box at a position and everything inside; returns the position after it, `nil` where the file is cut.
  private mutating func scanBox(at position: Int, limit: Int, parent: Int) throws(MediaError) -> Int? {
    let type = FourCC(source.load(position + 4, as: UInt32.self))
    let size32 = source.load(position, as: UInt32.self)
    var headerSize = 8
    var size = UInt64(size32)
    var form = BoxRecord.SizeForm.compact
    if size32 == 1 {
      guard limit - position >= 16 else { throw fault(.truncated, position, type, "has no room for its 64-bit size") }
      size = source.load(position + 8, as: UInt64.self)
      headerSize = 16
      form = .large
      guard size >= 16 else { throw fault(.boxSize, position, type, "has 64-bit size \(size), below its header") }
    } else if size32 == 0 {
      guard parent < 0 else {
        throw fault(.boxSize, position, type, "has size 0, which only the last box of a file may have")
      }
      size = UInt64(limit - position)
      form = .toEnd
    } else if size32 < 8 {
      throw fault(.boxSize, position, type, "has size \(size32), below its header")
    }
    if type == "uuid" {
      headerSize += 16
      guard size >= UInt64(headerSize) else {
        throw fault(.boxSize, position, type, "of \(size) bytes has no room for its extended type")
      }
    }
    let room = UInt64(limit - position)
    var isCut = false
    if size > room {
      guard parent < 0 else { throw fault(.boxSize, position, type, "of \(size) bytes exceeds its parent's \(room)") }
      if type == "moov" { throw fault(.truncated, position, type, "of \(size) bytes is cut after \(room)") }
      if tree.records.isEmpty, !isFamiliar(type) {
        throw MediaError(.notMedia, at: position, "not an ISO base media file")
      }
      log.violation(
        at: position, path: pathText(type), "\(type.printable) of \(size) bytes is cut after \(room) bytes")
      isCut = true
      size = room
    }
    guard tree.records.count < BoxTree.boxLimit else {
      throw fault(.count, position, type, "is one of more than \(BoxTree.boxLimit) boxes")
    }
    let record = BoxRecord(
      offset: position, size: Int(size), type: type, parent: Int32(parent), subtreeEnd: 0,
      headerSize: UInt8(min(headerSize, Int(size))), depth: UInt8(path.count), sizeForm: form)
    let index = tree.append(record)
    // A fragment that is cut cannot be placed; what came before it stays usable.
    if !(isCut && type == "moof") { try scanChildren(of: index, record) }
    tree.close(index)
    return isCut ? nil : position + Int(size)
  }

  private mutating func scanChildren(of index: Int, _ record: BoxRecord) throws(MediaError) {
    guard let start = childrenStart(of: record) else {
      if record.type == "hdlr", record.payload.count >= 12, path.last == "mdia" {
        handler = FourCC(source.load(record.payload.lowerBound + 8, as: UInt32.self))
      }
      return
    }
    guard path.count + 1 < BoxTree.depthLimit else {
      log.violation(
        at: record.offset, path: "", "boxes are nested deeper than \(BoxTree.depthLimit); this one is not entered")
      return
    }
    path.append(record.type)
    defer { path.removeLast() }
    var position = start
    let end = record.offset + record.size
    while end - position >= 8 {
      // A sample entry may end in zero bytes after its children (QuickTime, iPhone recordings).
      if record.type != "moov", end - position < 12, isZero(position..<end), isTerminated(record) { return }
      guard let next = try scanBox(at: position, limit: end, parent: index) else { return }
      position = next
    }
    if position < end, !isZero(position..<end) {
      log.violation(at: position, path: pathText(nil), "\(end - position) stray bytes after the last child box")
    }
  }

  /// First byte of the child boxes, or `nil` for boxes without any.
  private func childrenStart(of record: BoxRecord) -> Int? {
    let payload = record.payload
    if BoxCatalog.isContainer(record.type) { return payload.lowerBound }
    switch record.type {
    case "stsd", "dref": return payload.count >= 8 ? payload.lowerBound + 8 : nil
    case "meta":
      // QuickTime has no version and flags here: the first child's type then stands at +4.
      guard payload.count >= 8 else { return payload.count >= 4 ? payload.lowerBound + 4 : nil }
      let isPlain = source.load(payload.lowerBound + 4, as: UInt32.self) == FourCC("hdlr").code
      return payload.lowerBound + (isPlain ? 0 : 4)
    default: break
    }
    guard path.last == "stsd" else { return nil }
    let skipped: Int
    if BoxCatalog.visualEntries.contains(record.type.code) || handler == "vide" {
      skipped = 78
    } else if BoxCatalog.audioEntries.contains(record.type.code) || handler == "soun" {
      guard payload.count >= 28 else { return nil }
      switch source.load(payload.lowerBound + 8, as: UInt16.self) {
      case 1: skipped = isQuickTimeAudio(payload) ? 44 : 28
      case 2: skipped = 64
      default: skipped = 28
      }
    } else if record.type == "tx3g" {
      skipped = 38
    } else {
      return nil
    }
    return payload.count >= skipped ? payload.lowerBound + skipped : nil
  }

  /// QuickTime version 1 entries carry 16 bytes more than ISO ones of that version; those would hold a child box.
  private func isQuickTimeAudio(_ payload: Range<Int>) -> Bool {
    guard payload.count >= 44 else { return false }
    let first = payload.lowerBound + 28
    let size = Int(source.load(first, as: UInt32.self))
    let type = source.load(first + 4, as: UInt32.self)
    let looksLikeBox = size >= 8 && size <= payload.upperBound - first && type & 0x8080_8080 == 0 && type >> 24 >= 32
    return !looksLikeBox
  }

  private func isTerminated(_ record: BoxRecord) -> Bool { path.dropLast().last == "stsd" || record.type == "udta" }

  private func isZero(_ range: Range<Int>) -> Bool { source.slice(range).allSatisfy { $0 == 0 } }

  private func isFamiliar(_ type: FourCC) -> Bool {
    switch type {
    case "ftyp", "styp", "moov", "moof", "mdat", "sidx", "ssix", "free", "skip", "wide", "emsg", "prft", "pnot",
      "uuid", "mfra", "meta", "imda":
      true
    default: false
    }
  }

  private func pathText(_ type: FourCC?) -> String {
    (path + [type].compactMap { $0 }).map(\.printable).joined(separator: "/")
  }

  private func fault(_ fault: MediaError.Fault, _ position: Int, _ type: FourCC, _ message: String) -> MediaError {
    MediaError(fault, at: position, path: pathText(type), "\(type.printable) \(message)")
  }
}
