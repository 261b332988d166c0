import Arguments
import PlayerModel
import Reporting
import TextFormats

/// `simrun play`: one player, one title, one network trace.
enum PlayVerb {
  static let verb = Verb(
    "play", "Play one title over one network trace with one bitrate rule.",
    discussion: """
      Profiles: platform is the simulator's own player; sabre and pensieve agree exactly with these reference \
      simulators, quirks included.
      """,
    options: [
      .value("title", "T", completion: .file, "Sabre movie JSON, chunk-size CSV, or a DASH, HLS or Smooth manifest."),
      .value("network", "N", completion: .file, "Sabre JSON, Pensieve or Mahimahi trace."),
      .value(
        "abr", "A", standard: "bola",
        "The rule: \(AbrName.allCases.map(\.rawValue).joined(separator: ", ")); fixed:q=K; "
          + "neural:model=FILE[,precision=w8a8]."),
      .choice(
        "profile", PlayOptions.Profile.allCases.map(\.rawValue), standard: PlayOptions.Profile.platform.rawValue,
        "Whose semantics to follow."),
      .value("segments", "FILE", completion: .file, "Write the log of requests to this CSV file."),
      .value("buffer", "DURATION", "Buffer capacity, for example 25s."),
      .flag("abr-basic", "BOLA with a fixed control parameter and without abandonment."),
      .flag("abr-oscillation", "BOLA-O: never above the sustainable quality."),
      .value("gamma-p", "X", "BOLA's weight of a stall against utility."),
      .flag("no-insufficient-buffer-rule", "Leave the insufficient-buffer rule out."),
      .flag("no-abandon", "Never give a download up."),
      .choice("replace", SabreOptions.Replacement.allCases.map(\.rawValue), "Which buffered segments to replace."),
      .choice("estimator", ["ewma", "sliding"], "How throughput is estimated."),
      .value("half-life", "S1,S2", "Half lives of the averages in seconds."),
      .value("window", "N,...", "Windows of the sliding estimator, in segments."),
      .value("network-multiplier", "X", "Factor on the bandwidth of the trace."),
      .value("movie-length", "DURATION", "Length of the title; shorter tables repeat."),
      .value("seek", "W:T", "Jump when segment time W is reached to time T, for example 40s:120s."),
      OutputFormat.option,
    ],
    examples: [
      Example(
        "simrun play --title scenarios/media/manifest.mpd --network trace.json --abr bola-e", "Real segments, one row.")
    ])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    func needed(_ name: String) throws -> String {
      guard let text = invocation.text(name) else { throw invocation.error("--\(name) is missing") }
      return text
    }
    let options = try options(invocation)
    let report = try PlayReport(
      title: try PlayTitle(path: try needed("title")), network: try RecordedNetwork(path: try needed("network")),
      options: options)
    if let path = invocation.text("segments") {
      let text = ([report.segmentColumns] + report.segments).map { CSVText.row($0) }.joined()
      let file = try AtomicFile(path)
      try file.write(Array(text))
      try file.commit()
    }
    OutputFormat.show(columns: report.columns, rows: [report.row], invocation)
    return .success
  }

  private static func options(_ invocation: Invocation) throws -> PlayOptions {
    var options = PlayOptions(abr: try AbrSpecification(parsing: invocation.text("abr") ?? "bola"))
    options.profile = invocation.text("profile").flatMap(PlayOptions.Profile.init(rawValue:)) ?? .platform
    func seconds(_ name: String) throws -> Double? {
      try invocation.quantity(name, .duration).map { Double($0) / 1e9 }
    }
    options.bufferSeconds = try seconds("buffer")
    options.movieSeconds = try seconds("movie-length")
    options.basic = invocation.flag("abr-basic")
    options.strictOscillationCap = invocation.flag("abr-oscillation")
    options.insufficientBufferRule = !invocation.flag("no-insufficient-buffer-rule")
    options.abandons = !invocation.flag("no-abandon")
    if let gamma = try invocation.number("gamma-p") { options.gammaP = gamma }
    if let factor = try invocation.number("network-multiplier") { options.networkMultiplier = factor }
    options.replacement = invocation.text("replace").flatMap(SabreOptions.Replacement.init(rawValue:)) ?? .none
    let halfLives = try invocation.numbers("half-life", in: 1e-3...1e6)
    let windows = try invocation.numbers("window", in: 1...20).map { Int($0) }
    if invocation.text("estimator") == "sliding" {
      options.estimator = .sliding(windows.isEmpty ? [3] : windows)
    } else if invocation.text("estimator") == "ewma" || !halfLives.isEmpty {
      options.estimator = .ewma(halfLives.isEmpty ? [3, 8] : halfLives)
    }
    if let text = invocation.text("seek") {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      do throws(QuantityError) {
        guard parts.count == 2 else { throw QuantityError("'\(text)' is no jump", suggestion: "40s:120s") }
        options.seek = SabreOptions.Seek(
          whenSeconds: Double(try Quantity.nanoseconds(parts[0])) / 1e9,
          toSeconds: Double(try Quantity.nanoseconds(parts[1])) / 1e9)
      } catch { throw invocation.error("seek", error.message, suggestion: error.suggestion) }
    }
    return options
  }
}

/// `simrun qoe FILE`: score a session description.
enum QoEVerb {
  static let verb = Verb(
    "qoe", "Score a description of a session.",
    discussion:
      "p1203 is ITU-T P.1203 mode 0 without the random forest; yin gives the linear, logarithmic and HD forms.",
    operands: [Operand("FILE", "A session, or several, as JSON.", completion: .file)],
    options: [
      .choice(
        "model", QoEOptions.Model.allCases.map(\.rawValue), standard: QoEOptions.Model.p1203.rawValue, "The model."),
      .flag("fast", "P.1203: one score a segment instead of one a frame."), OutputFormat.option,
    ],
    examples: [Example("simrun qoe session.json --model p1203", "O.23, O.34, O.35 and their kin.")])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    var options = QoEOptions()
    options.model = invocation.text("model").flatMap(QoEOptions.Model.init(rawValue:)) ?? .p1203
    options.fast = invocation.flag("fast")
    let report = try QoEReport(scoring: try JSONText(readingFile: invocation.required("FILE")), options: options)
    if invocation.text("format") == TableFormat.json.rawValue {
      print(report.json.text(indented: true))
    } else {
      OutputFormat.show(columns: report.columns, rows: report.rows, invocation)
    }
    return .success
  }
}

/// `simrun pipeline FILE`: a file through the stages of a media player.
enum PipelineVerb {
  static let verb = Verb(
    "pipeline", "Play a file frame by frame through the stages of a media player.",
    discussion: "Prints the frame counters of each track, before them with --stages every stage with its time.",
    operands: [Operand("FILE", "A media file or manifest.", completion: .file)],
    options: [
      .value("init", "INIT", completion: .file, "Initialisation segment that the file needs."),
      .flag("stages", "Print the stages too."), OutputFormat.option,
    ],
    examples: [Example("simrun pipeline scenarios/media/manifest.mpd --stages", "From data source to last frame.")])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let path = invocation.required("FILE")
    // A missing file is told apart from one that cannot be played.
    _ = try InputFile.bytes(path)
    let report = MediaPipeline.play(path: path, initialization: invocation.text("init"))
    if invocation.flag("stages") || report.failure != nil {
      OutputFormat.show(columns: PipelineReport.stageColumns, rows: report.stageRows, invocation)
    }
    OutputFormat.show(columns: PipelineReport.counterColumns, rows: report.counterRows, invocation)
    if let failure = report.failure {
      // Some failures name their place in the file themselves.
      Simrun.complain(failure.hasPrefix(path) ? "simrun: \(failure)" : "simrun: \(path): \(failure)")
    }
    return report.failure == nil ? .success : .badInput
  }
}
