// The table of closed forms in reference/net/queueing.csv, beside this source tree.
import Glibc
import SimEngine

struct QueueingTable {
  struct Row {
    var label: String
    var model: QueueingModel
    var arrivalRate: Double
    var serviceRate: Double
    var servers: Int
    var capacity: Int?
    var scv: Double?
    var load: Double
    /// Exact values by column name; empty columns are absent.
    var exact: [String: Double]

    /// The study of this row with its default number of customers over `divisor`.
    func study(divisor: Int) throws -> QueueingStudy {
      let whole = try study(customers: nil)
      return try study(customers: max(20_000, whole.customers / divisor))
    }

    private func study(customers: Int?) throws(QueueingError) -> QueueingStudy {
      try QueueingStudy(
        model: model, arrivalRate: arrivalRate, serviceRate: serviceRate, servers: model.takesServers ? servers : nil,
        capacity: capacity, serviceSCV: model.takesServiceVariability ? scv : nil, customers: customers)
    }

    /// What was simulated beside what is exact.
    ///
    /// Values below one event in a replication cannot be seen.
    func comparisons(_ result: QueueingResult) -> [(String, Estimate, Double)] {
      let all: [(String, Estimate?)] = [
        ("L", result.inSystem), ("Lq", result.waiting), ("W", result.sojourn), ("Wq", result.wait),
        ("Pwait", result.delayProbability), ("Ploss", result.lossProbability),
      ]
      return all.compactMap { name, estimate in
        guard let estimate, let value = exact[name], value > 1e-3 else { return nil }
        return (name, estimate, value)
      }
    }

    /// The distance from the exact value in standard errors of the estimate.
    func deviation(_ estimate: Estimate, _ exact: Double) -> Double {
      guard let halfWidth = estimate.halfWidth, halfWidth > 0 else { return estimate.mean == exact ? 0 : .infinity }
      let t = Quantiles.studentT(0.975, degreesOfFreedom: Double(estimate.count - 1))
      return (estimate.mean - exact).magnitude / (halfWidth / t)
    }
  }

  static func read() throws -> [Row] {
    var folder = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    folder.removeLast(3)
    let path = folder.joined(separator: "/") + "/../shared/reference/net/queueing.csv"
    guard let file = fopen(path, "r") else { throw BenchmarkFailure("cannot read \(path)") }
    defer { fclose(file) }
    var lines: [String] = []
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      lines.append(String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    let header = lines.first?.split(separator: ",").map(String.init) ?? []
    return lines.dropFirst().compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      return row(Array(zip(header, fields)))
    }
  }

  private static func row(_ cells: [(name: String, text: String)]) -> Row? {
    func text(_ name: String) -> String? { cells.first { $0.name == name }?.text }
    func number(_ name: String) -> Double? { text(name).flatMap(Double.init) }
    guard let name = text("model"), let model = QueueingModel(rawValue: name), let arrivalRate = number("lam"),
      let serviceRate = number("mu"), let servers = number("c"), let load = number("rho")
    else { return nil }
    var exact: [String: Double] = [:]
    for column in ["L", "Lq", "W", "Wq", "Pwait", "Ploss"] { exact[column] = number(column) }
    // Where any service distribution has the same answer, an awkward one is the better test.
    return Row(
      label: cells.prefix(6).map(\.text).joined(separator: ","), model: model, arrivalRate: arrivalRate,
      serviceRate: serviceRate, servers: Int(servers), capacity: number("K").map { Int($0) },
      scv: text("cs2") == "any" ? 4 : number("cs2"), load: load, exact: exact)
  }
}
