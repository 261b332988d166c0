import SimEngine
import Testing

@testable import ClusterModel

@Suite("Small ledgers")
struct LedgerTests {
  @Test("ranges of numbers are the set that they stand for", arguments: 0..<20)
  func ranges(seed: Int) {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "ranges", purpose: "test"))
    var ranges = NumberRanges()
    var set: Set<Int64> = []
    var next: Int64 = 0
    for _ in 0..<400 {
      if random.chance(0.6) {
        next += random.chance(0.8) ? 1 : 3
        ranges.append(next)
        set.insert(next)
      } else {
        let number = Int64(random.below(UInt64(next + 2)))
        ranges.remove(number)
        set.remove(number)
      }
      let bound = Int64(random.below(UInt64(next + 2)))
      #expect(ranges.count(after: bound) == Int64(set.count { $0 > bound }))
    }
  }

  @Test("words about suspects are counted as a plain list of them counts", arguments: 0..<20)
  func reports(seed: Int) {
    var random = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "reports", purpose: "test"))
    var reports = FailureReports()
    var list: [(subject: Int, reporter: Int, time: Int64)] = []
    for time in 1...400 as ClosedRange<Int64> {
      let subject = random.below(4)
      let reporter = random.below(7)
      switch random.below(10) {
      case 0..<6:
        reports.add(subject, by: reporter, at: time, nodes: 7)
        list.removeAll { $0.subject == subject && $0.reporter == reporter }
        list.append((subject, reporter, time))
      case 6..<8:
        let remain = reports.withdraw(subject, by: reporter)
        list.removeAll { $0.subject == subject && $0.reporter == reporter }
        #expect(remain == list.contains { $0.subject == subject })
      case 8:
        let before = Set(list.map(\.subject))
        list.removeAll { $0.subject == subject || $0.reporter == subject }
        var emptied: Set<Int> = []
        reports.forget(subject) { emptied.insert($0) }
        #expect(emptied == before.subtracting(list.map(\.subject)))
      default:
        list.removeAll { $0.subject == subject && $0.time < time - 60 }
        #expect(reports.count(subject, since: time - 60) == list.count { $0.subject == subject })
      }
    }
  }

  @Test("what waits for an acknowledgement leaves together with it")
  func nagle() {
    var queue = NagleQueue()
    #expect(queue.departure(at: 0, isAnswered: false, acknowledgedAfter: 44) == 0)
    for time in 1...43 as ClosedRange<Int64> {
      #expect(queue.departure(at: time, isAnswered: false, acknowledgedAfter: 44) == 44)
    }
    // They in turn are acknowledged 44 later, whatever their number.
    #expect(queue.departure(at: 60, isAnswered: false, acknowledgedAfter: 44) == 88)
    #expect(queue.departure(at: 140, isAnswered: false, acknowledgedAfter: 44) == 140)
  }

  @Test("an answered message acknowledges all that left with it")
  func answered() {
    var queue = NagleQueue()
    #expect(queue.departure(at: 0, isAnswered: true, acknowledgedAfter: 44) == 0)
    #expect(queue.departure(at: 1, isAnswered: false, acknowledgedAfter: 44) == 1)
    #expect(queue.departure(at: 2, isAnswered: true, acknowledgedAfter: 44) == 45)
    #expect(queue.departure(at: 3, isAnswered: false, acknowledgedAfter: 44) == 45)
    #expect(queue.departure(at: 46, isAnswered: false, acknowledgedAfter: 44) == 46)
  }
}
