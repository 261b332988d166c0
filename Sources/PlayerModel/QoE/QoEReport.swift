// The verb `qoe`: session descriptions in, rows of scores out.

internal import SimEngine
public import TextFormats

/// Options of `simrun qoe`.
public struct QoEOptions: Sendable, Equatable {
  /// Which model scores the session.
  public enum Model: String, CaseIterable, Sendable {
    /// ITU-T P.1203 mode 0.
    case p1203
    /// Yin et al.: linear, logarithmic, HD.
    case yin
  }
  /// The model; P.1203 by default.
  public var model = Model.p1203
  /// P.1203: one score a segment instead of one a frame.
  public var fast = false
  /// P.1203: which text.
  public var amendment = P1203Amendment.none

  /// The documented defaults.
  public init() {}
}

/// Scores of the session descriptions in one file.
public struct QoEReport: Sendable {
  /// Names of the columns.
  public let columns: [String]
  /// One row a session.
  public let rows: [[String]]
  /// The same with all scores of every second, for JSON.
  public let json: JSONValue

  /// Scores a file.
  ///
  /// The file is one description (see `P1203Session.init(report:)`), or an object whose members are descriptions or objects
  /// with a description under `input`; a member `rf_score` completes O.46 with a forest's score from elsewhere.
  /// - Throws: `InputError` with every finding.
  public init(scoring text: JSONText, options: QoEOptions = QoEOptions()) throws(InputError) {
    var cases: [(name: String, report: JSONNode, forest: Double?)] = []
    func add(_ name: String, _ node: JSONNode) {
      let standard = node["standard"] ?? node
      var forest: Double?
      if case .number(let number) = (standard["rf_score"] ?? node["rf_score"])?.content { forest = number.double }
      cases.append((name, node["input"] ?? node, forest))
    }
    if text.root["I13"] != nil || text.root["input"] != nil {
      add("", text.root)
    } else if case .object(let members) = text.root.content, !members.isEmpty {
      for member in members { add(member.key, member.value) }
    } else {
      throw InputError(text.root.place, "\(text.root.kindPhrase) stands where a session description should")
    }
    var rows: [[String]] = []
    var values: [JSONValue] = []
    for item in cases {
      let session = try P1203Session(report: item.report)
      switch options.model {
      case .p1203:
        guard let result = session.scored(fast: options.fast, amendment: options.amendment) else {
          throw InputError(item.report.place, "less than a second was seen")
        }
        rows.append(Self.row(item.name, result, item.forest, options))
        values.append(Self.value(item.name, result, item.forest, options))
      case .yin:
        let summary = SessionQoE(folding: session.log, lowestKbps: session.video.map(\.kbps).min() ?? 300)
        let row = Self.row(item.name, summary)
        rows.append(row)
        values.append(.object(zip(Self.yinColumns, row).map { .init($0, Double($1).map { .number($0) } ?? .text($1)) }))
      }
    }
    columns = options.model == .p1203 ? Self.p1203Columns : Self.yinColumns
    self.rows = rows
    json = .array(values)
  }

  private static let p1203Columns = [
    "session", "duration_s", "o21_mean", "o22_mean", "o23", "o34_mean", "o35", "mos_without_forest", "o46",
  ]

  private static func row(
    _ name: String, _ result: P1203Result, _ forest: Double?, _ options: QoEOptions
  ) -> [String] {
    let final = forest.map { NumberText.shortest(result.finalScore(forest: $0, amendment: options.amendment)) }
    return [
      name, "\(result.video.count)", mean(result.audio), mean(result.video), NumberText.shortest(result.stalling),
      mean(result.audiovisual), NumberText.shortest(result.session), NumberText.shortest(result.scoreWithoutForest),
      final ?? "",
    ]
  }

  private static func mean(_ scores: [Double]) -> String {
    NumberText.shortest(scores.reduce(0, +) / Double(scores.count))
  }

  private static func value(
    _ name: String, _ result: P1203Result, _ forest: Double?, _ options: QoEOptions
  ) -> JSONValue {
    var value: JSONValue = [
      "session": .text(name), "O21": .array(result.audio.map { .number($0) }),
      "O22": .array(result.video.map { .number($0) }), "O23": .number(result.stalling),
      "O34": .array(result.audiovisual.map { .number($0) }), "O35": .number(result.session),
      "mos_without_forest": .number(result.scoreWithoutForest),
    ]
    if let forest { value["O46"] = .number(result.finalScore(forest: forest, amendment: options.amendment)) }
    return value
  }

  private static let yinColumns = [
    "session", "startup_s", "play_s", "rebuffer_s", "rebuffer_ratio", "rebuffer_count", "mean_bitrate_kbps", "switches",
    "qoe_lin", "qoe_log", "qoe_hd", "engagement_loss",
  ]

  private static func row(_ name: String, _ qoe: SessionQoE) -> [String] {
    let startup = qoe.startup?.seconds ?? 0
    return [
      name, NumberText.shortest(startup), NumberText.shortest(qoe.playTime.seconds),
      NumberText.shortest(qoe.stallTime.seconds), NumberText.shortest(qoe.rebufferRatio), "\(qoe.stallCount)",
      NumberText.shortest(qoe.meanBitrateKbps), "\(qoe.switches)", NumberText.shortest(qoe.score(.linear)),
      NumberText.shortest(qoe.score(.logarithmic)), NumberText.shortest(qoe.score(.hd)),
      NumberText.shortest(EngagementLoss().totalLoss(startupSeconds: startup, rebufferRatio: qoe.rebufferRatio)),
    ]
  }
}

extension P1203Session {
  /// The session as its viewer saw it: stalls at media time 0 are the startup.
  public var log: [SessionRecord] {
    var log = [SessionRecord(.playRequested, at: .zero)]
    var clock = SimTime.zero
    var media = 0.0
    var pending = stalls[...]
    func stallsDue(_ limit: Double) -> [Stall] {
      let due = pending.prefix { $0.positionSeconds <= limit }
      pending = pending.dropFirst(due.count)
      return Array(due)
    }
    for stall in stallsDue(0) { clock += .seconds(stall.lengthSeconds) }
    log.append(SessionRecord(.firstFrame, at: clock))
    for segment in video {
      log.append(SessionRecord(.segmentStarted(kbps: segment.kbps), at: clock))
      let end = media + segment.durationSeconds
      for stall in stallsDue(end) {
        clock += .seconds(max(0, stall.positionSeconds - media))
        media = max(media, stall.positionSeconds)
        log.append(SessionRecord(.stallBegan, at: clock))
        clock += .seconds(stall.lengthSeconds)
        log.append(SessionRecord(.stallEnded, at: clock))
      }
      clock += .seconds(end - media)
      media = end
    }
    log.append(SessionRecord(.ended, at: clock))
    return log
  }
}
