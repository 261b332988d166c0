import Foundation
import SimEngine
import Testing

/// A small model with everything that a digest must see: random delays, cancellations, ties, levels.
enum TandemQueue {
  enum Event: BitwiseCopyable {
    case arrival
    case departure(station: UInt32)
    case impatience(customer: UInt32)
  }

  static func run(
    seed: UInt64, backing: QueueBacking = .radix, events: Int = 20_000, checkpointExponent: Int? = nil
  ) -> RunDigest {
    var queue = EventQueue<Event>(backing: backing)
    var digest = RunDigest(checkpointExponent: checkpointExponent)
    var arrivals = RandomStream(StreamKey(seed: seed, replication: 0, entity: "door", purpose: "arrivals"))
    var service = RandomStream(StreamKey(seed: seed, replication: 0, entity: "stations", purpose: "service"))
    var waiting = [0, 0]
    var patience: [EventHandle] = []
    queue.schedule(.arrival, after: .zero)
    for _ in 0..<events {
      guard let event = queue.popNext(before: .distantFuture) else { break }
      let draws = arrivals.draws + service.draws
      switch event {
      case .arrival:
        digest.record(time: queue.now, target: 0, kind: 0, draws: draws)
        queue.schedule(.arrival, after: arrivals.exponential(mean: .seconds(1)))
        let customer = UInt32(patience.count)
        patience.append(queue.scheduleCancellable(.impatience(customer: customer), after: .seconds(2)))
        join(0, &queue, &waiting, &service)
      case .departure(let station):
        digest.record(time: queue.now, target: station, kind: 1, draws: draws)
        waiting[Int(station)] -= 1
        if waiting[Int(station)] > 0 { begin(station, &queue, &service) }
        if station == 0 { join(1, &queue, &waiting, &service) }
        if let last = patience.last, service.chance(0.7) { queue.cancel(last) }
      case .impatience(let customer):
        digest.record(time: queue.now, target: customer, kind: 2, draws: draws)
      }
    }
    return digest
  }

  private static func join(
    _ station: UInt32, _ queue: inout EventQueue<Event>, _ waiting: inout [Int], _ service: inout RandomStream
  ) {
    waiting[Int(station)] += 1
    if waiting[Int(station)] == 1 { begin(station, &queue, &service) }
  }

  private static func begin(_ station: UInt32, _ queue: inout EventQueue<Event>, _ service: inout RandomStream) {
    queue.schedule(
      .departure(station: station), after: .seconds(service.lognormal(mean: 0.7, cv: 0.9)))
  }
}

/// Runs the test serially: it changes the environment that child processes inherit.
@Suite(.serialized) struct RunDigestTests {
  static let golden = "38d9848ec5bccd7a"

  @Test("the digest of a fixed model is the recorded one, with either queue", arguments: QueueBacking.allCases)
  func goldenDigest(backing: QueueBacking) {
    #expect(TandemQueue.run(seed: 1, backing: backing).hex == Self.golden)
  }

  @Test("a fresh process computes the same digest, also with FMA and AVX masked")
  func sameInEveryProcess() async {
    // The masked child must really run another C library path where this CPU has one: its `exp` tells.
    for tunables in [nil, "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX"] {
      if let tunables { setenv("GLIBC_TUNABLES", tunables, 1) }
      let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        print(
          "digest=\(TandemQueue.run(seed: 1).hex) ours=\(ArithmeticHash.deterministic(count: 20_000))",
          "libm=\(ArithmeticHash.library(count: 20_000))")
      }
      unsetenv("GLIBC_TUNABLES")
      let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
      #expect(output.contains("digest=\(Self.golden) ours=\(ArithmeticHash.deterministic(count: 20_000)) "))
      let libraryAgrees = output.contains("libm=\(ArithmeticHash.library(count: 20_000))")
      #expect(libraryAgrees == (tunables == nil || !cpuHasFMA), "the mask did not reach the C library")
    }
  }

  private var cpuHasFMA: Bool {
    let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return information.contains(" fma ") && information.contains(" avx2 ")
  }

  @Test("another seed gives another digest")
  func seedsDiffer() {
    let digests = (1...50).map { TandemQueue.run(seed: $0, events: 200).value }
    #expect(Set(digests).count == 50)
  }

  @Test("any change of one event changes the digest")
  func noticesEveryIngredient() {
    typealias Step = (time: Int64, target: UInt32, kind: UInt8, draws: UInt64)
    let base = (0..<20).map { (step: Int) -> Step in
      (time: Int64(step) * 1000, target: UInt32(step % 3), kind: UInt8(step % 5), draws: UInt64(step))
    }
    func digest(_ steps: [Step]) -> UInt64 {
      var digest = RunDigest()
      for step in steps {
        digest.record(time: SimTime(nanoseconds: step.time), target: step.target, kind: step.kind, draws: step.draws)
      }
      return digest.value
    }
    var variants = [digest(base), digest(Array(base.dropLast())), digest(Array(base.dropFirst()))]
    for index in base.indices {
      for change in 0..<5 {
        var steps = base
        switch change {
        case 0: steps[index].time += 1
        case 1: steps[index].target += 1
        case 2: steps[index].kind += 1
        case 3: steps[index].draws += 1
        default: if index > 0 { steps.swapAt(index, index - 1) } else { steps.append(base[0]) }
        }
        variants.append(digest(steps))
      }
    }
    #expect(Set(variants).count == variants.count)
  }

  @Test("checkpoints narrow a difference down to the block that holds it")
  func bisects() {
    func digest(changing changed: Int?) -> RunDigest {
      var digest = RunDigest(checkpointExponent: 4)
      for step in 0..<1000 {
        let time = SimTime(nanoseconds: Int64(step) + (step == changed ? 1 : 0))
        digest.record(time: time, target: 1, kind: 2, draws: 3)
      }
      return digest
    }
    let plain = digest(changing: nil)
    #expect(plain.checkpoints.count == 62 && plain.checkpointInterval == 16)
    #expect(plain.firstDifference(from: digest(changing: nil)) == nil)
    for changed in [0, 15, 16, 500, 991, 999] {
      let range = plain.firstDifference(from: digest(changing: changed))
      #expect(range.map { $0.contains(UInt64(changed)) && $0.count <= 16 } == true)
    }
    let unmarked = TandemQueue.run(seed: 1, events: 100)
    #expect(unmarked.firstDifference(from: TandemQueue.run(seed: 2, events: 100)) == 0..<100)
  }

  @Test("merging partitions depends on their order and on everything in them")
  func merges() {
    func merged(_ seeds: [UInt64]) -> RunDigest {
      var digest = RunDigest()
      for seed in seeds { digest.merge(TandemQueue.run(seed: seed, events: 100)) }
      return digest
    }
    #expect(merged([1, 2]) == merged([1, 2]))
    #expect(merged([1, 2]).eventCount == 200)
    #expect(Set([merged([1, 2]), merged([2, 1]), merged([1, 3]), merged([1])].map(\.value)).count == 4)
    #expect(merged([1]).hex.count == 16)
  }
}
