import Foundation
import SimEngine
import Testing

private let tablePath = URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("../shared/reference/net/queueing.csv").path

@Suite struct QueueingStudyTests {
  #if DEBUG
    /// Unoptimized code is 15 times slower: only small systems, and shorter runs of them.
    static let largestSystem = 8
    static let largestLoad = 0.71
  #else
    static let largestSystem = 500
    static let largestLoad = 0.951
  #endif

  @Test(
    "every row of the table of closed forms lies where the intervals say",
    .enabled(if: FileManager.default.fileExists(atPath: tablePath), "reference/net/queueing.csv is not here"))
  func agreesWithClosedForms() throws {
    let text = try String(contentsOfFile: tablePath, encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let header = try #require(lines.first).map(String.init)
    var compared = 0
    var covered = 0
    for fields in lines.dropFirst() {
      let row = Dictionary(uniqueKeysWithValues: zip(header, fields.map(String.init)))
      func number(_ name: String) -> Double? { row[name].flatMap(Double.init) }
      let model = try #require(QueueingModel(rawValue: row["model"] ?? ""))
      let servers = Int(number("c") ?? 1)
      let load = try #require(number("rho"))
      guard servers <= Self.largestSystem, load <= Self.largestLoad || !model.isUnlimited else { continue }
      let scv = row["cs2"] == "any" ? 4 : number("cs2")
      func study(_ customers: Int?) throws -> QueueingStudy {
        try QueueingStudy(
          model: model, arrivalRate: try #require(number("lam")), serviceRate: try #require(number("mu")),
          servers: model.takesServers ? servers : nil, capacity: number("K").map { Int($0) },
          serviceSCV: model.takesServiceVariability ? scv : nil, customers: customers)
      }
      // A fraction of the default: short runs have wide intervals, and these must hold too.
      let customers = max(20_000, try study(nil).customers / (servers > 64 ? 4 : 16))
      let result = try study(customers).run(jobs: ReplicationPool.processors)
      let figures: [(String, Estimate?)] = [
        ("L", result.inSystem), ("Lq", result.waiting), ("W", result.sojourn), ("Wq", result.wait),
        ("Pwait", result.delayProbability), ("Ploss", result.lossProbability),
      ]
      for (name, estimate) in figures {
        // Rarer than once in a thousand arrivals, a short run may not see it at all.
        guard let exact = number(name), exact > 1e-3, let estimate, let halfWidth = estimate.halfWidth else { continue }
        compared += 1
        if estimate.interval?.contains(exact) == true { covered += 1 }
        // Five standard errors of a t with 19 degrees of freedom: one false alarm in ten thousand figures. Figures that
        // hardly vary (a deterministic service) may differ by rounding.
        let standardErrors = (estimate.mean - exact).magnitude / max(halfWidth / 2.093, 1e-9)
        #expect(standardErrors < 5, "\(fields.prefix(6)): \(name) = \(estimate), exact \(exact)")
      }
    }
    // 95 % of them, give or take; figures of one row are correlated.
    #expect(Double(covered) >= 0.90 * Double(compared), "\(covered) of \(compared) intervals cover the exact value")
    #expect(compared > 40)
  }

  @Test("95 % intervals of M/M/1, M/D/1 and M/M/4 cover the truth about 95 times in 100")
  func coverage() throws {
    #if DEBUG
      let seeds = 40
    #else
      let seeds = 200
    #endif
    // W of M/M/1 at 0.5, M/D/1 at 0.5 and M/M/4 at 0.5 (Erlang C = 0.173913).
    for (model, servers, exact) in [
      (QueueingModel.mm1, 1, 2.0), (.md1, 1, 1.5), (.mmc, 4, 1.0869565217391304),
    ] {
      var covered = 0
      for seed in 1...seeds {
        let study = try QueueingStudy(
          model: model, arrivalRate: 0.5 * Double(servers), serviceRate: 1, servers: servers, customers: 2000,
          replications: 10, seed: UInt64(seed))
        if study.run(jobs: 2).sojourn.interval?.contains(exact) == true { covered += 1 }
      }
      // Binomial(200, 0.95) leaves 181 ... 198 once in a thousand times; binomial(40, 0.95) 32 ... 40.
      #expect(Double(covered) >= (seeds == 40 ? 0.80 : 0.905) * Double(seeds), "\(model) \(covered) of \(seeds)")
      #expect(seeds == 40 || covered < seeds, "\(model): intervals too wide to miss even once")
    }
  }

  @Test("neither the number of threads nor the queue changes a bit of the result")
  func sameBytes() throws {
    var study = try QueueingStudy(
      model: .mg1, arrivalRate: 0.7, serviceRate: 1, serviceSCV: 0.25, customers: 3000, replications: 7)
    let alone = study.run(jobs: 1)
    #expect(study.run(jobs: 2) == alone)
    #expect(study.run(jobs: 16) == alone)
    study.backing = .heap
    #expect(study.run(jobs: 3) == alone)
    let other = try QueueingStudy(
      model: .mg1, arrivalRate: 0.7, serviceRate: 1, serviceSCV: 0.25, customers: 3000, replications: 7, seed: 2)
    #expect(other.run(jobs: 2) != alone)
  }

  @Test("the unit of time does not matter: a thousand times faster rates give a thousandth of the times")
  func scales() throws {
    let slow = try QueueingStudy(model: .mm1, arrivalRate: 0.5, serviceRate: 1, customers: 2000, replications: 3)
    let fast = try QueueingStudy(model: .mm1, arrivalRate: 5e8, serviceRate: 1e9, customers: 2000, replications: 3)
    let (one, other) = (slow.run(), fast.run())
    #expect((one.sojourn.mean / other.sojourn.mean / 1e9 - 1).magnitude < 1e-6)
    #expect((one.inSystem.mean / other.inSystem.mean - 1).magnitude < 1e-6)
  }

  @Test("a load of one or more without limit is refused with the reason, with a limit it is fine")
  func refusesUnstable() throws {
    for model in QueueingModel.allCases where model.isUnlimited {
      let error = #expect(throws: QueueingError.self) {
        try QueueingStudy(model: model, arrivalRate: 1, serviceRate: 1, servers: model.takesServers ? 1 : nil)
      }
      #expect(error == .unstable(model: model, load: 1))
      #expect(error?.description.contains("grows without bound") == true)
    }
    _ = try QueueingStudy(model: .mm1k, arrivalRate: 2, serviceRate: 1, capacity: 3)
    _ = try QueueingStudy(model: .mgcc, arrivalRate: 9, serviceRate: 1, servers: 3)
    _ = try QueueingStudy(model: .mmc, arrivalRate: 1.9, serviceRate: 1, servers: 2)
  }

  @Test("parameters that cannot be are named")
  func refusesNonsense() {
    func parameter(_ make: () throws -> QueueingStudy) -> String? {
      do {
        _ = try make()
        return nil
      } catch QueueingError.invalid(let parameter, _) {
        return parameter
      } catch {
        return "\(error)"
      }
    }
    #expect(parameter { try QueueingStudy(model: .mm1, arrivalRate: -1, serviceRate: 1) } == "arrival rate")
    #expect(parameter { try QueueingStudy(model: .mm1, arrivalRate: 1, serviceRate: .nan) } == "service rate")
    #expect(parameter { try QueueingStudy(model: .mm1, arrivalRate: 1e-9, serviceRate: 1) } == "arrival rate")
    #expect(parameter { try QueueingStudy(model: .mmc, arrivalRate: 1, serviceRate: 1) } == "servers")
    #expect(parameter { try QueueingStudy(model: .mm1, arrivalRate: 1, serviceRate: 2, servers: 2) } == "servers")
    #expect(parameter { try QueueingStudy(model: .mmc, arrivalRate: 1, serviceRate: 1, servers: 0) } == "servers")
    #expect(parameter { try QueueingStudy(model: .mm1k, arrivalRate: 1, serviceRate: 1) } == "capacity")
    #expect(parameter { try QueueingStudy(model: .mm1, arrivalRate: 0.5, serviceRate: 1, capacity: 3) } == "capacity")
    #expect(parameter { try QueueingStudy(model: .mg1, arrivalRate: 0.5, serviceRate: 1, serviceSCV: -1) } == "scv")
    #expect(parameter { try QueueingStudy(model: .md1, arrivalRate: 0.5, serviceRate: 1, serviceSCV: 2) } == "scv")
    #expect(parameter { try QueueingStudy(model: .mm1, arrivalRate: 0.5, serviceRate: 1, customers: 1) } == "customers")
    #expect(
      parameter { try QueueingStudy(model: .mm1, arrivalRate: 0.5, serviceRate: 1, replications: 0) }
        == "replications")
  }

  @Test("one replication has means but no intervals")
  func oneReplication() throws {
    let result = try QueueingStudy(
      model: .mm1, arrivalRate: 0.5, serviceRate: 1, customers: 1000, replications: 1
    ).run()
    #expect(result.sojourn.mean > 0 && result.sojourn.halfWidth == nil)
  }

  @Test(
    "service distributions have the mean and the variability that was asked for", arguments: [0, 0.25, 0.7, 1, 4, 16])
  func serviceDistribution(scv: Double) {
    var stream = RandomStream(StreamKey(seed: 1, replication: 0, entity: "service", purpose: "\(scv)"))
    let service = ServiceDistribution(mean: 2, scv: scv)
    var tally = Tally()
    for _ in 0..<200_000 { tally.add(service.draw(&stream).seconds) }
    #expect((tally.mean - 2).magnitude < 5 * (4 * scv / 200_000).squareRoot() + 1e-9)
    #expect((tally.variance / 4 - scv).magnitude < 0.08 * scv + 1e-9)
  }
}
