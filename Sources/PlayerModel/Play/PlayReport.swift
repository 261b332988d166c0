// The verb `play`: one session in the semantics of a profile, as a row and a log.

internal import SimEngine
public import TextFormats

/// A played session as a table: one row, and a log with a row a request.
public struct PlayReport: Sendable {
  /// Names of the columns of `row`.
  public let columns: [String]
  /// The session.
  public let row: [String]
  /// Names of the columns of `segments`.
  public let segmentColumns: [String]
  /// A row a request, or a chunk in the Pensieve profile.
  public let segments: [[String]]

  /// Plays a title over a network.
  ///
  /// - Throws: `InputError` naming every option that the profile cannot follow.
  public init(title: PlayTitle, network: RecordedNetwork, options: PlayOptions) throws(InputError) {
    try options.check(title: title)
    switch options.profile {
    case .sabre:
      let (result, log) = SabreProfile.play(
        title: title, trace: network.trace, rule: options.abr.name, ruleOptions: options.ruleOptions,
        options: options.sabreOptions, keepsLog: true)
      columns = SabreResult.columns
      row = result.fields
      segmentColumns = SabreRequest.columns
      segments = log.map(\.fields)
    case .pensieve:
      let (result, log) = PensieveProfile.play(
        title: title, samples: network.samples.scaled(by: options.networkMultiplier), rule: options.abr.name,
        ruleOptions: options.ruleOptions)
      columns = PensieveResult.columns
      row = result.fields
      segmentColumns = PensieveChunk.columns
      segments = log.map(\.fields)
    case .platform:
      let session = PlatformProfile.play(title: title, trace: network.trace, options: options)
      columns = PlatformProfile.columns
      row = session.row
      segmentColumns = PlatformProfile.requestColumns
      segments = session.requests
    }
  }
}

extension BandwidthSamples {
  /// The samples with every bandwidth multiplied.
  func scaled(by factor: Double) -> BandwidthSamples {
    guard factor != 1 else { return self }
    var copy = self
    for index in copy.megabits.indices { copy.megabits[index] *= factor }
    return copy
  }
}

/// The platform profile: the simulator's own player on a recorded network.
enum PlatformProfile {
  static let columns = [
    "abr", "segments", "requests", "abandoned", "startup_s", "play_s", "rebuffer_s", "rebuffer_ratio", "rebuffer_count",
    "seek_wait_s", "mean_bitrate_kbps", "switches", "received_bytes", "end_s", "qoe_lin", "qoe_log", "qoe_hd",
    "engagement_loss", "outcome", "qualities",
  ]

  static let requestColumns = [
    "segment", "quality", "request_s", "first_byte_s", "end_s", "buffer_s", "size_bytes", "received_bytes",
    "abandon_to",
    "cmcd",
  ]

  static func play(
    title: PlayTitle, trace: NetworkTrace, options: PlayOptions
  ) -> (row: [String], requests: [[String]]) {
    var settings = PlayerSettings.standard(for: options.abr.name)
    options.apply(to: &settings.options)
    if let seconds = options.bufferSeconds { settings.bufferCapacity = .seconds(seconds) }
    switch options.estimator {
    case .ewma(let halfLives): settings.estimator = .dualEwma(fastSeconds: halfLives[0], slowSeconds: halfLives[1])
    case .sliding(let windows): settings.estimator = .recent(.mean, window: windows[0])
    case nil: break
    }
    let ladder = title.ladder()
    return withExtendedLifetime(ladder) {
      title.withSizes { sizes in
        let segments =
          options.movieSeconds.map { max(1, Int(($0 * 1000 / title.segmentMs).rounded(.up))) } ?? title.segmentCount
        let starts = title.starts(count: segments + 1)
        return starts.withUnsafeBufferPointer { starts in
          let view = TitleView(
            ladder: ladder.view(), starts: UnsafeBufferPointer(rebasing: starts[..<segments]),
            duration: starts[segments], sizes: sizes)
          var session = TraceSession(
            network: TraceNetwork(
              options.networkMultiplier == 1 ? trace : trace.scaled(by: options.networkMultiplier)),
            settings: settings, title: view, abandons: options.abandons, seek: options.seek)
          let (player, end) = session.run()
          let qoe = SessionQoE(folding: session.log, lowestKbps: title.bitratesKbps[0])
          return (row(options.abr.name, player, end, qoe, session.requests), session.requests.map { fields($0) })
        }
      }
    }
  }

  private static func row(
    _ name: AbrName, _ player: SegmentPlayer, _ end: SimTime, _ qoe: SessionQoE, _ requests: [TraceRequest]
  ) -> [String] {
    let startup = qoe.startup?.seconds ?? 0
    let loss = EngagementLoss().totalLoss(startupSeconds: startup, rebufferRatio: qoe.rebufferRatio)
    let completed = requests.filter { $0.abandonTo == nil }
    return [
      name.rawValue, "\(completed.count)", "\(requests.count)", "\(requests.count - completed.count)", number(startup),
      number(qoe.playTime.seconds), number(qoe.stallTime.seconds), number(qoe.rebufferRatio), "\(qoe.stallCount)",
      number(qoe.seekTime.seconds), number(qoe.meanBitrateKbps), "\(qoe.switches)",
      "\(player.statistics.receivedBytes)", number(end.seconds), number(qoe.score(.linear)),
      number(qoe.score(.logarithmic)), number(qoe.score(.hd)), number(loss), qoe.outcome.rawValue,
      QualityDigits.text(completed.map { UInt8($0.quality) }),
    ]
  }

  private static func fields(_ request: TraceRequest) -> [String] {
    [
      "\(request.segment)", "\(request.quality)", number(request.sentAt.seconds), number(request.firstByteAt.seconds),
      number(request.endedAt.seconds), number(request.level.seconds), "\(request.sizeBytes)",
      "\(request.receivedBytes)", request.abandonTo.map { "\($0)" } ?? "", request.cmcd.text,
    ]
  }

  private static func number(_ value: Double) -> String { NumberText.shortest(value) }
}
