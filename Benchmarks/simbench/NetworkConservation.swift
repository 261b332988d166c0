// Bytes are conserved: what a network says it has delivered is what was asked of it, to the byte.

import NetModel
import SimEngine

/// Random starts, completions, cancellations, extensions and capacity changes, with a ledger beside the network.
struct ConservationRun {
  var operations: Int
  var seed: UInt64 = 1

  struct Ledger {
    var completedFlows = 0
    var completedBytes: Int64 = 0
    var cancelledBytes: Int64 = 0
    var carriedBytes: Int64 = 0

    /// Whether every byte is accounted for, given the network's own sum over completed flows.
    func isConserved(completedBytes networkSum: Int64) -> Bool {
      networkSum == completedBytes && completedBytes + cancelledBytes == carriedBytes
    }
  }

  /// Flows present, found by owner.
  private struct Present {
    var ids: [FlowID] = []
    var bytes: [Int64] = []
    var owners: [UInt32] = []
    var places: [Int32]

    init(capacity: Int) { places = [Int32](repeating: -1, count: capacity) }

    var count: Int { ids.count }

    mutating func add(_ id: FlowID, bytes size: Int64, owner: UInt32) {
      places[Int(owner)] = Int32(ids.count)
      ids.append(id)
      bytes.append(size)
      owners.append(owner)
    }

    /// Takes one out; its bytes.
    mutating func remove(at place: Int) -> Int64 {
      let size = bytes[place]
      places[Int(owners[place])] = -1
      let last = ids.count - 1
      if place != last {
        (ids[place], bytes[place], owners[place]) = (ids[last], bytes[last], owners[last])
        places[Int(owners[place])] = Int32(place)
      }
      ids.removeLast()
      bytes.removeLast()
      owners.removeLast()
      return size
    }
  }

  func run<Network: FlowNetwork & ~Copyable>(on network: inout Network, routes: Int) -> Ledger {
    var stream = RandomStream(StreamKey(seed: seed, replication: 0, entity: "network", purpose: "conservation"))
    var ledger = Ledger()
    var present = Present(capacity: operations)
    var now = SimTime.zero

    func complete(through limit: SimTime?) {
      while let due = network.nextCompletion, limit.map({ due <= $0 }) ?? true {
        while let done = network.popCompleted(at: due) {
          ledger.completedBytes += present.remove(at: Int(present.places[Int(done.owner)]))
          ledger.completedFlows += 1
        }
        now = due
      }
    }

    for operation in 0..<operations {
      let until = now + .nanoseconds(Int64(stream.below(1_600_000)))
      complete(through: until)
      now = until
      switch stream.below(20) {
      case 0..<13:
        let bytes = stream.below(10) == 0 ? 0 : Int64(stream.below(20_000))
        let owner = UInt32(operation)
        let id = network.startFlow(bytes: bytes, route: stream.below(routes), owner: owner, at: now)
        present.add(id, bytes: bytes, owner: owner)
      case 13..<15 where present.count > 0:
        let place = stream.below(present.count)
        ledger.cancelledBytes += network.cancel(present.ids[place], at: now) ?? .min
        _ = present.remove(at: place)
      case 15..<18 where present.count > 0:
        let place = stream.below(present.count)
        if network.extend(present.ids[place], by: 1000, at: now) { present.bytes[place] += 1000 }
      default:
        // Never zero, so that every flow is complete in the end.
        network.setCapacity(BitRate(mbps: stream.uniform(from: 60, to: 140)), ofLink: 0, at: now)
      }
    }
    complete(through: nil)
    ledger.carriedBytes = network.carriedBytes(byLink: 0, at: now)
    return ledger
  }
}
