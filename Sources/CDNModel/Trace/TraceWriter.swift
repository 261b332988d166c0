/// Writes generated workloads as trace files.
public struct TraceWriter: Sendable {
  /// The header line of CSV traces.
  public static let header = "time,obj_id,obj_size\n"

  private static let chunkBytes = 1 << 18

  /// What to write.
  public var parameters: WorkloadParameters
  /// `csv` or `oracleGeneral`.
  public var format: TraceFormat
  /// How the file is packed.
  public var compression: TraceCompression

  /// A writer of a workload.
  ///
  /// - Precondition: `format` is `csv` or `oracleGeneral`.
  public init(_ parameters: WorkloadParameters, format: TraceFormat, compression: TraceCompression = .plain) {
    precondition(format == .csv || format == .oracleGeneral, "traces are written as CSV or oracleGeneral")
    self.parameters = parameters
    self.format = format
    self.compression = compression
  }

  /// The format that a file name asks for, whatever packs it; nil if it says nothing.
  public static func format(fileName: String) -> TraceFormat? {
    var name = fileName[...]
    for ending in [".gz", ".zst"] where name.hasSuffix(ending) { name = name.dropLast(ending.count) }
    if name.hasSuffix(".csv") { return .csv }
    return name.hasSuffix(".bin") || name.hasSuffix(".oracleGeneral") ? .oracleGeneral : nil
  }

  /// Makes the workload and hands the bytes of the file to `take`, a quarter of a megabyte at a time.
  ///
  /// The next access that oracleGeneral records hold is known only at the end, so the workload is then made twice, the
  /// first time for its object numbers only: 8 bytes a request.
  ///
  /// - Throws: `PolicyFailure` if the parameters are wrong or a value does not fit the format; what `take` throws.
  public func write(_ take: ([UInt8]) throws -> Void) throws {
    var upcoming: [Int32] = []
    if format == .oracleGeneral {
      var first = try WorkloadGenerator(parameters)
      var trace = first.trace(name: "")
      trace.linkRequests()
      upcoming = trace.nextRequests
    }
    let compressor = try TraceCompressor(compression)
    var generator = try WorkloadGenerator(parameters)
    var bytes = format == .csv ? Array(TraceWriter.header.utf8) : []
    var index = 0
    while let request = generator.next() {
      if format == .csv {
        bytes.append(contentsOf: "\(request.second),\(request.key.rawValue),\(request.bytes)\n".utf8)
      } else {
        // Records count requests from 1; -1 is none.
        let next = upcoming[index] == .max ? -1 : Int64(upcoming[index]) + 1
        try TraceWriter.appendRecord(request, next: next, to: &bytes)
      }
      index += 1
      if bytes.count >= TraceWriter.chunkBytes {
        try take(compressor.add(bytes))
        bytes.removeAll(keepingCapacity: true)
      }
    }
    try take(compressor.add(bytes))
    try take(compressor.finish())
  }

  private static func appendRecord(
    _ request: GeneratedRequest, next: Int64, to bytes: inout [UInt8]
  ) throws(PolicyFailure) {
    guard let time = UInt32(exactly: request.second), let size = UInt32(exactly: request.bytes) else {
      throw PolicyFailure("time \(request.second) or size \(request.bytes) does not fit the format's 32 bits")
    }
    append(time, to: &bytes)
    append(request.key.rawValue, to: &bytes)
    append(size, to: &bytes)
    append(UInt64(bitPattern: next), to: &bytes)
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}
