// The part of the cross-check that compares declared times and rates with measured ones.

extension MediaCheck {
  // MARK: Times

  private static func seconds(_ time: RationalTime) -> String {
    let exact = DecimalText.seconds(
      RationalTime(ticks: Int64(clamping: time.ticks.magnitude), timescale: time.timescale))
    return (time < .zero ? "-" : "") + exact
  }

  private static func magnitude(_ time: RationalTime) -> RationalTime {
    time < .zero ? (RationalTime.zero.subtracting(time) ?? .zero) : time
  }

  /// Times off by more than this stall a player or make it seek to the wrong place.
  private static let graveDifference = RationalTime(ticks: 1, timescale: 4)

  /// Declared against real duration.
  mutating func compareTimes(_ measured: MeasuredSegment, _ representation: Representation, isLast: Bool) {
    let declared = measured.declared.duration
    guard let difference = measured.duration.subtracting(declared) else { return }
    let off = Self.magnitude(difference)
    if off > measured.sampleDuration {
      // The last segment of a template or list is often shorter than the rest.
      let isShortTail = isLast && difference < .zero
      let isGrave = off > Self.graveDifference && off.seconds > declared.seconds / 10
      report(
        isShortTail ? .note : (isGrave ? .error : .warning), .duration, representation, measured.index,
        measured.place, "declared \(Self.seconds(declared)) s, the samples last \(Self.seconds(measured.duration)) s")
    }
  }

  /// Real starts against declared ones, relative to the first segment, and segment against segment.
  mutating func compareNeighbours(_ measured: [MeasuredSegment], _ representation: Representation) {
    guard let first = measured.first, let firstStart = first.start,
      let offset = firstStart.subtracting(first.declared.start)
    else { return }
    var isInRun = true
    for (position, segment) in measured.enumerated() {
      guard let start = segment.start else { continue }
      if segment.declared.isDiscontinuity { isInRun = false }
      if isInRun, let expected = segment.declared.start.adding(offset), let drift = start.subtracting(expected),
        Self.magnitude(drift) > max(segment.sampleDuration, first.sampleDuration).doubled
      {
        // Numbered segments may start up to half a segment off (ISO/IEC 23009-1 section 5.3.9.5.3).
        let isGrave = Self.magnitude(drift).seconds > max(0.5, segment.declared.duration.seconds / 2)
        report(
          isGrave ? .error : .warning, .start, representation, segment.index, segment.place,
          "declared start \(Self.seconds(segment.declared.start)) s, the media is off by \(Self.seconds(drift)) s")
      }
      guard position > 0, measured[position - 1].index == segment.index - 1, !segment.declared.isDiscontinuity,
        let before = measured[position - 1].start, let end = before.adding(measured[position - 1].duration),
        let distance = start.subtracting(end)
      else { continue }
      if distance > measured[position - 1].sampleDuration {
        report(
          .warning, .gap, representation, segment.index, segment.place,
          "\(Self.seconds(distance)) s without samples before the segment")
      } else if Self.magnitude(distance) > segment.sampleDuration, distance < .zero {
        report(
          .error, .overlap, representation, segment.index, segment.place,
          "the segment starts \(Self.seconds(Self.magnitude(distance))) s before the end of the one before it")
      }
    }
  }

  /// Gaps and overlaps that the manifest itself declares.
  mutating func checkDeclaredTimeline(_ representation: Representation) {
    var end: RationalTime?
    for (index, segment) in representation.segments.enumerated() {
      if let end, !segment.isDiscontinuity, let distance = segment.start.subtracting(end) {
        let tolerance = RationalTime(ticks: 1, timescale: 1000)
        if distance > tolerance {
          report(
            .warning, .gap, representation, index, folder.display(segment.resource),
            "the manifest leaves \(Self.seconds(distance)) s before the segment empty")
        } else if Self.magnitude(distance) > tolerance {
          report(
            .error, .overlap, representation, index, folder.display(segment.resource),
            "the manifest lets the segment start \(Self.seconds(Self.magnitude(distance))) s too early")
        }
      }
      end = segment.start.adding(segment.duration)
    }
  }

  // MARK: Bandwidth

  /// Real mean and peak against the declared bits a second; a tenth is tolerated.
  mutating func compareBandwidth(
    _ measured: [MeasuredSegment], _ representation: Representation, _ format: Presentation.Format
  ) {
    guard representation.bandwidth > 0, !measured.isEmpty else { return }
    let bytes = measured.reduce(0) { $0 + $1.bytes }
    let seconds = measured.reduce(0.0) { $0 + $1.duration.seconds }
    guard seconds > 0 else { return }
    let mean = Double(bytes) * 8 / seconds
    // A tail of a few frames says nothing about the rate; segments of half the longest and more do.
    let longest = measured.map(\.duration.seconds).max() ?? 0
    let peak =
      measured.filter { $0.duration.seconds >= longest / 2 && longest > 0 }
      .map { Double($0.bytes) * 8 / $0.duration.seconds }.max() ?? mean
    let declared = Double(representation.bandwidth)
    let numbers = "declared \(representation.bandwidth) bit/s, mean \(Int(mean.rounded())), peak \(Int(peak.rounded()))"
    if mean > declared * 1.1 {
      // Beyond half more, a rule that trusts the declaration cannot keep the buffer filled.
      report(
        mean > declared * 1.5 ? .error : .warning, .bandwidth, representation, nil, representation.id,
        "the mean exceeds the declaration: \(numbers)")
    } else if peak > declared * 1.1 {
      // HLS declares the peak (RFC 8216 section 4.3.4.2); DASH and Smooth encoders usually declare the mean.
      report(
        format == .hls ? .warning : .note, .bandwidth, representation, nil, representation.id,
        "the peak exceeds the declaration: \(numbers)")
    }
    if let average = representation.averageBandwidth, abs(mean - Double(average)) > Double(average) * 0.1 {
      report(
        .warning, .bandwidth, representation, nil, representation.id,
        "declared AVERAGE-BANDWIDTH \(average) bit/s, mean \(Int(mean.rounded()))")
    }
  }
}

extension RationalTime {
  fileprivate var doubled: RationalTime { adding(self) ?? self }
}
