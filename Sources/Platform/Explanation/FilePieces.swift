import CDNModel
import SimEngine

/// The catalog in pieces, as caches see it: every file cut into equal stretches, each with its size, how often the
/// viewers of one site will have asked for it by each moment of a grid, and its place in what caches are filled with.
struct FilePieces {
  /// Stretches of a file.
  static let stretches = 6

  /// Moments, from the start of the run to its end [s].
  let moments: [Double]
  /// Size of a piece [bytes], file by file, stretches ascending.
  private(set) var bytes: [Double] = []
  /// Segments of a piece.
  private var segments: [Double] = []
  /// Requests of one site's viewers up to each moment, on average: pieces of the first moment, then of the next.
  let asked: [[Float]]
  /// First piece of each file that a cache may hold at the start, best first.
  private(set) var prefill: [Int] = []

  /// - Parameter viewerShares: shares of a title's viewers by file.
  init(scenario: Scenario, catalog: Catalog, _ viewerShares: RepresentationShares) {
    let demand = Demand(scenario: scenario)
    let placement = Placement(scenario: scenario, catalog: catalog, demand: demand)
    let steps = 16
    let moments = (0...steps).map { scenario.duration.seconds * Double($0) / Double(steps) }
    self.moments = moments
    let popularity = catalog.popularity.reduce(0, +)
    let regular = Self.requests(
      of: demand.regular, moments: moments, scenario: scenario, resumes: true,
      lengthS: Self.meanLength(catalog, popularity))
    let premiere = demand.premiere.map { rate in
      Self.requests(
        of: rate, moments: moments, scenario: scenario, resumes: false,
        lengthS: scenario.viewers.premiere?.length.seconds ?? 1)
    }
    var asked = [[Float]](repeating: [], count: moments.count)
    var firstPieces = [Int](repeating: 0, count: placement.candidates.count)
    for (number, candidate) in placement.candidates.enumerated() {
      let title = candidate.file.title
      let isPremiere = title == catalog.premiereTitle
      let share = viewerShares.shares(ofTitle: title)[candidate.file.representation]
      firstPieces[number] = bytes.count
      // A premiere is in no cache before it is released.
      guard share > 0 || candidate.expectedBytesServed > 0 else { continue }
      let weight = share * (isPremiere ? 1 : catalog.popularity[title] / popularity)
      for stretch in 0..<Self.stretches {
        bytes.append(Double(candidate.storedBytes) / Double(Self.stretches))
        segments.append(Double(catalog.segmentCounts[title]) / Double(Self.stretches))
        for moment in moments.indices {
          asked[moment].append(Float(weight * (isPremiere ? premiere ?? regular : regular)[moment][stretch]))
        }
      }
    }
    self.asked = asked
    prefill = placement.order.filter {
      placement.candidates[$0].expectedBytesServed > 0 && placement.candidates[$0].file.title != catalog.premiereTitle
    }.map { firstPieces[$0] }
  }

  /// Expected requests for each stretch by each moment, of titles of a mean length: a stretch is asked for when the
  /// session has come so far.
  private static func requests(
    of rate: PiecewiseLinearRate, moments: [Double], scenario: Scenario, resumes: Bool, lengthS: Double
  ) -> [[Double]] {
    let profile = DownloadProfile(scenario: scenario, resumes: resumes, lengthS: lengthS)
    let positions = (0..<stretches).map { (Double($0) + 0.5) / Double(stretches) }
    let chances = positions.map { profile.chance(at: $0) }
    let startsAt = resumes ? scenario.viewers.resumeShare / 2 : 0
    return moments.map { moment in
      zip(positions, chances).map { position, chance in
        let delayS = max(0, position - startsAt * position) * lengthS
        return chance * rate.expectedArrivals(until: max(0, moment - delayS))
      }
    }
  }

  private static func meanLength(_ catalog: Catalog, _ popularity: Double) -> Double {
    (0..<catalog.titleCount).reduce(0) { sum, title in
      let lengthS = catalog.mediaTime(segments: Int(catalog.segmentCounts[title])).seconds
      return sum + catalog.popularity[title] / popularity * lengthS
    }
  }

  /// Mean size of the segments of some files, by their first pieces; of all files if there are none.
  func meanSegmentBytes(of files: [Int]) -> Double {
    let chosen = files.isEmpty ? Array(bytes.indices) : files
    let size = chosen.reduce(0) { $0 + bytes[$1] }
    return size / max(1, chosen.reduce(0) { $0 + segments[$1] })
  }

  /// Files for a cache of so many bytes to start with, best first, after the bytes that lie below it already.
  func filling(_ capacity: Double, skipping below: Double) -> [Int] {
    var elsewhere = below
    var room = capacity
    return prefill.filter { first in
      let size = bytes[first] * Double(Self.stretches)
      if size <= elsewhere {
        elsewhere -= size
        return false
      }
      guard size <= room else { return false }
      room -= size
      return true
    }
  }
}
