/// Writes requests as trace files.
public enum TraceWriter {
  /// The header line of CSV traces.
  public static let header = "time,obj_id,obj_size\n"

  /// Appends a request as a CSV line `time,obj_id,obj_size`.
  public static func appendCSV(_ request: GeneratedRequest, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: "\(request.second),\(request.key.rawValue),\(request.bytes)\n".utf8)
  }

  /// Appends a request as a record of the oracleGeneral format, with the next access unknown (-1).
  ///
  /// - Throws: `PolicyFailure` if time or size do not fit 32 bits.
  public static func appendOracleGeneral(
    _ request: GeneratedRequest, to bytes: inout [UInt8]
  ) throws(PolicyFailure) {
    guard let time = UInt32(exactly: request.second), let size = UInt32(exactly: request.bytes) else {
      throw PolicyFailure("time \(request.second) or size \(request.bytes) does not fit the format's 32 bits")
    }
    append(time, to: &bytes)
    append(request.key.rawValue, to: &bytes)
    append(size, to: &bytes)
    append(UInt64.max, to: &bytes)
  }

  private static func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}
