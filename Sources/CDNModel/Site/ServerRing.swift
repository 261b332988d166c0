/// Spreads the objects of a site over its servers: consistent hashing, optionally with bounded loads.
///
/// Each server owns points on a circle of hashes; an object belongs to the first point at or after its own hash. With a
/// bound, a server whose load has reached `ceil(factor * average)` is passed over for the next one (Mirrokni, Thorup,
/// Zadimoghaddam: Consistent hashing with bounded loads, SODA 2018; HAProxy's hash-balance-factor). When a server
/// fails only its own objects move.
///
/// - Complexity: a lookup is O(log points), plus one step a passed-over point.
public struct ServerRing: Sendable {
  private struct Point {
    var hash: UInt64
    var server: Int
  }

  private var points: [Point]
  private var loads: [Int]
  private var isUp: [Bool]
  private var totalLoad = 0
  private var serversUp: Int

  /// Servers 0..<count with points in proportion to their weights; 100 points at weight 1 keep the shares of equal
  /// servers within about 10 % of each other.
  public init(weights: [Double], pointsPerServer: Int = 100, seed: UInt64 = 0) {
    precondition(!weights.isEmpty && weights.allSatisfy { $0 > 0 && $0.isFinite }, "weights are positive")
    precondition(pointsPerServer > 0, "a server has at least one point")
    var points: [Point] = []
    for (server, weight) in weights.enumerated() {
      for number in 0..<max(1, Int(Double(pointsPerServer) * weight)) {
        let name = UInt64(server) << 32 | UInt64(number)
        points.append(Point(hash: XXH64.hash(name, seed: seed), server: server))
      }
    }
    points.sort { $0.hash != $1.hash ? $0.hash < $1.hash : $0.server < $1.server }
    self.points = points
    loads = Array(repeating: 0, count: weights.count)
    isUp = Array(repeating: true, count: weights.count)
    serversUp = weights.count
  }

  /// Equal servers.
  public init(servers: Int, pointsPerServer: Int = 100, seed: UInt64 = 0) {
    self.init(weights: Array(repeating: 1, count: servers), pointsPerServer: pointsPerServer, seed: seed)
  }

  /// Number of servers, up or down.
  public var count: Int { loads.count }

  /// Requests now on a server.
  public func load(of server: Int) -> Int { loads[server] }

  /// Servers that are up.
  public var upCount: Int { serversUp }

  /// Largest load divided by the mean over the servers that are up; 1 is perfect, 0 without load.
  public var imbalance: Double {
    if totalLoad == 0 || serversUp == 0 { return 0 }
    return Double(loads.max() ?? 0) * Double(serversUp) / Double(totalLoad)
  }

  /// The server that holds an object, whatever its load; nil if all are down.
  public func server(for key: SegmentKey) -> Int? {
    walk(from: key) { isUp[$0] }
  }

  /// The server that takes a request for an object without exceeding the bound; nil if all are down.
  ///
  /// - Parameter factor: largest load relative to the mean, at least 1; 1.25 is common.
  public func server(for key: SegmentKey, loadFactor factor: Double) -> Int? {
    if serversUp == 0 { return nil }
    let bound = self.bound(factor)
    return walk(from: key) { isUp[$0] && loads[$0] < bound }
  }

  /// The server that holds an object, and the one that takes a request for it: the same unless the first is at its
  /// bound; nil if all are down.
  public func servers(for key: SegmentKey, loadFactor factor: Double) -> (holder: Int, taker: Int)? {
    guard let holder = server(for: key) else { return nil }
    let bound = self.bound(factor)
    if loads[holder] < bound { return (holder, holder) }
    return walk(from: key) { isUp[$0] && loads[$0] < bound }.map { (holder, $0) }
  }

  /// The first servers at or after an object's hash, whether up or down, at most so many: where its copies belong.
  ///
  /// The first one is the server that holds the object, if it is up.
  public func servers(for key: SegmentKey, copies: Int) -> [Int] {
    var found: [Int] = []
    _ = walk(from: key) { server in
      if !found.contains(server) { found.append(server) }
      return found.count >= min(copies, count)
    }
    return found
  }

  /// Whether one more request keeps a server within the bound.
  public func hasRoom(on server: Int, loadFactor factor: Double) -> Bool { loads[server] < bound(factor) }

  private func bound(_ factor: Double) -> Int {
    precondition(factor >= 1, "a bound below the mean cannot be kept")
    return Int((factor * Double(totalLoad + 1) / Double(serversUp)).rounded(.up))
  }

  /// Whether a server is up.
  public func isUp(_ server: Int) -> Bool { isUp[server] }

  private func walk(from key: SegmentKey, until fits: (Int) -> Bool) -> Int? {
    let hash = XXH64.hash(key.rawValue, seed: 0x52_494E_47)
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].hash < hash { low = middle + 1 } else { high = middle }
    }
    for step in 0..<points.count {
      let server = points[(low + step) % points.count].server
      if fits(server) { return server }
    }
    return nil
  }

  /// Notes that a request started on a server.
  public mutating func start(on server: Int) {
    loads[server] += 1
    totalLoad += 1
  }

  /// Notes that a request ended on a server.
  public mutating func end(on server: Int) {
    precondition(loads[server] > 0, "server \(server) has no request to end")
    loads[server] -= 1
    totalLoad -= 1
  }

  /// Takes a server down or up; its load is the caller's to end.
  public mutating func setUp(_ up: Bool, server: Int) {
    if isUp[server] == up { return }
    isUp[server] = up
    serversUp += up ? 1 : -1
  }
}
