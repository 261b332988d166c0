import CDNModel
import SimEngine

/// What the tiers of caches are expected to hit over the run, in the simulated slice or in the whole platform.
struct TierCourses {
  /// Share of the viewers' bytes that the edge sites have.
  let edgeHit: Double
  /// Share of what they miss that the regional caches have; `nil` without these.
  private(set) var regionalHit: Double?
  /// Share of the viewers' bytes that the origin sends.
  private(set) var originShare: Double
  /// The most that the caches above the edge may come to store, together.
  private(set) var storedBytesAbove = 0.0

  /// - Parameter scale: what is simulated; caches above the edge have their whole disks for the sites that are left.
  init(scenario: Scenario, scale: PlatformScale, pieces: FilePieces, edge: CacheCourse) {
    edgeHit = edge.byteHitRatio
    originShare = 1 - edge.byteHitRatio
    guard let regional = scenario.cdn.regional else { return }
    let map = RegionalMap(scenario: scenario, scale: scale)
    let edgeBytes = Double(scenario.cdn.edge.diskBytes)
    let from = scenario.warmup.seconds
    // Caches with as many simulated sites as each other run the same course.
    var kinds: [(sites: Int, caches: Int)] = []
    for index in 0..<map.kept {
      let sites = (0..<scale.keptSites).count { map.regional(of: $0) == index }
      if let known = kinds.firstIndex(where: { $0.sites == sites }) {
        kinds[known].caches += 1
      } else {
        kinds.append((sites, 1))
      }
    }
    var asked = 0.0
    var missed = 0.0
    var courses: [(course: CacheCourse, caches: Int)] = []
    let disk = Double(regional.diskBytes)
    let catalogBytes = pieces.bytes.reduce(0, +)
    for kind in kinds {
      let course = CacheCourse(
        pieces, askers: .init(asked: edge.missed, count: Double(kind.sites), keepSince: edge.since), capacity: disk,
        start: regional.prefill == .popular ? pieces.filling(disk, skipping: edgeBytes) : [], observedFrom: from)
      asked += course.askedBytes * Double(kind.caches)
      missed += (course.askedBytes - course.hitBytes) * Double(kind.caches)
      courses.append((course, kind.caches))
      storedBytesAbove += min(disk, catalogBytes) * Double(kind.caches)
    }
    guard asked > 0 else {
      regionalHit = 1
      originShare = 0
      return
    }
    regionalHit = 1 - missed / asked
    originShare *= missed / asked
    if let shield = scenario.cdn.shield {
      let disk = Double(shield.diskBytes)
      let below = edgeBytes + Double(regional.diskBytes)
      let course = CacheCourse(
        pieces, askers: Self.mean(of: courses), capacity: disk,
        start: shield.prefill == .popular ? pieces.filling(disk, skipping: below) : [], observedFrom: from)
      originShare *= 1 - course.byteHitRatio
      storedBytesAbove += min(disk, catalogBytes)
    }
  }

  /// Several kinds of caches as so many equal ones.
  private static func mean(of courses: [(course: CacheCourse, caches: Int)]) -> CacheCourse.Askers {
    let count = courses.reduce(0) { $0 + $1.caches }
    var asked = courses[0].course.missed
    for moment in asked.indices {
      for piece in asked[moment].indices {
        asked[moment][piece] = courses.reduce(0) {
          $0 + $1.course.missed[moment][piece] * Float($1.caches) / Float(count)
        }
      }
    }
    return CacheCourse.Askers(asked: asked, count: Double(count), keepSince: courses[0].course.since)
  }
}
