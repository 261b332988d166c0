/// One request as a policy sees it.
@frozen
public struct CacheRequest: Sendable, BitwiseCopyable {
  /// Dense number of the object, 0-based: policies index their tables with it.
  public var id: Int32
  /// Size of the object in this request, in bytes (1 where sizes are ignored).
  public var bytes: Int64
  /// 0-based number of the request.
  public var index: Int64
  /// Number of the next request for the same object, `.max` if there is none or it is unknown.
  public var next: Int64
  /// The object's own name: what sketches hash.
  ///
  /// Dense numbers may be given to another object later, keys may not.
  public var key: UInt64

  /// A request.
  @inlinable
  public init(id: Int32, bytes: Int64, index: Int64, next: Int64 = .max, key: UInt64? = nil) {
    self.id = id
    self.bytes = bytes
    self.index = index
    self.next = next
    self.key = key ?? UInt64(truncatingIfNeeded: id)
  }
}

/// What a cache keeps and what it throws out.
///
/// The driver asks `lookup` for every request and offers missed objects to `admit`; the two may lie apart in time,
/// because a platform fetches in between. A policy keeps its state in tables indexed by `CacheRequest.id`.
///
/// Rules that hold for all policies: the size of an object is fixed when it is admitted, a hit with another size
/// changes nothing; an object larger than the capacity is refused and evicts nothing; shares of the capacity are
/// truncated towards zero.
public protocol EvictionPolicy: ~Copyable, Sendable {
  /// Name, parameters and origin: the one place from which command line, validation and documentation come.
  static var description: PolicyDescription { get }
  /// Whether the policy reads `CacheRequest.next`.
  static var seesFuture: Bool { get }
  /// Whether the policy needs `PolicySetup.census`.
  static var needsCensus: Bool { get }
  /// Whether the policy reads `CacheRequest.key`.
  static var hashesKeys: Bool { get }

  /// An empty cache.
  ///
  /// - Throws: `PolicyFailure` if the policy cannot work with this capacity or without the trace.
  init(_ setup: PolicySetup) throws(PolicyFailure)

  /// Fetches what `lookup` will read of an object into the processor's caches; called some dozen requests ahead.
  ///
  /// Changes nothing that can be observed. The number may be beyond what was reserved.
  func prefetch(_ id: Int32)
  /// Fetches what `lookup` will read beyond the object's own record, which has arrived by now: its neighbours in a list.
  func prefetchNeighbours(of id: Int32)

  /// Whether the object is resident; if so the policy notes the use.
  mutating func lookup(_ request: CacheRequest) -> Bool

  /// Offers an object that is not resident.
  ///
  /// - Returns: whether it is resident afterwards.
  mutating func admit(_ request: CacheRequest) -> Bool

  /// Sum of the sizes of the resident objects, in bytes.
  var residentBytes: Int64 { get }
  /// Most bytes that may be resident.
  var capacity: Int64 { get }
  /// Number of resident objects.
  var residentCount: Int { get }
  /// Whether the object is resident; notes nothing.
  func contains(_ id: Int32) -> Bool
  /// Whether the policy still knows anything of the object (resident or ghost). A number may be given to another
  /// object once this is false.
  func remembers(_ id: Int32) -> Bool
  /// Makes room in the tables for object numbers below `objects`.
  mutating func reserve(objects: Int)

  /// Checks that lists, counters and byte accounts agree.
  ///
  /// - Throws: `InvariantViolation` naming the first disagreement.
  func validate() throws(InvariantViolation)
}

extension EvictionPolicy where Self: ~Copyable {
  /// No.
  public static var seesFuture: Bool { false }
  /// No.
  public static var needsCensus: Bool { false }
  /// No.
  public static var hashesKeys: Bool { false }
  /// Whether the object is resident: for policies that remember nothing else.
  @inlinable
  public func remembers(_ id: Int32) -> Bool { contains(id) }
  /// Fetches nothing.
  @inlinable
  public func prefetch(_ id: Int32) {}
  /// Fetches nothing.
  @inlinable
  public func prefetchNeighbours(of id: Int32) {}
}

/// A policy that cannot be set up or cannot go on: it becomes a row with this status, other policies go on.
public struct PolicyFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// Why.
  public let description: String

  /// A failure with its reason.
  public init(_ description: String) { self.description = description }
}

/// Whose semantics to follow where versions of the reference simulator differ.
public enum Compatibility: String, Sendable, CaseIterable {
  /// libCacheSim as of October 2024.
  case v2024 = "2024"
  /// The libcachesim 0.3.5 package: the default.
  case v035 = "0.3.5"
}

/// What a policy is given when it is set up.
public struct PolicySetup: Sendable {
  /// Most bytes (or objects, where sizes are ignored) that may be resident.
  public var capacity: Int64
  /// Number of distinct objects, as far as known; tables grow beyond it through `reserve(objects:)`.
  public var objects: Int
  /// Values of the policy's parameters.
  public var arguments: PolicyArguments
  /// Whose semantics to follow.
  public var compatibility: Compatibility
  /// Seed of the random choices.
  public var seed: UInt64
  /// Requests and size of each object over the whole trace, for policies that know it.
  public var census: ObjectCensus?

  /// A set-up.
  public init(
    capacity: Int64, objects: Int, arguments: PolicyArguments, compatibility: Compatibility = .v035, seed: UInt64 = 0,
    census: ObjectCensus? = nil
  ) {
    precondition(capacity >= 0, "a capacity is not negative")
    self.capacity = capacity
    self.objects = objects
    self.arguments = arguments
    self.compatibility = compatibility
    self.seed = seed
    self.census = census
  }

  /// A share of the capacity, truncated.
  public func share(_ ratio: Double) -> Int64 { Int64(Double(capacity) * ratio) }
}

/// How often each object of a trace is requested, and how large it is at first.
public struct ObjectCensus: Sendable {
  /// Requests by object number.
  public var requests: [Int32]
  /// Size at the first request by object number, in bytes.
  public var bytes: [Int64]

  /// A census.
  public init(requests: [Int32], bytes: [Int64]) {
    precondition(requests.count == bytes.count, "one size for each object")
    self.requests = requests
    self.bytes = bytes
  }
}
