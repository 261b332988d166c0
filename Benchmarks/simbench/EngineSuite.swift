// The event queue and typed events beside C++: the hold model against std::priority_queue, PHOLD against a 4-ary heap
// with function pointers. Both sides use the same table of exponential delays and must end in the same state.
import Glibc
import SimEngine

enum EngineSuite {
  static func run(_ arguments: [String]) throws {
    let rounds = arguments.first.flatMap(Int.init) ?? 5
    print("CPU nanoseconds an event, median of \(rounds) interleaved rounds; ratio to the C++ column before it\n")
    try hold(rounds)
    try phold(rounds)
    cancellation(rounds)
  }

  private static func cancellation(_ rounds: Int) {
    print("cancellation   deliver alone   beside 9x cancelled   ratio   whole run alone   with 9x   schedule + cancel")
    for survivors in [1_000, 100_000] {
      var alone: [CancellationModel.Cost] = []
      var beside: [CancellationModel.Cost] = []
      var pair: [Double] = []
      for _ in 0..<rounds {
        alone.append(CancellationModel.run(survivors: survivors, cancelledPerSurvivor: 0))
        beside.append(CancellationModel.run(survivors: survivors, cancelledPerSurvivor: 9))
        pair.append(CancellationModel.scheduleAndCancel(pending: survivors))
      }
      let ratios = zip(beside, alone).map { $0.delivering / $1.delivering }
      print(
        pad("\(survivors)", 9), column(median(alone.map(\.delivering)), width: 18),
        column(median(beside.map(\.delivering)), width: 21), column(median(ratios), decimals: 2, width: 7),
        column(median(alone.map(\.total)), width: 17), column(median(beside.map(\.total)), width: 9),
        column(median(pair), width: 19))
    }
    print()
  }

  private static func hold(_ rounds: Int) throws {
    let peer = try Peer("hold")
    defer { peer.remove() }
    print("hold          std::pq 32 B    std::pq 16 B   4-ary (ours)   radix (ours)   ratio to 32 B   ratio to 16 B")
    for pending in [1_000, 100_000, 1_000_000] {
      let holds = pending == 1_000 ? 4_000_000 : 2_000_000
      var full: [Double] = []
      var slim: [Double] = []
      var heap: [Double] = []
      var radix: [Double] = []
      for _ in 0..<rounds {
        let fullRow = try peer.run(["\(pending)", "\(holds)", "32"])
        let slimRow = try peer.run(["\(pending)", "\(holds)", "16"])
        let heapRow = HoldModel.measure(pending: pending, holds: holds, backing: .heap)
        let radixRow = HoldModel.measure(pending: pending, holds: holds, backing: .radix)
        guard Set([fullRow[1], slimRow[1], heapRow.hash, radixRow.hash]).count == 1 else {
          throw BenchmarkFailure("the queues disagree about the order of events at \(pending) pending")
        }
        full.append(Double(fullRow[0]) ?? .nan)
        slim.append(Double(slimRow[0]) ?? .nan)
        heap.append(heapRow.nanoseconds)
        radix.append(radixRow.nanoseconds)
      }
      print(
        pad("\(pending)", 8), column(median(full), width: 17), column(median(slim), width: 15),
        column(median(heap), width: 14), column(median(radix), width: 14),
        column(median(radix) / median(full), decimals: 2, width: 15),
        column(median(radix) / median(slim), decimals: 2, width: 15))
    }
    print()
  }

  private static func phold(_ rounds: Int) throws {
    let peer = try Peer("phold")
    defer { peer.remove() }
    print("PHOLD         C++ 4-ary   4-ary (ours)   radix (ours)      ratio")
    for pending in [1_000, 100_000, 1_000_000] {
      let events = 2_000_000
      var raw: [Double] = []
      var heap: [Double] = []
      var radix: [Double] = []
      for _ in 0..<rounds {
        let rawRow = try peer.run(["\(pending)", "\(events)"])
        let heapRow = PholdModel.measure(pending: pending, events: events, backing: .heap)
        let radixRow = PholdModel.measure(pending: pending, events: events, backing: .radix)
        guard Set([rawRow[1], heapRow.hash, radixRow.hash]).count == 1 else {
          throw BenchmarkFailure("the PHOLD runs disagree at \(pending) pending")
        }
        raw.append(Double(rawRow[0]) ?? .nan)
        heap.append(heapRow.nanoseconds)
        radix.append(radixRow.nanoseconds)
      }
      print(
        pad("\(pending)", 8), column(median(raw), width: 14), column(median(heap), width: 14),
        column(median(radix), width: 14), column(median(radix) / median(raw), decimals: 2))
    }
    print()
  }
}

/// What one run cost, and a hash of the state in which it ended.
struct EngineRun {
  var nanoseconds: Double
  var hash: String
}

/// Sixteen lower-case hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// The outputs of SplitMix64, as the C++ peers compute them.
struct SplitMix {
  var state: UInt64 = 1
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 65 536 exponential delays with a mean of one second, in nanoseconds; the C library's log, as in the peers.
  mutating func delays() -> [Int64] {
    (0..<65_536).map { _ in Int64(-Glibc.log(1 - Double(next() >> 11) * 0x1p-53) * 1e9) }
  }
}

/// The hold model: take out the earliest event, put it back an exponential delay later.
enum HoldModel {
  enum Event: BitwiseCopyable {
    case arrival(customer: UInt64)
    case departure(customer: UInt32, server: UInt32)
  }

  static func measure(pending: Int, holds: Int, backing: QueueBacking) -> EngineRun {
    var generator = SplitMix()
    let delays = generator.delays()
    var queue = EventQueue<Event>(backing: backing)
    var sequence = 0
    for _ in 0..<pending {
      queue.schedule(.arrival(customer: UInt64(sequence)), after: .nanoseconds(delays[sequence & 65_535]))
      sequence += 1
    }
    hold(&queue, delays, &sequence, min(pending * 2, holds))
    let start = processCPUNanoseconds()
    hold(&queue, delays, &sequence, holds)
    let end = processCPUNanoseconds()
    var hash: UInt64 = 0
    for _ in 0..<1000 {
      guard queue.popNext(before: .distantFuture) != nil else { break }
      hash = (hash ^ UInt64(bitPattern: queue.now.nanoseconds)) &* 0x0000_0100_0000_01b3
    }
    return EngineRun(nanoseconds: (end - start) / Double(holds), hash: hexadecimal(hash))
  }

  private static func hold(_ queue: inout EventQueue<Event>, _ delays: [Int64], _ sequence: inout Int, _ count: Int) {
    delays.withUnsafeBufferPointer { delays in
      for _ in 0..<count {
        guard let event = queue.popNext(before: .distantFuture) else { return }
        queue.schedule(event, after: .nanoseconds(delays[sequence & 65_535]))
        sequence &+= 1
      }
    }
  }
}

/// PHOLD with typed events: 1000 logical processes, a quarter of the events go to another one.
enum PholdModel {
  enum Event: BitwiseCopyable {
    case hop(process: UInt32, hops: UInt32)
    case report(process: UInt32)
  }

  /// xoshiro256++ as in the peer; RandomStream also counts its draws.
  struct Process {
    var stream: (UInt64, UInt64, UInt64, UInt64)
    var handled: UInt64 = 0

    mutating func next() -> UInt64 {
      let sum = stream.0 &+ stream.3
      let result = ((sum << 23) | (sum >> 41)) &+ stream.0
      let t = stream.1 << 17
      stream.2 ^= stream.0
      stream.3 ^= stream.1
      stream.1 ^= stream.2
      stream.0 ^= stream.3
      stream.2 ^= t
      stream.3 = (stream.3 << 45) | (stream.3 >> 19)
      return result
    }
  }

  static func measure(pending: Int, events: Int, backing: QueueBacking) -> EngineRun {
    var generator = SplitMix()
    let delays = generator.delays()
    var processes: [Process] = []
    for _ in 0..<1000 {
      let words = (generator.next(), generator.next(), generator.next(), generator.next())
      processes.append(Process(stream: words))
    }
    var queue = EventQueue<Event>(backing: backing)
    for index in 0..<pending {
      queue.schedule(.hop(process: UInt32(index % 1000), hops: 0), after: .nanoseconds(delays[index & 65_535]))
    }
    advance(&queue, &processes, delays, min(pending * 2, events))
    let start = processCPUNanoseconds()
    advance(&queue, &processes, delays, events)
    let end = processCPUNanoseconds()
    var hash: UInt64 = 0
    for process in processes { hash = (hash ^ process.handled) &* 0x0000_0100_0000_01b3 }
    hash ^= UInt64(bitPattern: queue.now.nanoseconds)
    return EngineRun(nanoseconds: (end - start) / Double(events), hash: hexadecimal(hash))
  }

  private static func advance(
    _ queue: inout EventQueue<Event>, _ processes: inout [Process], _ delays: [Int64], _ count: Int
  ) {
    processes.withUnsafeMutableBufferPointer { processes in
      delays.withUnsafeBufferPointer { delays in
        for _ in 0..<count {
          guard let event = queue.popNext(before: .distantFuture) else { return }
          switch event {
          case .hop(let process, let hops):
            let index = Int(process)
            processes[index].handled += 1
            var target = process
            if Double(processes[index].next() >> 11) * 0x1p-53 < 0.25 {
              target = UInt32(processes[index].next().multipliedFullWidth(by: 1000).high)
            }
            let delay = delays[Int(processes[index].next() & 65_535)]
            queue.schedule(.hop(process: target, hops: hops &+ 1), after: .nanoseconds(delay))
          case .report(let process):
            processes[Int(process)].handled += 1
          }
        }
      }
    }
  }
}
