internal import SimEngine

/// Which title a new session asks for: Zipf-Mandelbrot over ranks, with releases and drift from day to day.
struct TitlePopularity: Sendable {
  private let parameters: WorkloadParameters
  private let ranks: ZipfMandelbrot
  /// Title by rank.
  private var titles: [Int]
  private var stream: RandomStream
  private var day = 0
  private var released = 0
  /// Titles released lately, the newest last, and how strongly each is boosted today.
  private var fresh: [(title: Int, boost: Double)] = []
  /// Weight of all boosts relative to the weight of the catalog.
  private var boostWeight = 0.0

  init(_ parameters: WorkloadParameters) {
    self.parameters = parameters
    ranks = ZipfMandelbrot(count: parameters.titles, exponent: parameters.exponent, shift: parameters.shift)
    titles = Array(0..<parameters.titles)
    stream = RandomStream(
      StreamKey(seed: parameters.seed, replication: 0, entity: "workload", purpose: "popularity"))
    stream.shuffle(&titles)
  }

  /// A title for a new session.
  func title(_ stream: inout RandomStream) -> Int {
    if boostWeight > 0 && stream.uniform() * (1 + boostWeight) < boostWeight {
      var target = stream.uniform() * boostWeight
      for release in fresh {
        target -= release.boost
        if target < 0 { return release.title }
      }
    }
    return titles[ranks.sample(&stream)]
  }

  /// Lets the days pass: boosts halve, ranks drift, titles are released and displace others of the catalog.
  mutating func advance(toDay target: Int) {
    while day < target {
      day += 1
      for index in fresh.indices { fresh[index].boost /= 2 }
      fresh.removeAll { $0.boost < 1e-6 }
      for _ in 0..<Int(Double(titles.count) * parameters.dailyDrift / 2) {
        titles.swapAt(stream.below(titles.count), stream.below(titles.count))
      }
      let newcomers = parameters.releasesPerDay > 0 ? stream.poisson(mean: parameters.releasesPerDay) : 0
      for _ in 0..<newcomers where parameters.titles + released < SegmentKey.titleLimit {
        let rank = stream.below(titles.count)
        let title = parameters.titles + released
        released += 1
        titles[rank] = title
        // The boost is relative to the mean weight of the catalog's better half.
        fresh.append((title, parameters.releaseBoost * 2 / Double(titles.count)))
      }
      boostWeight = fresh.reduce(0) { $0 + $1.boost }
    }
  }
}
