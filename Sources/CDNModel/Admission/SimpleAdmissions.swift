internal import SimEngine

/// Admits an object from its second miss on: three quarters of the objects of a CDN are asked for once.
final class SecondHitAdmission: AdmissionRule {
  static let description = PolicyDescription(
    "second-hit", "refuses the first miss of every object; remembers all names exactly",
    source: "Maggs, Sitaraman: Algorithmic nuggets in content delivery, CCR 2015 (there with a Bloom filter)")

  private var seen = SeenKeys()

  init(_ setup: AdmissionSetup) throws(PolicyFailure) {}

  func admits(_ request: CacheRequest) -> Bool { seen.insert(request) }
}

/// The names that were ever refused; dense numbers serve as names in a replay, keys in the platform.
struct SeenKeys: ~Copyable {
  private var runs = SeenSegments()

  /// Notes the object; returns whether it was known before.
  mutating func insert(_ request: CacheRequest) -> Bool {
    // A run of 64 neighbouring numbers shares one record, and keys of a file are neighbours too.
    let key = SegmentKey(rawValue: request.key & (1 << 58 - 1))
    if runs.state(of: key) != .unknown { return true }
    runs.note(key, refused: false)
    return false
  }
}

/// Admits objects up to a size.
final class SizeAdmission: AdmissionRule {
  static let description = PolicyDescription(
    "size", "refuses objects larger than a threshold", source: "configured in most CDN caches",
    parameters: [PolicyParameter("max", .bytes, default: "1MiB", "largest admitted size")])

  private let largest: Int64

  init(_ setup: AdmissionSetup) throws(PolicyFailure) { largest = setup.arguments.bytes("max") }

  func admits(_ request: CacheRequest) -> Bool { request.bytes <= largest }
}

/// Admits each miss with a fixed probability.
final class ProbabilisticAdmission: AdmissionRule {
  static let description = PolicyDescription(
    "probabilistic", "admits each miss with probability p", source: "flash caches, to write less",
    parameters: [PolicyParameter("p", .number(0...1), default: "0.5", "probability of admission")])

  private let probability: Double
  private var stream: RandomStream

  init(_ setup: AdmissionSetup) throws(PolicyFailure) {
    probability = setup.arguments.number("p")
    stream = setup.stream("probabilistic")
  }

  func admits(_ request: CacheRequest) -> Bool { stream.chance(probability) }
}

extension AdmissionSetup {
  /// The random stream of a rule's choices, by its name.
  func stream(_ rule: String) -> RandomStream {
    RandomStream(StreamKey(seed: seed, replication: 0, entity: "cache/\(rule)", purpose: "admission"))
  }
}
