// How simbench measures: CPU time, several interleaved rounds, medians and ratios of medians.
import Glibc

/// CPU time of the calling process in nanoseconds.
func processCPUNanoseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

/// The median; NaN of nothing.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// A number with the given decimals, right-aligned in a column.
func column(_ value: Double, decimals: Int = 1, width: Int = 10) -> String {
  guard value.isFinite else { return pad("-", width) }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = Int64((value.magnitude * scale).rounded())
  let whole = scaled / Int64(scale)
  var fraction = String(scaled % Int64(scale))
  while fraction.count < decimals { fraction = "0" + fraction }
  let text = (value < 0 ? "-" : "") + String(whole) + (decimals > 0 ? "." + fraction : "")
  return pad(text, width)
}

/// Text right-aligned in a column.
func pad(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

/// What went wrong in a benchmark.
struct BenchmarkFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
