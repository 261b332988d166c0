import CDNModel
import SimEngine

/// Requests for files as a cache sees them: independent of each other, each file with its own probability.
struct FileRequests {
  private var probabilities: [Double] = []
  private var sizes: [Double] = []

  /// What the viewers of one site ask for.
  init(catalog: Catalog, _ viewerShares: RepresentationShares) {
    for title in 0..<catalog.titleCount where catalog.popularity[title] > 0 {
      for (representation, share) in viewerShares.shares(ofTitle: title).enumerated() where share > 0 {
        probabilities.append(catalog.popularity[title] * share)
        sizes.append(Double(catalog.fileBytes(title: title, representation: representation)))
      }
    }
    normalise()
  }

  private mutating func normalise() {
    let weight = probabilities.reduce(0, +)
    guard weight > 0 else { return }
    for index in probabilities.indices { probabilities[index] /= weight }
  }

  /// The byte hit ratio of an LRU cache; afterwards these are the requests that it passes on.
  ///
  /// What passes a cache is taken as independent again (Che, Tung, Wang: Hierarchical web caching systems, JSAC 2002).
  mutating func pass(cacheOfBytes capacity: Double) -> Double {
    // A cache before this one holds everything.
    guard probabilities.contains(where: { $0 > 0 }) else { return 1 }
    let ratios = CheApproximation.hitRatios(.lru, probabilities: probabilities, sizes: sizes, capacity: capacity)
    for index in probabilities.indices {
      probabilities[index] *= DeterministicMath.exp(-probabilities[index] * ratios.characteristicTime)
    }
    normalise()
    return ratios.bytes
  }
}
