// Whether the statistics can be trusted: every row of the table of closed forms, and how often 95 % intervals cover
// the truth over 1000 seeds. It takes minutes, which is why it is no test.
import Glibc
import SimEngine

enum StatisticsSuite {
  static func run(_ arguments: [String]) throws {
    let jobs = ReplicationPool.processors
    switch arguments.first {
    case "coverage": coverage(seeds: arguments.dropFirst().first.flatMap(Int.init) ?? 1000, jobs: jobs)
    case "table": try table(divisor: arguments.dropFirst().first.flatMap(Int.init) ?? 1, jobs: jobs)
    case nil:
      try table(divisor: 1, jobs: jobs)
      coverage(seeds: 1000, jobs: jobs)
    default: throw BenchmarkFailure("usage: simbench statistics [table [DIVISOR] | coverage [SEEDS]]")
    }
  }

  private static func coverage(seeds: Int, jobs: Int) {
    print("Coverage of 95 % intervals (20 replications) over \(seeds) seeds; 93 % to 97 % is right\n")
    print("model       rho  customers        L        W       Wq")
    for (model, servers, load, customers) in [
      (QueueingModel.mm1, 1, 0.5, 4_000), (.mm1, 1, 0.8, 10_000), (.md1, 1, 0.8, 6_000), (.mmc, 4, 0.8, 10_000),
    ] {
      let exact = ClosedForm.measures(model, load: load, servers: servers)
      let hits = ReplicationPool.map(count: seeds, jobs: jobs) { seed -> [Int] in
        guard
          let study = try? QueueingStudy(
            model: model, arrivalRate: load * Double(servers), serviceRate: 1, servers: servers, customers: customers,
            replications: 20, seed: UInt64(seed) + 1)
        else { return [0, 0, 0] }
        let result = study.run()
        let estimates = [result.inSystem, result.sojourn, result.wait]
        return zip(estimates, exact).map { $0?.interval?.contains($1) == true ? 1 : 0 }
      }
      let shares = (0..<3).map { column in Double(hits.map { $0[column] }.reduce(0, +)) * 100 / Double(seeds) }
      print(
        model.rawValue, pad("", 8 - model.rawValue.count), column(load, decimals: 2, width: 5), pad("\(customers)", 10),
        column(shares[0], width: 7), "%", column(shares[1], width: 6), "%", column(shares[2], width: 6), "%",
        separator: " ")
    }
    print()
  }

  private static func table(divisor: Int, jobs: Int) throws {
    var rows = 0
    var compared = 0
    var covered = 0
    let started = processCPUNanoseconds()
    for row in try QueueingTable.read() where row.model.isUnlimited ? row.load <= 0.951 : true {
      let study = try row.study(divisor: divisor)
      let result = study.run(jobs: jobs)
      rows += 1
      for (name, estimate, exact) in row.comparisons(result) {
        compared += 1
        if estimate.interval?.contains(exact) == true { covered += 1 }
        let deviation = row.deviation(estimate, exact)
        if deviation > 3.5 {
          print(
            "\(row.label): \(name) = \(estimate), exact \(exact): \(column(deviation, decimals: 1)) standard errors")
        }
      }
    }
    let share = column(Double(covered) * 100 / Double(compared), width: 0)
    let seconds = column((processCPUNanoseconds() - started) / 1e9, width: 0)
    print("\(rows) rows, \(compared) figures: \(share) % inside their 95 % interval; \(seconds) CPU s\n")
  }
}

/// L, W and Wq in closed form, for a service rate of one.
enum ClosedForm {
  static func measures(_ model: QueueingModel, load: Double, servers: Int) -> [Double] {
    let arrivalRate = load * Double(servers)
    let wait: Double
    switch model {
    case .md1: wait = load / (2 * (1 - load))
    case .mmc: wait = erlangC(servers, arrivalRate) / (Double(servers) - arrivalRate)
    default: wait = load / (1 - load)
    }
    return [arrivalRate * (wait + 1), wait + 1, wait]
  }

  /// The probability of waiting in M/M/c, from the recursion of Erlang's B formula.
  private static func erlangC(_ servers: Int, _ traffic: Double) -> Double {
    var b = 1.0
    for n in 1...servers { b = traffic * b / (Double(n) + traffic * b) }
    let rho = traffic / Double(servers)
    return b / (1 - rho * (1 - b))
  }
}
