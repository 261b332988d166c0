import SimEngine

/// A class of devices as the sites use it: what it can play of this catalog.
struct DeviceClass: Sendable {
  /// Name, for tables.
  let name: String
  /// Numbers of the codecs that it decodes, best liked first.
  let codecs: [Int]
  /// Renditions that it asks for, counted from the lowest; at least one.
  let qualities: Int
  /// How fast it decodes.
  let settings: DeviceSettings

  /// The codec in which it plays a title: the first that it likes among those that the title is there in.
  func codec(title: Int, catalog: Catalog) -> Int {
    for codec in codecs where catalog.isEncoded(title: title, codec: codec) { return codec }
    preconditionFailure("a checked scenario has a codec that every title and every device has")
  }

  /// The classes of a scenario; without any, one that plays everything in the first codec.
  static func classes(of viewers: ViewerSettings, catalog: Catalog) -> [DeviceClass] {
    var given = viewers.devices
    if given.isEmpty {
      var any = DeviceSettings()
      any.name = "any"
      any.codecs = [catalog.codecNames[0]]
      any.height = .max
      given = [any]
    }
    return given.map { device in
      DeviceClass(
        name: device.name,
        codecs: device.codecs.map { name in
          guard let codec = catalog.codecNames.firstIndex(of: name) else {
            preconditionFailure("a checked scenario has no device with an unknown codec: '\(name)'")
          }
          return codec
        },
        qualities: max(1, catalog.pictures.count { $0.height <= device.height }), settings: device)
    }
  }
}

/// Shares of the viewers by the file of a title that suits them best: their device's codec and the highest rendition
/// that device and access carry.
struct RepresentationShares {
  private let catalog: Catalog
  /// For every set of codecs that some title is there in, a bit a codec: shares by representation.
  private var byCodecs: [(codecs: UInt64, shares: [Double])] = []

  /// Shares by representation of each title, where titles differ in complexity.
  private var byTitle: [[Double]] = []

  /// - Parameters:
  ///   - knowsComplexity: whether files are as large as each title's are; else as titles are on average.
  ///   - fits: whether an access of so many bit/s carries a file of so many bit/s.
  init(
    viewers: ViewerSettings, catalog: Catalog, knowsComplexity: Bool = false,
    fits: (_ file: Double, _ access: Double) -> Bool
  ) {
    self.catalog = catalog
    let devices = DeviceClass.classes(of: viewers, catalog: catalog)
    let deviceTotal = devices.reduce(0) { $0 + $1.settings.share }
    let accessTotal = viewers.access.reduce(0) { $0 + $1.share }
    func shares(_ title: Int, complexity: Double) -> [Double] {
      var shares = [Double](repeating: 0, count: catalog.representationCount)
      for device in devices {
        let codec = device.codec(title: title, catalog: catalog)
        for access in viewers.access {
          let best = (0..<device.qualities).last {
            fits(catalog.rungBitsPerSecond[$0] * catalog.codecRates[codec] * complexity, Double(access.bitsPerSecond))
          }
          shares[catalog.representation(rendition: best ?? 0, codec: codec)] +=
            access.share / accessTotal * (device.settings.share / deviceTotal)
        }
      }
      return shares
    }
    if knowsComplexity {
      byTitle = (0..<catalog.titleCount).map { shares($0, complexity: catalog.complexities[$0]) }
      return
    }
    for title in 0..<catalog.titleCount where !byCodecs.contains(where: { $0.codecs == Self.codecs(title, catalog) }) {
      byCodecs.append((Self.codecs(title, catalog), shares(title, complexity: 1)))
    }
  }

  /// Shares of a title's viewers by representation.
  func shares(ofTitle title: Int) -> [Double] {
    if !byTitle.isEmpty { return byTitle[title] }
    let codecs = Self.codecs(title, catalog)
    guard let found = byCodecs.first(where: { $0.codecs == codecs }) else {
      preconditionFailure("every title's codecs have been looked at")
    }
    return found.shares
  }

  private static func codecs(_ title: Int, _ catalog: Catalog) -> UInt64 {
    catalog.codecRates.indices.reduce(0) { $0 | (catalog.isEncoded(title: title, codec: $1) ? 1 << UInt64($1) : 0) }
  }
}
