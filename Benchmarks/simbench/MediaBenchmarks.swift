// `simbench media`: reads large media files beside ffprobe and prints CPU seconds of both from one run.

import Glibc
import MediaFormats

/// Runs the media benchmarks.
///
/// - Parameter arguments: `--folder PATH` for the inputs (default under the temporary folder), `--repetitions N`,
///   `--no-peers` to leave ffprobe out.
func runMediaBenchmarks(arguments: [String]) throws {
  var folder = "/tmp/simbench-media"
  var repetitions = 5
  var usesPeers = true
  var rest = arguments[...]
  while let argument = rest.popFirst() {
    switch argument {
    case "--folder": folder = rest.popFirst() ?? folder
    case "--repetitions": repetitions = rest.popFirst().flatMap(Int.init) ?? repetitions
    case "--no-peers": usesPeers = false
    default: throw MediaError(.value, at: 0, "unknown option \(argument)")
    }
  }
  let inputs = try MediaInputs(folder: folder)
  let probe =
    usesPeers
    ? ["/usr/bin/ffprobe", "/usr/local/bin/ffprobe"].first { (path: String) in access(path, X_OK) == 0 } : nil
  print("case,work,simrun_cpu_s,per_item_us,ffprobe_headers_cpu_s,ffprobe_packets_cpu_s,times_faster_than_packets")
  try measure("many", inputs.manySamples, MediaInputs.samples, "samples", repetitions, probe) { file in
    var sum: Int64 = 0
    for track in file.tracks { for sample in track.samples.samples { sum &+= sample.offset ^ Int64(sample.size) } }
    return sum
  }
  try measure("boxes", inputs.manyBoxes, MediaInputs.smallFragments * 7, "boxes", repetitions, probe) { file in
    Int64(file.tree.records.count)
  }
  try measure("progressive", inputs.progressive, MediaInputs.samples, "samples", repetitions, probe) { file in
    var sum: Int64 = 0
    for track in file.tracks { for sample in track.samples.samples { sum &+= sample.offset ^ Int64(sample.size) } }
    return sum
  }
  try measure("large", inputs.large, 1, "file", repetitions, probe) { file in Int64(file.tree.records.count) }
}

/// Times one file: the median of several readings, every sample visited, against one run of ffprobe each way.
private func measure(
  _ name: String, _ path: String, _ items: Int, _ unit: String, _ repetitions: Int, _ probe: String?,
  _ visit: (MediaFile) -> Int64
) throws {
  var times: [Double] = []
  var checksum: Int64 = 0
  for _ in 0..<max(1, repetitions) {
    let start = cpuSeconds(CLOCK_PROCESS_CPUTIME_ID)
    let file = try MediaFile(path: path)
    checksum ^= visit(file)
    times.append(cpuSeconds(CLOCK_PROCESS_CPUTIME_ID) - start)
  }
  guard checksum != Int64.min else { return }
  let median = times.sorted()[times.count / 2]
  var row = "\(name),\(items) \(unit),\(rounded(median)),\(rounded(median / Double(items) * 1e6))"
  if let probe {
    let headers = childSeconds([probe, "-v", "quiet", "-show_streams", path])
    let packets = childSeconds([probe, "-v", "quiet", "-show_packets", "-of", "csv", path])
    row += ",\(rounded(headers)),\(rounded(packets)),\(rounded(packets / median))"
  } else {
    row += ",,,"
  }
  print(row)
}

private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

private func cpuSeconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// User and system CPU seconds of a command, its output thrown away.
private func childSeconds(_ command: [String]) -> Double {
  func used() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_CHILDREN.rawValue, &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }
  let before = used()
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  for output: Int32 in [1, 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
  defer { posix_spawn_file_actions_destroy(&actions) }
  var pointers = command.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  var process = pid_t()
  guard posix_spawn(&process, command[0], &actions, nil, &pointers, environ) == 0 else { return .nan }
  var status: Int32 = 0
  waitpid(process, &status, 0)
  return used() - before
}
