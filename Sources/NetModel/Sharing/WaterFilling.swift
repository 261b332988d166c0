// Weighted max-min fair rates on any topology, recomputed only where something changed.
//
// Progressive filling (Bertsekas & Gallager, Data Networks, section 6.5.2): a common level rises, every flow runs at
// weight x level; when a link is full its flows freeze, when a flow meets its cap it freezes. Two heaps find what
// freezes next: links by the level at which they would be full (which only rises as others freeze, so an entry that is
// too low is corrected when it comes up), and capped routes by cap / weight.

/// Links and the routes across them; unit of all rates is the caller's.
///
/// Routes stand for `members` flows with one path, weight and cap. Changes are noted and take effect in `fill`, which
/// visits the connected components that they touch and nothing else.
struct WaterFilling {
  private struct Crossing: BitwiseCopyable {
    var route: Int32
    /// Index into `pathLinks`.
    var place: Int32
  }

  private struct Link {
    var capacity: Double
    /// Routes with members, unordered.
    var crossings: [Crossing] = []
    var epoch: UInt64 = 0
    /// Capacity not taken by frozen routes.
    var left = 0.0
    /// Sum of members x weight over routes not frozen, and their number.
    var openWeight = 0.0
    var openRoutes = 0
    /// `openWeight` when it was last summed anew.
    var summedWeight = 0.0

    /// The level at which the link is full.
    var fullLevel: Double { left > 0 ? left / openWeight : 0 }
  }

  private struct Route {
    var weight: Double
    var cap: Double
    /// cap / weight: the level at which the cap binds.
    var capLevel: Double
    var members = 0.0
    var pathStart: Int32
    var pathEnd: Int32
    var epoch: UInt64 = 0
    var isFrozen = false
    var isNoted = false
  }

  /// The rate of each flow of a route.
  struct Share: BitwiseCopyable {
    var route: Int32
    var rate: Double
  }

  /// Result of the last `fill`.
  private(set) var shares: [Share] = []

  private var links: [Link] = []
  private var routes: [Route] = []
  /// Paths of all routes, one after the other, and where each route stands in each link's `crossings`.
  private var pathLinks: [Int32] = []
  private var pathPlaces: [Int32] = []

  private var notedRoutes: [Int32] = []
  private var notedLinks: [Int32] = []
  private var epoch: UInt64 = 0
  private var component: [Int32] = []
  private var linkLevels = LevelHeap()
  private var capLevels = LevelHeap()

  var linkCount: Int { links.count }

  /// A link of some capacity; its index.
  mutating func addLink(capacity: Double) -> Int {
    links.append(Link(capacity: capacity))
    return links.count - 1
  }

  /// A route without members over distinct links; its index.
  mutating func addRoute(path: [Int], weight: Double, cap: Double) -> Int {
    let start = Int32(pathLinks.count)
    pathLinks.append(contentsOf: path.map { Int32($0) })
    pathPlaces.append(contentsOf: path.map { _ in -1 })
    routes.append(
      Route(weight: weight, cap: cap, capLevel: cap / weight, pathStart: start, pathEnd: Int32(pathLinks.count)))
    return routes.count - 1
  }

  func capacity(ofLink link: Int) -> Double { links[link].capacity }

  mutating func setCapacity(_ capacity: Double, ofLink link: Int) {
    links[link].capacity = capacity
    notedLinks.append(Int32(link))
  }

  /// The links of a route.
  func path(of route: Int) -> ArraySlice<Int32> {
    pathLinks[Int(routes[route].pathStart)..<Int(routes[route].pathEnd)]
  }

  /// The routes with members on a link, in no particular order.
  func routes(ofLink link: Int) -> some Sequence<Int32> { links[link].crossings.lazy.map(\.route) }

  /// Notes that a route now has so many flows.
  ///
  /// Complexity: O(path).
  mutating func setMembers(_ members: Int, of route: Int) {
    let had = routes[route].members
    routes[route].members = Double(members)
    if had == 0 && members > 0 { enlist(route) }
    if had > 0 && members == 0 { delist(route) }
    guard !routes[route].isNoted else { return }
    routes[route].isNoted = true
    notedRoutes.append(Int32(route))
  }

  private mutating func enlist(_ route: Int) {
    for place in Int(routes[route].pathStart)..<Int(routes[route].pathEnd) {
      let link = Int(pathLinks[place])
      pathPlaces[place] = Int32(links[link].crossings.count)
      links[link].crossings.append(Crossing(route: Int32(route), place: Int32(place)))
    }
  }

  private mutating func delist(_ route: Int) {
    for place in Int(routes[route].pathStart)..<Int(routes[route].pathEnd) {
      let link = Int(pathLinks[place])
      let last = links[link].crossings.removeLast()
      let hole = Int(pathPlaces[place])
      if hole < links[link].crossings.count {
        links[link].crossings[hole] = last
        pathPlaces[Int(last.place)] = Int32(hole)
      }
    }
  }

  // MARK: - Filling

  /// Recomputes the components touched by noted changes; `shares` then holds the new rate of each route in them, once.
  ///
  /// A route without links runs at its cap. Complexity: O(n + f log n) for n links, routes and path elements of the
  /// components, of which f links and caps freeze something.
  mutating func fill() {
    epoch += 1
    shares.removeAll(keepingCapacity: true)
    component.removeAll(keepingCapacity: true)
    linkLevels.removeAll()
    capLevels.removeAll()
    for route in notedRoutes {
      routes[Int(route)].isNoted = false
      let path = Int(routes[Int(route)].pathStart)..<Int(routes[Int(route)].pathEnd)
      for place in path { reach(pathLinks[place]) }
      if path.isEmpty, routes[Int(route)].members > 0 {
        shares.append(Share(route: route, rate: routes[Int(route)].cap))
      }
    }
    notedRoutes.removeAll(keepingCapacity: true)
    for link in notedLinks { reach(link) }
    notedLinks.removeAll(keepingCapacity: true)

    var visited = 0
    while visited < component.count {
      let link = Int(component[visited])
      visited += 1
      for position in 0..<links[link].crossings.count {
        open(Int(links[link].crossings[position].route))
      }
    }
    for link in component where links[Int(link)].openRoutes > 0 {
      links[Int(link)].summedWeight = links[Int(link)].openWeight
      linkLevels.collect(links[Int(link)].fullLevel, link)
    }
    linkLevels.build()
    capLevels.build()
    freeze()
  }

  /// Adds a link to the component.
  private mutating func reach(_ link: Int32) {
    let index = Int(link)
    guard links[index].epoch != epoch else { return }
    links[index].epoch = epoch
    links[index].left = links[index].capacity
    links[index].openWeight = 0
    links[index].openRoutes = 0
    component.append(link)
  }

  /// Adds a route and the links that it crosses to the component.
  private mutating func open(_ route: Int) {
    guard routes[route].epoch != epoch else { return }
    routes[route].epoch = epoch
    routes[route].isFrozen = false
    let weight = routes[route].members * routes[route].weight
    for place in Int(routes[route].pathStart)..<Int(routes[route].pathEnd) {
      let link = pathLinks[place]
      reach(link)
      links[Int(link)].openWeight += weight
      links[Int(link)].openRoutes += 1
    }
    if routes[route].capLevel < .infinity { capLevels.collect(routes[route].capLevel, Int32(route)) }
  }

  /// Raises the level and freezes routes, until every link of the component is full or has only frozen routes.
  private mutating func freeze() {
    while let next = linkLevels.first {
      let link = Int(next.index)
      guard links[link].openRoutes > 0 else {
        linkLevels.removeFirst()
        continue
      }
      let level = links[link].fullLevel
      if level > next.level {
        linkLevels.changeFirst(to: level)
        continue
      }
      if let cap = capLevels.first, cap.level <= level {
        capLevels.removeFirst()
        freeze(Int(cap.index), at: cap.level)
        continue
      }
      linkLevels.removeFirst()
      for position in 0..<links[link].crossings.count {
        freeze(Int(links[link].crossings[position].route), at: level)
      }
    }
  }

  private mutating func sumWeights(of link: Int) {
    var sum = 0.0
    for crossing in links[link].crossings where !routes[Int(crossing.route)].isFrozen {
      sum += routes[Int(crossing.route)].members * routes[Int(crossing.route)].weight
    }
    links[link].openWeight = sum
    links[link].summedWeight = sum
  }

  private mutating func freeze(_ route: Int, at level: Double) {
    guard !routes[route].isFrozen else { return }
    routes[route].isFrozen = true
    let rate = min(level * routes[route].weight, routes[route].cap)
    let members = routes[route].members
    for place in Int(routes[route].pathStart)..<Int(routes[route].pathEnd) {
      let link = Int(pathLinks[place])
      links[link].left -= rate * members
      links[link].openWeight -= routes[route].weight * members
      links[link].openRoutes -= 1
      // Where heavy flows leave light ones behind, rounding errors of the heavy must not stay in the sum.
      if links[link].openWeight < links[link].summedWeight * 1e-3 { sumWeights(of: link) }
    }
    shares.append(Share(route: Int32(route), rate: rate))
  }
}
