import BackendModel
import SimEngine
import Testing

@Suite struct ObjectStoreTests {
  private func store(_ change: (inout ObjectStoreSettings) -> Void, seed: UInt64 = 1) -> ObjectStore {
    var settings = ObjectStoreSettings()
    settings.firstByte = constant(20)
    settings.durability.groups = 1
    change(&settings)
    return ObjectStore(settings, streams: streams(seed: seed))
  }

  @Test("a GET takes its first byte and its transfer")
  func get() {
    var store = store { $0.transferBitsPerSecond = 8_000_000 }
    #expect(
      store.get(key: 1, bytes: 1_000_000, at: .zero) == .sending(firstByte: .ms(20), lastByte: .ms(1_020)))
    #expect(store.sentBytes == 1_000_000)
  }

  @Test("one hot prefix is throttled at its rate, spread keys are not")
  func throttling() {
    func throttled(_ key: (Int) -> UInt64) -> Int64 {
      var store = store {
        $0.prefixes = 16
        $0.requestsPerPrefix = 100
        $0.requestBurst = 100
      }
      // A thousand a second for ten seconds.
      for request in 0..<10_000 {
        _ = store.get(key: key(request), bytes: 1, at: .ms(Int64(request)))
      }
      #expect(store.invariantViolation == nil)
      return store.totals[.rateLimited]
    }
    // The hot prefix answers its burst and a hundred a second.
    #expect((8_895...8_905).contains(throttled { _ in 5 }))
    #expect(throttled { UInt64($0) } == 0)
  }

  @Test("a prefix sends no faster than its rate, in the order of the requests")
  func prefixRate() {
    var store = store {
      $0.prefixes = 1
      $0.prefixBitsPerSecond = 8_000_000
      $0.transferBitsPerSecond = 80_000_000
    }
    for request in 0..<5 {
      guard case .sending(_, let last) = store.get(key: UInt64(request), bytes: 1_000_000, at: .zero) else { continue }
      #expect(last == .ms(20 + 1_000 * Int64(request + 1)))
    }
  }

  @Test("a group survives as many lost devices as it has parity, and shards are conserved")
  func durability() {
    var store = store {
      $0.durability.dataShards = 2
      $0.durability.parityShards = 1
      $0.durability.devices = 3
      $0.durability.objects = 1_000
      $0.durability.annualFailureShare = 0
      $0.durability.repair = constant(1_000)
    }
    var queue = BackendQueue()
    store.start(&queue)
    #expect(queue.nextTime() == nil)
    store.failDevice(0, &queue)
    store.failDevice(0, &queue)
    #expect(store.shardsLost == 1 && store.groupsLost == 0)
    while let event = queue.popNext(before: .distantFuture) {
      if case .objects(let timer) = event { store.handle(timer, &queue) }
    }
    #expect(store.shardsRepaired == 1 && queue.now == .seconds(1))
    store.failDevice(1, &queue)
    store.failDevice(2, &queue)
    #expect(store.groupsLost == 1 && store.objectsLost == 1_000)
    while let event = queue.popNext(before: .distantFuture) {
      if case .objects(let timer) = event { store.handle(timer, &queue) }
    }
    #expect(store.groupsLost == 1 && store.invariantViolation == nil)
  }

  @Test("two copies live as long as the birth-death chain says: (3 failure + repair) / (2 failure^2)")
  func meanTimeToDataLoss() {
    let yearSeconds = 31_557_600.0
    let failuresPerYear = 10.0
    let repairSeconds: Int64 = 1_000_000
    let lifetimes = (1...400).map { seed in
      var store = store(
        {
          $0.durability.dataShards = 1
          $0.durability.parityShards = 1
          $0.durability.devices = 2
          $0.durability.annualFailureShare = failuresPerYear
          $0.durability.repair = exponential(repairSeconds * 1_000)
        }, seed: UInt64(seed))
      var queue = BackendQueue()
      store.start(&queue)
      while store.groupsLost == 0, let event = queue.popNext(before: .distantFuture) {
        if case .objects(let timer) = event { store.handle(timer, &queue) }
      }
      return queue.now.seconds
    }
    let failure = failuresPerYear / yearSeconds
    let repair = 1 / Double(repairSeconds)
    let exact = (3 * failure + repair) / (2 * failure * failure)
    let estimate = Estimate(replications: lifetimes)
    #expect((estimate.mean - exact).magnitude < 2 * (estimate.halfWidth ?? 0), "\(estimate), exact \(exact)")
  }
}
