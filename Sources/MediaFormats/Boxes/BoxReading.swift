extension BoxTree {
  /// Bytes of a box that its own fields may use: the payload up to the first child box.
  func fieldRange(of index: Int) -> Range<Int> {
    let record = records[index]
    let next = index + 1
    guard next < Int(record.subtreeEnd) else { return record.payload }
    return record.payload.lowerBound..<records[next].offset
  }

  /// The fields of a box; a fault names the box.
  func fields<B: BoxFields>(_ type: B.Type, at index: Int, in source: MediaBytes) throws(MediaError) -> B {
    do {
      return try B(source, fieldRange(of: index))
    } catch {
      throw located(error, at: index)
    }
  }

  /// A fault with the path of the box that it was found in.
  func located(_ error: MediaError, at index: Int) -> MediaError {
    guard error.path.isEmpty else { return error }
    var error = error
    error.path = path(of: index)
    return error
  }

  /// The description of a box's payload, or `nil` for opaque boxes and containers.
  func fieldType(of index: Int, in source: MediaBytes) -> (any BoxFields.Type)? {
    let record = records[index]
    if record.type == "uuid" {
      return BoxCatalog.fields(forExtended: source.copy(record.payload.lowerBound - 16..<record.payload.lowerBound))
    }
    if record.parent >= 0, records[Int(record.parent)].type == "stsd" { return sampleEntryType(of: index, in: source) }
    return BoxCatalog.fields(for: record.type)
  }

  private func sampleEntryType(of index: Int, in source: MediaBytes) -> any BoxFields.Type {
    let type = records[index].type.code
    let handler = handler(around: index, in: source)
    let room = fieldRange(of: index).count
    let isVisual = BoxCatalog.visualEntries.contains(type) || handler == "vide"
    if isVisual, room >= 78 { return VisualSampleEntry.self }
    if !isVisual, BoxCatalog.audioEntries.contains(type) || handler == "soun", room >= 28 {
      return AudioSampleEntry.self
    }
    return OtherSampleEntry.self
  }

  /// Handler of the track around a box.
  func handler(around index: Int, in source: MediaBytes) -> FourCC? {
    var index = Int(records[index].parent)
    while index >= 0, records[index].type != "mdia" { index = Int(records[index].parent) }
    guard index >= 0, let box = child("hdlr", of: index) else { return nil }
    return (try? fields(HandlerBox.self, at: box, in: source))?.handler
  }
}

extension MediaFile {
  /// The path and the fields of every box that has a description, in file order.
  public var describedBoxes: [(path: String, fields: any BoxFields)] {
    tree.records.indices.compactMap { index in
      guard let type = tree.fieldType(of: index, in: bytes), let fields = read(type, at: index) else { return nil }
      return (tree.path(of: index), fields)
    }
  }

  private func read<B: BoxFields>(_ type: B.Type, at index: Int) -> (any BoxFields)? {
    try? tree.fields(B.self, at: index, in: bytes)
  }
}

/// Reads every described box once and reports what it finds.
///
/// Faults in boxes that playback does not need become findings; all others end the reading. Fragment boxes are left
/// to `FragmentReader`, which reads them anyway.
struct BoxValidator {
  let source: MediaBytes
  let tree: BoxTree
  var log: DiagnosticLog

  mutating func validate() throws(MediaError) {
    for index in tree.records.indices {
      let type = tree.records[index].type
      if type == "mdat" || BoxCatalog.isContainer(type) || isReadByFragments(index, type) { continue }
      guard let fields = tree.fieldType(of: index, in: source) else { continue }
      do {
        try validate(fields, at: index)
      } catch {
        let located = tree.located(error, at: index)
        guard BoxCatalog.isAuxiliary(type) else { throw located }
        log.violation(at: located.offset, path: located.path, located.message)
      }
    }
  }

  /// True for the boxes of a fragment at their proper place.
  private func isReadByFragments(_ index: Int, _ type: FourCC) -> Bool {
    let record = tree.records[index]
    if type == "mfhd" { return record.depth == 1 && tree.records[Int(record.parent)].type == "moof" }
    guard type == "trun" || type == "tfhd" || type == "tfdt", record.depth == 2 else { return false }
    let parent = tree.records[Int(record.parent)]
    return parent.type == "traf" && tree.records[Int(parent.parent)].type == "moof"
  }

  private mutating func validate<B: BoxFields>(_ type: B.Type, at index: Int) throws(MediaError) {
    var box = B()
    var decoder = FieldDecoder(source, tree.fieldRange(of: index))
    try box.visit(&decoder)
    for finding in decoder.violations {
      log.violation(at: finding.offset, path: tree.path(of: index), finding.message)
    }
    if decoder.remaining > 0 {
      log.report(
        .remark, at: decoder.position, path: tree.path(of: index), "\(decoder.remaining) bytes after the last field")
    }
    if let box = box as? ElementaryStreamBox {
      _ = try ElementaryStreamDescriptor(source, box)
    } else if let list = box as? EntryListBox {
      let entries = tree.children(of: index).reduce(0) { count, _ in count + 1 }
      if entries != Int(list.entryCount) {
        log.violation(
          at: tree.records[index].offset, path: tree.path(of: index),
          "entry_count is \(list.entryCount), but there are \(entries) entries")
      }
    }
  }
}
