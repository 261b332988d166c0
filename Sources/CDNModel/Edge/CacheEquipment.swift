/// What a caching site is made of, beside its disk and the policy that fills it.
public struct CacheEquipment: Sendable, Equatable {
  /// Servers that share the disk and the memory equally, at most 250.
  public var servers = 1
  /// Requests in flight at one server over the mean, at most: beyond it the next server on the ring takes a request.
  public var loadFactor = 1.25
  /// What is spread over the servers: each segment for itself, whole files, or whole titles.
  public var spread = SegmentScope.file
  /// Memory of the whole site in bytes; 0 for none.
  public var memoryBytes: Int64 = 0
  /// Hits on disk that bring an object into memory: 1 or 2.
  public var promotionHits = 1
  /// Share of the bytes for placed files that holds further copies of the most popular ones, on other servers.
  public var replicaShare = 0.0
  /// How long a stored object may be served without asking the tier above, in nanoseconds; nil for always.
  public var timeToLive: Int64?

  /// One server, no memory, objects that never expire.
  public init() {}

  /// On how many servers each file may be placed; `nil` where it is one.
  ///
  /// - Parameter serverBytes: what placed files may take on one server.
  public func copies(of candidates: [PlacementCandidate], serverBytes: Int64) -> [Int]? {
    guard replicaShare > 0, servers > 1 else { return nil }
    return ReplicaCounts.proportional(
      candidates: candidates, servers: servers, storageBytes: serverBytes * Int64(servers), copyShare: replicaShare)
  }
}

/// One server's part of what its site stores.
public struct ServerShare: Sendable {
  /// Number of the server.
  public let server: Int
  /// Servers of the site.
  public let count: Int
  private let ring: ServerRing
  private let spread: SegmentScope

  init(server: Int, ring: ServerRing, spread: SegmentScope) {
    self.server = server
    count = ring.count
    self.ring = ring
    self.spread = spread
  }

  /// Whether an object belongs on this server.
  public func holds(_ key: SegmentKey) -> Bool {
    count == 1 || ring.server(for: spread.key(for: key) ?? key) == server
  }

  /// The files among a site's candidates that may be placed on this server, with its part of their traffic.
  ///
  /// Without `copies` each file belongs on one server. Otherwise a file belongs on so many servers, its own and those
  /// that follow on the ring, and its traffic is shared equally among them.
  ///
  /// - Complexity: O(n log points + copies points) for n candidates.
  public func placeable(_ candidates: [PlacementCandidate], copies: [Int]?) -> [PlacementCandidate] {
    if count == 1 { return candidates }
    guard let copies else { return candidates.filter { holds($0.file) } }
    return zip(candidates, copies).compactMap { candidate, copies in
      let servers = ring.servers(for: spread.key(for: candidate.file) ?? candidate.file, copies: max(1, copies))
      guard servers.contains(server) else { return nil }
      var part = candidate
      part.expectedBytesServed /= Double(servers.count)
      return part
    }
  }
}
