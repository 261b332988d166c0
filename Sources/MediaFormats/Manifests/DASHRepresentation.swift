import TextFormats

/// Reads one Representation: its attributes, and the segments that its template, list or index stands for.
struct DASHRepresentation {
  let node: XMLNode
  let set: XMLNode
  let information: DASHSegmentInformation
  let base: String
  let periodStart: RationalTime
  let periodDuration: RationalTime?
  let isLive: Bool

  func read() throws(InputError) -> Representation {
    guard let id = node["id"] else { throw node.error("@id is missing") }
    guard let bandwidth = try node.unsigned("bandwidth") else { throw node.error("@bandwidth is missing") }
    var result = Representation(id: id, bandwidth: Int(clamping: bandwidth), codecs: inherited("codecs") ?? "")
    result.width = try pixels("width")
    result.height = try pixels("height")
    result.frameRate = inherited("frameRate") ?? ""
    switch information.kind {
    case .template: try readTemplate(&result)
    case .list: try readList(&result)
    case .base: try readBase(&result)
    }
    return result
  }

  private func inherited(_ attribute: String) -> String? { node[attribute] ?? set[attribute] }

  private func pixels(_ attribute: String) throws(InputError) -> Int? {
    let owner = node[attribute] != nil ? node : set
    guard let value = try owner.unsigned(attribute) else { return nil }
    guard value <= 65_535 else { throw owner.error("@\(attribute) = \(value) pixels is more than 65535") }
    return Int(value)
  }

  /// Presentation time of media tick 0: the start of the Period less `@presentationTimeOffset`.
  private func origin(_ timescale: Int64) throws(InputError) -> RationalTime {
    let offset = try information.ticks("presentationTimeOffset") ?? 0
    guard let origin = periodStart.subtracting(RationalTime(ticks: offset, timescale: timescale)) else {
      throw node.error("@presentationTimeOffset leads beyond 64 bits")
    }
    return origin
  }

  private func template(_ text: String, _ place: XMLNode, bandwidth: Int, id: String) throws(InputError) -> DASHTemplate
  {
    try DASHTemplate(text, base: base, representation: id, bandwidth: bandwidth, node: place)
  }

  private func readTemplate(_ result: inout Representation) throws(InputError) {
    let place = information.node ?? node
    let timescale = try information.timescale()
    if let text = information.text("initialization") {
      let naming = try template(text, place, bandwidth: result.bandwidth, id: result.id)
      guard !naming.isVarying else { throw place.error("@initialization may not name $Number$ or $Time$") }
      result.initialization = ResourceRange(url: naming.url(number: 0, time: 0))
    } else if let element = information.child("Initialization") {
      result.initialization = try initialization(element)
    }
    guard let media = information.text("media") else { throw place.error("@media is missing") }
    let naming = try template(media, place, bandwidth: result.bandwidth, id: result.id)
    let startNumber = try information.unsigned("startNumber") ?? 1
    let builder: TimelineBuilder
    var lastDuration: RationalTime?
    if let element = information.child("SegmentTimeline") {
      builder = try timeline(element, timescale)
    } else {
      (builder, lastDuration) = try numbered(place, timescale)
    }
    result.segments = SegmentSequence(
      SegmentSequence.Timeline(
        runs: builder.runs, timescale: timescale, origin: try origin(timescale), startNumber: startNumber,
        template: naming, lastDuration: lastDuration))
  }

  /// Media tick at which the Period ends, rounded up; `nil` if its length is unknown.
  private func periodEnd(_ timescale: Int64) throws(InputError) -> Int64? {
    guard let periodDuration else { return nil }
    let offset = try information.ticks("presentationTimeOffset") ?? 0
    let scaled = Int128(periodDuration.ticks) * Int128(timescale)
    let ticks = (scaled + Int128(periodDuration.timescale) - 1) / Int128(periodDuration.timescale) + Int128(offset)
    guard let end = Int64(exactly: ticks) else { throw node.error("the Period ends beyond 63 bits of ticks") }
    return end
  }

  private func timeline(_ element: XMLNode, _ timescale: Int64) throws(InputError) -> TimelineBuilder {
    var builder = TimelineBuilder()
    let entries = element.all("S")
    guard !entries.isEmpty || isLive else { throw element.error("the SegmentTimeline is empty") }
    for (index, entry) in entries.enumerated() {
      let time = try entry.ticks("t") ?? builder.end
      if builder.count > 0, time < builder.end {
        throw entry.error("@t = \(time) lies before the end of the segment before it, \(builder.end)")
      }
      guard let duration = try entry.ticks("d") else { throw entry.error("@d is missing") }
      guard duration > 0 else { throw entry.error("@d = 0 makes a segment without duration") }
      var repeats = 0
      if let text = entry["r"] {
        guard let value = Int(text.trimmed) else { throw entry.error("@r = \"\(text.prefix(40))\" is not a number") }
        repeats = value
      }
      if repeats < 0 {
        // Up to the next S that says when it starts, or the end of the Period (section 5.3.9.6.2).
        let next = index + 1 < entries.count ? try entries[index + 1].ticks("t") : try periodEnd(timescale)
        guard let next else {
          throw entry.error("@r = \(repeats), but neither the next @t nor the Period's end is known")
        }
        let (span, overflow) = next.subtractingReportingOverflow(time)
        guard !overflow, span >= 0 else { throw entry.error("@r = \(repeats), but the end lies before the start") }
        repeats = Int((span / duration) + (span % duration == 0 ? 0 : 1)) - 1
        if repeats < 0 { continue }
      }
      try append(&builder, time, duration, repeats, entry)
    }
    return builder
  }

  private func append(
    _ builder: inout TimelineBuilder, _ time: Int64, _ duration: Int64, _ repeats: Int, _ entry: XMLNode
  ) throws(InputError) {
    let (count, overflow) = repeats.addingReportingOverflow(1)
    do {
      try builder.append(time: time, duration: duration, count: overflow ? Int.max : count)
    } catch {
      switch error {
      case .emptySegment: throw entry.error("a segment without duration")
      case .tooMany:
        throw entry.error("\(repeats) repeats make more than \(SegmentSequence.limit) segments")
      case .overflow: throw entry.error("the segments end beyond 63 bits of ticks")
      }
    }
  }

  /// Equal segments numbered from `@startNumber`; the last one ends with the Period (section 5.3.9.5.3).
  ///
  /// - Returns: the segments, and the length of the last one if it is not a whole number of ticks.
  private func numbered(
    _ place: XMLNode, _ timescale: Int64
  ) throws(InputError) -> (TimelineBuilder, RationalTime?) {
    var builder = TimelineBuilder()
    guard let duration = try information.ticks("duration") else {
      throw place.error("neither @duration nor a SegmentTimeline says how long segments are")
    }
    guard duration > 0 else { throw place.error("@duration = 0 makes segments without duration") }
    let offset = try information.ticks("presentationTimeOffset") ?? 0
    guard let end = try periodEnd(timescale), let periodDuration else {
      if isLive { return (builder, nil) }
      throw place.error("@duration numbering needs the length of the Period")
    }
    let length = end - offset
    let whole = Int(clamping: length / duration)
    try append(&builder, offset, duration, whole - 1, place)
    let rest = length % duration
    guard rest > 0 else { return (builder, nil) }
    try append(&builder, offset + Int64(whole) * duration, rest, 0, place)
    // The end was rounded up to a tick; the segment ends with the Period itself.
    let before = RationalTime(ticks: Int64(whole) * duration, timescale: timescale)
    let exact = periodDuration.subtracting(before)
    return (builder, exact == RationalTime(ticks: rest, timescale: timescale) ? nil : exact)
  }

  private func initialization(_ element: XMLNode) throws(InputError) -> ResourceRange {
    ResourceRange(
      url: RelativeReference.resolve(element["sourceURL"] ?? "", against: base),
      range: try Self.byteRange(element, "range"))
  }

  /// `first-last`, both included.
  private static func byteRange(_ node: XMLNode, _ attribute: String) throws(InputError) -> Range<UInt64>? {
    guard let text = node[attribute] else { return nil }
    let parts = text.trimmed.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = UInt64(parts[0]), let last = UInt64(parts[1]), first <= last,
      last < UInt64(Int64.max)
    else { throw node.error("@\(attribute) = \"\(text.prefix(40))\" is not a byte range", suggestion: "first-last") }
    return first..<last + 1
  }

  private func readList(_ result: inout Representation) throws(InputError) {
    let place = information.node ?? node
    let timescale = try information.timescale()
    if let element = information.child("Initialization") { result.initialization = try initialization(element) }
    let urls = information.children("SegmentURL")
    guard urls.count <= SegmentSequence.limit else { throw place.error("\(urls.count) segments are too many") }
    let origin = try origin(timescale)
    var times: [(Int64, Int64)] = []
    if let element = information.child("SegmentTimeline") {
      for run in try timeline(element, timescale).runs {
        for index in 0..<run.count { times.append((run.time + Int64(index) * run.duration, run.duration)) }
      }
      guard times.count >= urls.count else {
        throw element.error("the SegmentTimeline times \(times.count) of \(urls.count) segments")
      }
    } else if let duration = try information.ticks("duration") {
      guard duration > 0 else { throw place.error("@duration = 0 makes segments without duration") }
      for index in urls.indices {
        let (time, overflow) = Int64(index).multipliedReportingOverflow(by: duration)
        guard !overflow else { throw place.error("the segments end beyond 63 bits of ticks") }
        times.append((time, duration))
      }
    } else {
      guard urls.count <= 1, let duration = periodDuration else {
        throw place.error("neither @duration nor a SegmentTimeline says how long segments are")
      }
      times = urls.map { _ in (0, 0) }
      result.segments = SegmentSequence(
        try urls.map { (url) throws(InputError) in
          Segment(resource: try resource(url), start: periodStart, duration: duration)
        })
      return
    }
    var segments: [Segment] = []
    segments.reserveCapacity(urls.count)
    for (index, url) in urls.enumerated() {
      let start = RationalTime(ticks: times[index].0, timescale: timescale)
      segments.append(
        Segment(
          resource: try resource(url), start: start.adding(origin) ?? start,
          duration: RationalTime(ticks: times[index].1, timescale: timescale)))
    }
    result.segments = SegmentSequence(segments)
  }

  private func resource(_ url: XMLNode) throws(InputError) -> ResourceRange {
    ResourceRange(
      url: RelativeReference.resolve(url["media"] ?? "", against: base), range: try Self.byteRange(url, "mediaRange"))
  }

  /// One resource; with `@indexRange` its segments stand in a `sidx` that the loader reads.
  private func readBase(_ result: inout Representation) throws(InputError) {
    if let element = information.child("Initialization") { result.initialization = try initialization(element) }
    guard !base.isEmpty else { throw node.error("no BaseURL and no segment information") }
    if let place = information.node, let range = try Self.byteRange(place, "indexRange") {
      result.index = ResourceRange(url: base, range: range)
      return
    }
    guard let duration = periodDuration else { throw node.error("the length of the Period is unknown") }
    result.segments = SegmentSequence([
      Segment(resource: ResourceRange(url: base), start: periodStart, duration: duration)
    ])
  }
}
