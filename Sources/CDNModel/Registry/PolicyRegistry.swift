internal import TextFormats

/// One line of the policy table: a description and how to run the policy.
public struct PolicyEntry: Sendable {
  /// Name, parameters and origin.
  public let description: PolicyDescription
  /// Whether the policy needs to know the next request of each object.
  public let seesFuture: Bool
  /// Whether the policy needs the requests and sizes of all objects in advance.
  public let needsCensus: Bool
  let replay: @Sendable (ReplayInput) throws(PolicyFailure) -> ReplayCounts
  let makeStore: @Sendable (PolicySetup) throws(PolicyFailure) -> any ReactiveStore

  /// The table line of a policy type: everything else follows from it.
  public init<Policy: EvictionPolicy & ~Copyable>(_ policy: Policy.Type) {
    description = Policy.description
    seesFuture = Policy.seesFuture
    needsCensus = Policy.needsCensus
    replay = { (input) throws(PolicyFailure) -> ReplayCounts in
      var policy = try Policy(input.setup)
      return try CDNModel.replay(input, through: &policy)
    }
    makeStore = { (setup) throws(PolicyFailure) -> any ReactiveStore in
      try PolicyStore<Policy>(setup)
    }
  }
}

/// A policy with its parameters, as someone chose it.
public struct PolicyChoice: Sendable {
  /// The table line.
  public let entry: PolicyEntry
  /// The values of its parameters.
  public let arguments: PolicyArguments
}

/// The table of policies: command line, validation, documentation and the platform read it.
public struct PolicyRegistry: Sendable {
  /// The lines, in the order in which help lists them.
  public let entries: [PolicyEntry]

  /// A table of other policies, or of more.
  public init(_ entries: [PolicyEntry]) { self.entries = entries }

  /// The built-in policies.
  ///
  /// A new policy is one file and one line here.
  public static let standard = PolicyRegistry([
    PolicyEntry(FIFOPolicy.self),
    PolicyEntry(LRUPolicy.self),
    PolicyEntry(ClockPolicy.self),
    PolicyEntry(LFUPolicy.self),
    PolicyEntry(LFUDAPolicy.self),
    PolicyEntry(SLRUPolicy.self),
    PolicyEntry(TwoQPolicy.self),
    PolicyEntry(ARCPolicy.self),
    PolicyEntry(LIRSPolicy.self),
    PolicyEntry(S3FIFOPolicy.self),
    PolicyEntry(SievePolicy.self),
    PolicyEntry(GDSFPolicy.self),
    PolicyEntry(WTinyLFUPolicy.self),
    PolicyEntry(LHDPolicy.self),
    PolicyEntry(HyperbolicPolicy.self),
    PolicyEntry(LeCaRPolicy.self),
    PolicyEntry(RandomPolicy.self),
    PolicyEntry(LargestFirstPolicy.self),
    PolicyEntry(BeladyPolicy.self),
    PolicyEntry(BeladySizePolicy.self),
    PolicyEntry(StaticTopPolicy.self),
  ])

  /// The names, in table order.
  public var names: [String] { entries.map(\.description.name) }

  /// The line of a name, nil if there is none.
  public func entry(named name: String) -> PolicyEntry? { entries.first { $0.description.name == name } }

  /// Reads `name` or `name:parameter=value,...`.
  ///
  /// - Throws: `PolicyFailure` that names what is unknown or out of range.
  public func choice(_ text: String) throws(PolicyFailure) -> PolicyChoice {
    let specification = try Specification(text)
    guard let entry = entry(named: specification.name) else {
      throw PolicyFailure.unknown("policy", specification.name, known: names)
    }
    return PolicyChoice(
      entry: entry, arguments: try PolicyArguments(specification.pairs, for: entry.description))
  }

  /// Reads a comma-separated list of choices; `name=value` after a comma belongs to the policy before it.
  ///
  /// - Throws: `PolicyFailure` for the first choice that cannot be read.
  public func choices(_ list: String) throws(PolicyFailure) -> [PolicyChoice] {
    var choices: [PolicyChoice] = []
    for text in Specification.split(list) { choices.append(try choice(text)) }
    return choices
  }
}

/// The parts of `name:parameter=value,...`.
struct Specification {
  let name: String
  let pairs: [(name: String, value: String)]

  init(_ text: String) throws(PolicyFailure) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    name = String(parts[0])
    var pairs: [(name: String, value: String)] = []
    if parts.count > 1 {
      for pair in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if sides.count != 2 || sides[0].isEmpty || sides[1].isEmpty {
          throw PolicyFailure("'\(text)' should be written name:parameter=value")
        }
        pairs.append((String(sides[0]), String(sides[1])))
      }
    }
    self.pairs = pairs
  }

  /// Splits a list at commas, except where what follows is another parameter of the same entry.
  static func split(_ list: String) -> [String] {
    var entries: [String] = []
    for piece in list.split(separator: ",", omittingEmptySubsequences: false) {
      let head = piece.prefix { $0 != ":" }
      if head.contains("="), let last = entries.popLast() {
        entries.append(last + "," + piece)
      } else {
        entries.append(String(piece))
      }
    }
    return entries
  }
}

extension PolicyFailure {
  /// An unknown name, with what was probably meant.
  static func unknown(_ kind: String, _ name: String, known: [String]) -> PolicyFailure {
    let hint = NameSuggestion.phrase(for: name, in: known).map { "\($0); " } ?? ""
    return PolicyFailure("there is no \(kind) '\(name)': \(hint)known are \(known.joined(separator: ", "))")
  }
}
