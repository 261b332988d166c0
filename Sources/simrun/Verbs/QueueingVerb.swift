import Arguments
import Reporting
import SimEngine
import TextFormats

/// `simrun queueing`: the engine's stations against systems with closed forms.
enum QueueingVerb {
  static let verb = Verb(
    "queueing", "Simulate a queueing system on the engine's stations.",
    discussion: """
      One row with 95 % half-widths over independent replications; empty where the model has no such measure or where \
      one replication gives no interval. Rates are per unit of time, times in that unit.
      """,
    options: [
      .choice("model", QueueingModel.allCases.map(\.rawValue), "The system."),
      .value("arrival-rate", "L", "Arrivals per unit of time."),
      .value("service-rate", "M", "Customers that one server serves per unit of time."),
      .value("servers", "C", "Servers, for M/M/c and M/G/c/c."),
      .value("capacity", "K", "The most customers in the system, for M/M/1/K."),
      .value("scv", "X", "Squared coefficient of variation of the service times, for M/G models; 1 by default."),
      .value("customers", "N", "Customers a replication; as many as the load asks for by default."),
      .value("replications", "R", standard: "20", "Independent replications."),
      .value("seed", "S", standard: "1", "Root of all random streams."),
      .value("jobs", "N", short: "j", "Threads; all processors by default. Never changes a result."),
      OutputFormat.option,
    ],
    examples: [
      Example("simrun queueing --model M/M/1 --arrival-rate 0.9 --service-rate 1", "L and W should be near 9 and 10."),
      Example(
        "simrun queueing --model M/G/c/c --arrival-rate 8 --service-rate 1 --servers 10 --scv 4", "Erlang's loss."),
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    func needed<Value>(_ value: Value?, _ name: String) throws -> Value {
      guard let value else { throw invocation.error("--\(name) is missing") }
      return value
    }
    let model = try needed(invocation.text("model").flatMap(QueueingModel.init(rawValue:)), "model")
    let study: QueueingStudy
    do {
      study = try QueueingStudy(
        model: model, arrivalRate: try needed(try invocation.number("arrival-rate"), "arrival-rate"),
        serviceRate: try needed(try invocation.number("service-rate"), "service-rate"),
        servers: try invocation.integer("servers").map(Int.init),
        capacity: try invocation.integer("capacity").map(Int.init), serviceSCV: try invocation.number("scv"),
        customers: try invocation.integer("customers").map(Int.init),
        replications: try invocation.integer("replications").map(Int.init) ?? 20,
        seed: UInt64(try invocation.integer("seed", in: 0...Int64.max) ?? 1))
    } catch let error as QueueingError {
      // Arguments that name no system that can be simulated are bad input, not bad usage.
      throw InputError(InputPlace(source: "simrun queueing"), error.description)
    }
    if study.replications == 1 { Simrun.complain("simrun: one replication gives no intervals") }
    OutputFormat.show(row(study, study.run(jobs: try ScenarioOptions.jobs(invocation))), invocation)
    return .success
  }

  private static func row(_ study: QueueingStudy, _ result: QueueingResult) -> Table {
    var table = Table(
      [
        "model", "lam", "mu", "c", "K", "cs2", "L", "L_half_width_95", "Lq", "W", "W_half_width_95", "Wq",
        "Wq_half_width_95", "Pwait", "Ploss",
      ], text: ["model"])
    func known(_ value: Double?) -> Table.Cell {
      if let value, value.isFinite { .number(value) } else { .empty }
    }
    table.append([
      .text(study.model.rawValue), .number(study.arrivalRate), .number(study.serviceRate),
      .integer(Int64(study.servers)), study.capacity.map { .integer(Int64($0)) } ?? .empty, .number(study.serviceSCV),
      known(result.inSystem.mean), known(result.inSystem.halfWidth), known(result.waiting?.mean),
      known(result.sojourn.mean), known(result.sojourn.halfWidth), known(result.wait?.mean),
      known(result.wait?.halfWidth), known(result.delayProbability?.mean), known(result.lossProbability.mean),
    ])
    return table
  }
}
