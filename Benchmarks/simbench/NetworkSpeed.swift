// `simbench network`: completions a second and memory of both engines under a crowd that fetches segments.

import Glibc
import NetModel
import SimEngine

/// Viewers who fetch a segment of 1.5 MB every 4 s through one of five access classes and a link shared by some.
struct SegmentCrowd {
  static let classCaps = [5.0, 10, 20, 50, 100].map { BitRate(mbps: $0) }
  static let segmentBytes: Int64 = 1_500_000
  static let period = SimDuration.seconds(4)

  var viewers: Int
  var links: Int
  var duration: SimTime

  var viewersPerLink: Int { viewers / links }
  var linkCapacity: BitRate { BitRate(mbps: 4 * Double(viewersPerLink)) }

  struct Outcome {
    var completed = 0
    var startedBytes: Int64 = 0
    var completedBytes: Int64 = 0
    var mostActive = 0
    var cpuSeconds = 0.0
    /// Memory of the whole process at the end of the run.
    var residentMegabytes = 0.0

    var completionsPerCPUSecond: Double { Double(completed) / cpuSeconds }
  }

  private enum Event: BitwiseCopyable {
    case fetch(viewer: UInt32)
    case link(UInt32)
  }

  /// One edge link for each group of viewers, all on one event queue.
  func runOnEdgeLinks() -> Outcome {
    let edge = UnsafeMutablePointer<EdgeLink>.allocate(capacity: links)
    for index in 0..<links {
      (edge + index).initialize(to: EdgeLink(capacity: linkCapacity, classCaps: Self.classCaps))
    }
    defer {
      edge.deinitialize(count: links)
      edge.deallocate()
    }
    var alarms = [CompletionAlarm](repeating: CompletionAlarm(), count: links)
    var queue = EventQueue<Event>()
    schedule { queue.schedule(.fetch(viewer: $0), at: $1) }
    var outcome = Outcome()
    var active = 0
    let start = processCPUSeconds()
    while let event = queue.popNext(before: duration) {
      let now = queue.now
      let link: Int
      switch event {
      case .fetch(let viewer):
        link = Int(viewer) / viewersPerLink
        _ = edge[link].startFlow(
          bytes: Self.segmentBytes, capClass: Int(viewer) % Self.classCaps.count, owner: viewer, at: now)
        outcome.startedBytes += Self.segmentBytes
        active += 1
        outcome.mostActive = max(outcome.mostActive, active)
        queue.schedule(event, after: Self.period)
      case .link(let index):
        link = Int(index)
        guard alarms[link].rings(at: now) else { continue }
        while edge[link].popCompleted(at: now) != nil {
          outcome.completed += 1
          active -= 1
        }
      }
      if let next = alarms[link].move(to: edge[link].nextCompletion) {
        queue.schedule(.link(UInt32(link)), at: next)
      }
    }
    outcome.cpuSeconds = processCPUSeconds() - start
    outcome.residentMegabytes = residentMegabytes()
    for index in 0..<links { outcome.completedBytes += edge[index].completedBytes }
    return outcome
  }

  /// The same crowd on the general engine: a route a viewer, so that no two flows are known to be alike.
  func runOnSharedNetwork() -> Outcome {
    var network = SharedNetwork()
    for _ in 0..<links { _ = network.addLink(capacity: linkCapacity) }
    for viewer in 0..<viewers {
      _ = network.addRoute(path: [viewer / viewersPerLink], cap: Self.classCaps[viewer % Self.classCaps.count])
    }
    var alarm = CompletionAlarm()
    var queue = EventQueue<Event>()
    schedule { queue.schedule(.fetch(viewer: $0), at: $1) }
    var outcome = Outcome()
    let start = processCPUSeconds()
    while let event = queue.popNext(before: duration) {
      let now = queue.now
      switch event {
      case .fetch(let viewer):
        _ = network.startFlow(bytes: Self.segmentBytes, route: Int(viewer), owner: viewer, at: now)
        outcome.startedBytes += Self.segmentBytes
        queue.schedule(event, after: Self.period)
      case .link:
        guard alarm.rings(at: now) else { continue }
        while network.popCompleted(at: now) != nil { outcome.completed += 1 }
      }
      if let next = alarm.move(to: network.nextCompletion) { queue.schedule(.link(0), at: next) }
    }
    outcome.cpuSeconds = processCPUSeconds() - start
    outcome.completedBytes = network.completedBytes
    return outcome
  }

  /// First fetches spread evenly at random over a period.
  private func schedule(_ place: (UInt32, SimTime) -> Void) {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "crowd", purpose: "first fetch"))
    for viewer in 0..<viewers {
      place(UInt32(viewer), .seconds(stream.uniform() * Self.period.seconds))
    }
  }
}

/// CPU time of this process so far.
func processCPUSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Memory of this process that is in RAM, in MB.
func residentMegabytes() -> Double {
  guard let file = fopen("/proc/self/statm", "r") else { return .nan }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return .nan }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let fields = text.split(separator: " ")
  guard fields.count > 1, let pages = Double(fields[1]) else { return .nan }
  return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6
}
