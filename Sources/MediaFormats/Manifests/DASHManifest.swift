import TextFormats

/// Reads DASH manifests (ISO/IEC 23009-1) into a `Presentation`.
///
/// Segment information is inherited from Period to AdaptationSet to Representation, attribute by attribute.
struct DASHManifest {
  private let source: String
  private var presentation = Presentation(format: .dash)

  static func parse(_ bytes: [UInt8], source: String) throws(InputError) -> Presentation {
    let root = try XMLParser.parse(bytes, source: source)
    guard root.name == "MPD" else { throw root.error("the root element is \(root.name), not MPD") }
    var manifest = DASHManifest(source: source)
    try manifest.read(root)
    return manifest.presentation
  }

  private init(source: String) { self.source = source }

  private mutating func read(_ root: XMLNode) throws(InputError) {
    presentation.isLive = root["type"] == "dynamic"
    presentation.duration = try Self.duration(root, "mediaPresentationDuration")
    let base = Self.base(root, "")
    var start: RationalTime? = .zero
    let periods = root.all("Period")
    guard !periods.isEmpty else { throw root.error("there is no Period") }
    let starts = try periods.map { (period) throws(InputError) in try Self.duration(period, "start") }
    for (index, period) in periods.enumerated() {
      if let declared = starts[index] { start = declared }
      guard let begin = start else {
        throw period.error("neither @start nor the duration of the Period before it is known")
      }
      var length = try Self.duration(period, "duration")
      if length == nil, index + 1 < periods.count, let next = starts[index + 1] { length = next.subtracting(begin) }
      if length == nil, index == periods.count - 1, let end = presentation.duration { length = end.subtracting(begin) }
      if let length, length < .zero { throw period.error("the Period ends before it starts") }
      try readPeriod(period, base: Self.base(period, base), start: begin, duration: length)
      start = length.flatMap { begin.adding($0) }
    }
    if presentation.duration == nil, !presentation.isLive { presentation.duration = start }
  }

  private mutating func readPeriod(
    _ period: XMLNode, base: String, start: RationalTime, duration: RationalTime?
  ) throws(InputError) {
    for set in period.all("AdaptationSet") {
      let setBase = Self.base(set, base)
      var track = PresentationTrack(kind: .metadata)
      track.language = set["lang"] ?? ""
      track.periodStart = start
      for node in set.all("Representation") {
        let information = try DASHSegmentInformation(chain: [period, set, node])
        let representation = try DASHRepresentation(
          node: node, set: set, information: information, base: Self.base(node, setBase), periodStart: start,
          periodDuration: duration, isLive: presentation.isLive
        ).read()
        track.representations.append(representation)
        if track.kind == .metadata { track.kind = Self.kind(set, node, representation.codecs) }
      }
      guard !track.representations.isEmpty else { throw set.error("the AdaptationSet has no Representation") }
      presentation.tracks.append(track)
    }
  }

  private static func duration(_ node: XMLNode, _ attribute: String) throws(InputError) -> RationalTime? {
    guard let text = node[attribute] else { return nil }
    guard let duration = DASHDuration.parse(text) else {
      throw node.error("@\(attribute) = \"\(text.prefix(40))\" is not a duration", suggestion: "for example PT12.5S")
    }
    return duration
  }

  private static func base(_ node: XMLNode, _ outer: String) -> String {
    guard let base = node.first("BaseURL") else { return outer }
    return RelativeReference.resolve(base.text.trimmed, against: outer)
  }

  private static func kind(_ set: XMLNode, _ node: XMLNode, _ codecs: String) -> MediaKind {
    let type = set["contentType"] ?? node["mimeType"] ?? set["mimeType"] ?? ""
    if type.hasPrefix("video") { return .video }
    if type.hasPrefix("audio") { return .audio }
    if type.hasPrefix("text") || codecs.hasPrefix("stpp") || codecs.hasPrefix("wvtt") { return .subtitles }
    return .metadata
  }
}
