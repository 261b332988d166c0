/// The best fixed content: chosen before the first request from the whole trace, never changed.
///
/// Objects are taken by requests per byte; with objects of one size this is the static ceiling of independent
/// requests. Equal densities are taken in order of first appearance.
struct StaticTopPolicy: EvictionPolicy, ~Copyable {
  static let description = PolicyDescription(
    "static-top", "holds the objects with the most requests per byte from the start (needs the whole trace)",
    source: "proactive placement as in Netflix Open Connect; the static bound of the independent reference model")

  static var needsCensus: Bool { true }

  let capacity: Int64
  var held: ObjectTable<UInt8>
  var residentBytes: Int64 = 0
  var residentCount = 0

  init(_ setup: PolicySetup) throws(PolicyFailure) {
    guard let census = setup.census else { throw PolicyFailure("static-top needs the whole trace") }
    capacity = setup.capacity
    held = ObjectTable(objects: max(setup.objects, census.requests.count))
    let densities = census.requests.indices.map { Double(census.requests[$0]) / Double(census.bytes[$0]) }
    let order = densities.indices.sorted { left, right in
      densities[left] != densities[right] ? densities[left] > densities[right] : left < right
    }
    for id in order where census.bytes[id] <= capacity - residentBytes {
      held[Int32(id)] = 1
      residentBytes += census.bytes[id]
      residentCount += 1
    }
  }

  mutating func lookup(_ request: CacheRequest) -> Bool { contains(request.id) }
  mutating func admit(_ request: CacheRequest) -> Bool { false }
  func contains(_ id: Int32) -> Bool { held[id] != 0 }
  mutating func reserve(objects count: Int) { held.reserve(objects: count) }
  func validate() throws(InvariantViolation) { try checkCapacity(residentBytes, capacity) }
}
