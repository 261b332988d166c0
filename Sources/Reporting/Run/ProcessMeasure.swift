// What a run cost on this machine. These figures differ from run to run, so they stand apart in run.json.

import Glibc

/// Clock, processor time and memory of this process.
public struct ProcessMeasure: Sendable, Equatable {
  /// Start of the measurement, UTC, as RFC 3339 has it.
  public var startedAt: String
  /// Wall-clock time, in seconds.
  public var wallSeconds: Double
  /// Processor time of all threads, user and system, in seconds.
  public var cpuSeconds: Double
  /// Largest resident memory of the process, in bytes.
  public var peakMemoryBytes: Int64
  /// Name of the machine.
  public var host: String
  /// Operating system and architecture.
  public var system: String
  /// Names this very build of the tool on this machine: size and time of the executable file.
  public var program: String

  /// A running measurement.
  public struct Start: Sendable {
    let wall: timespec
    let steady: timespec
    let cpuSeconds: Double
  }

  /// Starts measuring.
  public static func start() -> Start {
    Start(wall: time(CLOCK_REALTIME), steady: time(CLOCK_MONOTONIC), cpuSeconds: usage().cpuSeconds)
  }

  /// What has been used since.
  public init(since start: Start) {
    let now = Self.time(CLOCK_MONOTONIC)
    let usage = Self.usage()
    startedAt = Self.text(start.wall)
    wallSeconds =
      Double(now.tv_sec - start.steady.tv_sec) + Double(now.tv_nsec - start.steady.tv_nsec) * 1e-9
    cpuSeconds = usage.cpuSeconds - start.cpuSeconds
    peakMemoryBytes = usage.peakBytes
    var name = utsname()
    uname(&name)
    host = Self.text(&name.nodename)
    system = "\(Self.text(&name.sysname)) \(Self.text(&name.release)) \(Self.text(&name.machine))"
    program = Self.program()
  }

  /// Size and time of the executable file.
  public static func program() -> String {
    var status = stat()
    guard stat("/proc/self/exe", &status) == 0 else { return "unknown" }
    return "\(status.st_size) bytes of \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }

  private static func time(_ clock: clockid_t) -> timespec {
    var time = timespec()
    clock_gettime(clock, &time)
    return time
  }

  private static func usage() -> (cpuSeconds: Double, peakBytes: Int64) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return (Double(seconds) + Double(microseconds) * 1e-6, Int64(usage.ru_maxrss) * 1024)
  }

  private static func text(_ time: timespec) -> String {
    var seconds = time.tv_sec
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    return "\(date)T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
  }

  private static func text<Field>(_ field: inout Field) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
