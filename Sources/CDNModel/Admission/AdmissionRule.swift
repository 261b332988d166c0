/// Decides whether a missed object may enter the cache at all.
///
/// Called on misses only (and told of every request), so dynamic dispatch costs nothing that could be measured.
public protocol AdmissionRule: AnyObject, SendableMetatype {
  /// Name, parameters and origin.
  static var description: PolicyDescription { get }
  /// A rule for a cache of this set-up.
  ///
  /// - Throws: `PolicyFailure` if it cannot work with it.
  init(_ setup: AdmissionSetup) throws(PolicyFailure)
  /// Told of every request, before `admits` on a miss.
  func observe(_ request: CacheRequest, hit: Bool)
  /// Whether a missed object may enter.
  func admits(_ request: CacheRequest) -> Bool
}

extension AdmissionRule {
  /// Learns nothing.
  public func observe(_ request: CacheRequest, hit: Bool) {}
}

/// What an admission rule is given.
public struct AdmissionSetup: Sendable {
  /// Capacity of the cache behind it, in bytes.
  public var capacity: Int64
  /// Values of the rule's parameters.
  public var arguments: PolicyArguments
  /// Seed of the random choices.
  public var seed: UInt64

  /// A set-up.
  public init(capacity: Int64, arguments: PolicyArguments, seed: UInt64 = 0) {
    self.capacity = capacity
    self.arguments = arguments
    self.seed = seed
  }
}

/// One line of the admission table.
public struct AdmissionEntry: Sendable {
  /// Name, parameters and origin.
  public let description: PolicyDescription
  let make: @Sendable (AdmissionSetup) throws(PolicyFailure) -> any AdmissionRule

  /// The table line of a rule.
  public init<Rule: AdmissionRule>(_ rule: Rule.Type) {
    description = Rule.description
    make = { (setup) throws(PolicyFailure) -> any AdmissionRule in try Rule(setup) }
  }
}

/// An admission rule with its parameters, as someone chose it.
public struct AdmissionChoice: Sendable {
  /// The table line, nil for `none`.
  public let entry: AdmissionEntry?
  /// The values of its parameters.
  public let arguments: PolicyArguments

  /// Admits everything.
  public static let none = AdmissionChoice(entry: nil, arguments: PolicyArguments(defaultsOf: noAdmission))

  private static let noAdmission = PolicyDescription("none", "admits every object", source: "the default")

  /// The name, `none` if everything is admitted.
  public var name: String { entry?.description.name ?? "none" }

  /// How tables write it: empty for none, else the name and its parameters.
  public var label: String {
    guard let entry else { return "" }
    return arguments.label.isEmpty ? entry.description.name : "\(entry.description.name):\(arguments.label)"
  }
}

/// The table of admission rules.
public struct AdmissionRegistry: Sendable {
  /// The lines, in the order in which help lists them.
  public let entries: [AdmissionEntry]

  /// A table of other rules, or of more.
  public init(_ entries: [AdmissionEntry]) { self.entries = entries }

  /// The built-in rules besides `none`.
  public static let standard = AdmissionRegistry([
    AdmissionEntry(SecondHitAdmission.self),
    AdmissionEntry(SizeAdmission.self),
    AdmissionEntry(ProbabilisticAdmission.self),
    AdmissionEntry(AdaptSizeAdmission.self),
  ])

  /// Reads `none`, `name` or `name:parameter=value,...`.
  ///
  /// - Throws: `PolicyFailure` that names what is unknown or out of range.
  public func choice(_ text: String) throws(PolicyFailure) -> AdmissionChoice {
    let specification = try Specification(text)
    if specification.name == "none" && specification.pairs.isEmpty { return .none }
    guard let entry = entries.first(where: { $0.description.name == specification.name }) else {
      let known = ["none"] + entries.map(\.description.name)
      throw PolicyFailure.unknown("admission", specification.name, known: known)
    }
    return AdmissionChoice(
      entry: entry, arguments: try PolicyArguments(specification.pairs, for: entry.description))
  }
}
