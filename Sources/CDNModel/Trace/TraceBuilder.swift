/// Collects requests into a `RequestTrace`: checks them, gives objects their numbers.
///
/// Requests are taken in batches: the names of a batch are looked up together, and the trace's arrays grow once a batch.
struct TraceBuilder: ~Copyable, @unchecked Sendable {
  private static let batch = 256

  private var numbers = ObjectNumbers()
  private(set) var trace: RequestTrace
  private let limit: Int
  private var taken = 0
  private var lastTime = -Double.infinity
  /// Names and sizes that are not in the trace yet, and the numbers of the names.
  private let pendingKeys: UnsafeMutablePointer<UInt64>
  private let pendingBytes: UnsafeMutablePointer<Int64>
  private let pendingNumbers: UnsafeMutablePointer<Int32>
  private var pendingCount = 0

  init(name: String, limit: Int?, expectedRequests: Int) {
    trace = RequestTrace(name: name)
    self.limit = min(limit ?? .max, Int(Int32.max) - 1)
    let reserve = min(expectedRequests, self.limit)
    trace.ids.reserveCapacity(reserve)
    trace.bytes.expectedCount = reserve
    trace.ids.withUnsafeMutableBufferPointer { ZeroedMemory.adviseHugePages($0.baseAddress, byteCount: 4 * reserve) }
    pendingKeys = .allocate(capacity: TraceBuilder.batch)
    pendingBytes = .allocate(capacity: TraceBuilder.batch)
    pendingNumbers = .allocate(capacity: TraceBuilder.batch)
  }

  deinit {
    pendingKeys.deallocate()
    pendingBytes.deallocate()
    pendingNumbers.deallocate()
  }

  /// Whether as many requests as wanted have been taken.
  var isFull: Bool { taken >= limit }

  /// What is wrong with a request, nil if nothing is.
  @inline(__always)
  mutating func append(time: Double, key: UInt64, bytes: Int64) -> String? {
    if time < lastTime { return "time \(time) comes after \(lastTime): requests must be in order of time" }
    lastTime = time
    if bytes <= 0 {
      if bytes < 0 { return "a negative size: \(bytes)" }
      trace.skippedZeroSizes += 1
      return nil
    }
    if bytes > ObjectWord.largestBytes { return "size \(bytes) is beyond 2^48 bytes" }
    pendingKeys[pendingCount] = key
    pendingBytes[pendingCount] = bytes
    pendingCount += 1
    taken += 1
    if pendingCount == TraceBuilder.batch { takePending() }
    return nil
  }

  private mutating func takePending() {
    numbers.find(UnsafeBufferPointer(start: pendingKeys, count: pendingCount), into: pendingNumbers)
    trace.ids.append(contentsOf: UnsafeBufferPointer(start: pendingNumbers, count: pendingCount))
    trace.bytes.append(contentsOf: UnsafeBufferPointer(start: pendingBytes, count: pendingCount))
    var sum: Int64 = 0
    for index in 0..<pendingCount { sum &+= pendingBytes[index] }
    trace.unsampledBytes += sum
    pendingCount = 0
  }

  /// The trace, complete.
  mutating func finish() -> RequestTrace {
    takePending()
    trace.keys = numbers.keys()
    trace.unsampledCount = trace.ids.count
    return trace
  }
}
