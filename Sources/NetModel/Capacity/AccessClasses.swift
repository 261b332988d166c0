// Last-mile classes and ISPs: through what the viewers of an edge site come.

public import SimEngine

/// A kind of access line.
public struct AccessClass: Hashable, Sendable {
  /// Name in scenarios and reports.
  public var name: String
  /// Share of the viewers relative to the other classes.
  public var share: Double
  /// Downstream rate of a line.
  public var cap: BitRate
  /// Round trip time that the line adds.
  public var roundTrip: SimDuration
  /// Probability that a segment is lost on the line.
  public var lossRate: Double

  /// A class.
  public init(
    name: String, share: Double, cap: BitRate, roundTrip: SimDuration = .zero, lossRate: Double = 0
  ) {
    self.name = name
    self.share = share
    self.cap = cap
    self.roundTrip = roundTrip
    self.lossRate = lossRate
  }

  /// The most that one connection gets: the line's rate, or less if the line loses segments (`LossyPath.pftkCap`).
  ///
  /// - Parameter pathRoundTrip: round trip time of the path behind the line.
  public func connectionCap(pathRoundTrip: SimDuration) -> BitRate {
    guard lossRate > 0 else { return cap }
    return min(cap, LossyPath(lossRate: lossRate, roundTrip: pathRoundTrip + roundTrip).pftkCap)
  }
}

/// Access classes and how the viewers divide over them.
public struct AccessMix: Sendable {
  /// The classes; their indices are the `capClass` of an `EdgeLink`.
  public let classes: [AccessClass]
  private let table: AliasTable

  /// A mix of at least one class with shares above zero.
  public init(_ classes: [AccessClass]) {
    precondition(!classes.isEmpty && classes.allSatisfy { $0.share > 0 }, "a mix has classes with shares above zero")
    self.classes = classes
    table = AliasTable(weights: classes.map(\.share))
  }

  /// Draws the class of a viewer.
  public func sample(_ stream: inout RandomStream) -> Int { table.sample(&stream) }

  /// Caps for an `EdgeLink` whose viewers are so far away.
  public func caps(pathRoundTrip: SimDuration) -> [BitRate] {
    classes.map { $0.connectionCap(pathRoundTrip: pathRoundTrip) }
  }

  /// Five speeds, from a poor mobile line to fibre.
  ///
  /// The figures are assumptions, not measurements: shares and rates of the draft scenario, round trips typical of each
  /// technology, no loss.
  public static let assumed = AccessMix([
    AccessClass(name: "mobile-weak", share: 0.05, cap: BitRate(mbps: 3), roundTrip: .milliseconds(60)),
    AccessClass(name: "dsl", share: 0.15, cap: BitRate(mbps: 8), roundTrip: .milliseconds(25)),
    AccessClass(name: "mobile", share: 0.30, cap: BitRate(mbps: 25), roundTrip: .milliseconds(40)),
    AccessClass(name: "cable", share: 0.30, cap: BitRate(mbps: 50), roundTrip: .milliseconds(15)),
    AccessClass(name: "fibre", share: 0.20, cap: BitRate(mbps: 200), roundTrip: .milliseconds(5)),
  ])
}

/// An Internet service provider: a share of the viewers behind one peering link.
public struct ServiceProvider: Hashable, Sendable {
  /// Name in scenarios and reports.
  public var name: String
  /// Share of the viewers relative to the other providers.
  public var share: Double
  /// Capacity of the link between the edge site and the provider.
  public var peering: BitRate
  /// Round trip time across the provider's network.
  public var roundTrip: SimDuration

  /// A provider.
  public init(name: String, share: Double, peering: BitRate, roundTrip: SimDuration) {
    self.name = name
    self.share = share
    self.peering = peering
    self.roundTrip = roundTrip
  }

  /// Providers whose sizes follow Zipf's law, with peering in proportion to their size.
  ///
  /// - Parameters:
  ///   - peering: sum of the capacities of all peering links.
  ///   - roundTrip: the same for all.
  public static func zipf(
    count: Int, exponent: Double, peering: BitRate, roundTrip: SimDuration
  ) -> [ServiceProvider] {
    let shares = ZipfMandelbrot(count: count, exponent: exponent).probabilities
    return shares.enumerated().map { index, share in
      ServiceProvider(
        name: "isp\(index + 1)", share: share, peering: BitRate(bitsPerSecond: peering.bitsPerSecond * share),
        roundTrip: roundTrip)
    }
  }
}
