// Large media files for the benchmarks, made by the library's own writers: nothing is downloaded.

import Glibc
import MediaFormats

/// The files that the media benchmarks read.
struct MediaInputs {
  /// 1 000 000 samples in 20 000 fragments.
  let manySamples: String
  /// 250 000 fragments of one sample: 1 750 000 boxes.
  let manyBoxes: String
  /// 1 000 000 samples in the tables of a `moov`.
  let progressive: String
  /// 600 MB, nearly all of it payload that nobody reads.
  let large: String

  static let samples = 1_000_000
  static let fragments = 20_000
  static let smallFragments = 250_000

  /// Writes the files into a folder; ones that exist already are kept.
  init(folder: String) throws {
    mkdir(folder, 0o755)
    manySamples = folder + "/many.mp4"
    manyBoxes = folder + "/boxes.mp4"
    progressive = folder + "/prog.mp4"
    large = folder + "/big.mp4"
    let start = try Self.initialization()
    try Self.make(manySamples) { output in
      output.write(start)
      let perFragment = Self.samples / Self.fragments
      try Self.writeFragments(count: Self.fragments, samples: perFragment, &output)
    }
    try Self.make(manyBoxes) { output in
      output.write(start)
      try Self.writeFragments(count: Self.smallFragments, samples: 1, &output)
    }
    try Self.make(progressive) { output in output.write(try Self.progressiveFile()) }
    try Self.make(large) { output in
      output.write(start)
      var writer = FragmentWriter()
      output.write(try writer.fragment([Self.part(0, samples: 350)]))
      // A sparse payload: the file is 600 MB long, the disk holds a few kilobytes of it.
      let size: UInt32 = 600_000_000
      output.write([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + Array("mdat".utf8))
      ftruncate(output.descriptor, off_t(output.written + Int(size) - 8))
    }
  }

  private static func make(_ path: String, _ body: (inout OutputFile) throws -> Void) throws {
    guard access(path, R_OK) != 0 else { return }
    guard var file = OutputFile(path: path) else { throw MediaError(.missing, at: 0, "cannot create \(path)") }
    try body(&file)
    file.close()
  }

  /// An initialisation segment with one H.264 track.
  private static func initialization() throws -> [UInt8] {
    var quality = SmoothQuality()
    quality.timescale = 12_000
    quality.fourCC = "H264"
    quality.codecPrivateData = [
      0, 0, 0, 1, 0x67, 0x64, 0, 0x15, 0xAC, 0xD9, 0x41, 0xB1, 0xFE, 0x4F, 0xFF, 2, 0x80, 2, 0x7F, 0x10, 0, 0, 3, 0,
      0x10, 0, 0, 3, 1, 0x80, 0xF1, 0x62, 0xD9, 0x60, 0, 0, 0, 1, 0x68, 0xEB, 0xE5, 0x2C, 0x8B,
    ]
    var representation = Representation(id: "video", bandwidth: 0)
    (representation.width, representation.height, representation.smooth) = (426, 240, quality)
    return try SmoothInitialization.bytes(representation)
  }

  /// One filler data unit (ISO/IEC 14496-10 section 7.3.2.7), which decoders and parsers accept without a word.
  private static func fillerUnit(size: Int) -> [UInt8] {
    [0, 0, 0, UInt8(size - 4), 12] + [UInt8](repeating: 0xFF, count: size - 6) + [0x80]
  }

  /// Samples of varied size with the composition offsets of B-frames.
  private static func part(_ index: Int, samples: Int) -> FragmentWriter.Part {
    let list = (0..<samples).map { row in
      SampleToWrite(
        duration: 1000, compositionOffset: [1000, 3000, 1000, 0][row % 4], isSync: row == 0,
        payload: fillerUnit(size: 8 + (row * 7 + index) % 25))
    }
    return FragmentWriter.Part(trackID: 1, decodeTime: UInt64(index * samples) * 1000, samples: list)
  }

  private static func writeFragments(count: Int, samples: Int, _ output: inout OutputFile) throws {
    var writer = FragmentWriter()
    for index in 0..<count { output.write(try writer.fragment([part(index, samples: samples)])) }
  }

  /// A progressive file with one chunk a sample pair, from tables written by hand.
  private static func progressiveFile() throws -> [UInt8] {
    let start = try initialization()
    let file = try MediaFile(MediaBytes(start))
    guard let table = file.tree.records.first(where: { $0.type == "stbl" }),
      let entries = file.tree.records.first(where: { $0.type == "stsd" })
    else { return [] }
    let sizes = (0..<samples).map { UInt32(8 + $0 * 7 % 25) }
    var offsets: [UInt32] = []
    var position: UInt32 = 8
    for row in stride(from: 0, to: samples, by: 2) {
      offsets.append(position)
      position += sizes[row] + sizes[row + 1]
    }
    var tables = file.bytes.copy(entries.range)
    tables += box("stts", [0, 1, UInt32(samples), 1000])
    tables += box("ctts", [0, UInt32(samples)] + (0..<samples).flatMap { [1, UInt32(1000 * ($0 % 3))] })
    tables += box("stsc", [0, 1, 1, 2, 1])
    tables += box("stsz", [0, 0, UInt32(samples)] + sizes)
    tables += box("stco", [0, UInt32(offsets.count)] + offsets)
    let payload = box("mdat", [UInt32](repeating: 0, count: Int(position) / 4 + 1))
    return payload + nested(file, table, tables, start)
  }

  /// The `moov` with its sample table replaced and the sizes around it adjusted.
  private static func nested(_ file: MediaFile, _ table: BoxRecord, _ tables: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    var output = bytes
    let growth = tables.count - table.payload.count
    output.replaceSubrange(table.payload, with: tables)
    for record in file.tree.records
    where record.range.lowerBound <= table.offset && record.range.upperBound >= table.range.upperBound {
      let size = UInt32(record.size + growth)
      for byte in 0..<4 { output[record.offset + byte] = UInt8(truncatingIfNeeded: size >> UInt32(24 - byte * 8)) }
    }
    return output
  }

  private static func box(_ type: String, _ words: [UInt32]) -> [UInt8] {
    let size = UInt32(8 + words.count * 4)
    var output: [UInt8] = []
    output.reserveCapacity(Int(size))
    for shift: UInt32 in [24, 16, 8, 0] { output.append(UInt8(truncatingIfNeeded: size >> shift)) }
    output += Array(type.utf8)
    for word in words {
      for shift: UInt32 in [24, 16, 8, 0] { output.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    return output
  }
}

/// A file that is written front to back.
struct OutputFile {
  let descriptor: Int32
  private(set) var written = 0
  private var buffer: [UInt8] = []

  init?(path: String) {
    descriptor = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o644)
    if descriptor < 0 { return nil }
  }

  mutating func write(_ bytes: [UInt8]) {
    buffer += bytes
    written += bytes.count
    if buffer.count > 1 << 20 || bytes.count < 16 { flush() }
  }

  private mutating func flush() {
    buffer.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count, let base = bytes.baseAddress {
        let count = Glibc.write(descriptor, base + done, bytes.count - done)
        if count <= 0 { return }
        done += count
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  mutating func close() {
    flush()
    Glibc.close(descriptor)
  }
}
