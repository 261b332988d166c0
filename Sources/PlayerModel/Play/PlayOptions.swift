// The options of the verb `play`.

public import TextFormats

/// A bitrate rule as it is named on a command line: `bola`, `fixed:q=3`, `neural:model=abr.onnx,precision=w8a8`.
public struct AbrSpecification: Sendable, Equatable {
  /// The rule.
  public var name: AbrName
  /// The quality of `fixed`.
  public var fixedQuality = 0
  /// The network of `neural`.
  public var learned: SharedBitrateModel?

  /// A rule by name.
  public init(_ name: AbrName) { self.name = name }

  /// Reads `NAME`, `fixed:q=K` or `neural:model=FILE[,precision=w8a8]`; the network of the last is loaded.
  /// - Throws: `InputError` with the nearest name; what loading a network throws.
  public init(parsing text: String, source: String = "--abr") throws {
    try self.init(parsing: text, at: InputPlace(source: source))
  }

  /// Reads a rule that stands at a place of a scenario.
  /// - Throws: `InputError` with the nearest name; what loading a network throws.
  public init(parsing text: String, at place: InputPlace) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let name = AbrName(rawValue: parts[0]) else {
      let names = (AbrName.allCases + [.neural]).map(\.rawValue)
      let near = NameSuggestion.closest(to: parts[0], in: names).map { "did you mean '\($0)'?" }
      throw InputError(
        place, "'\(parts[0])' is no bitrate rule", suggestion: near ?? "one of \(names.joined(separator: ", "))")
    }
    self.name = name
    let parameters = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
    if name == .neural {
      learned = try Self.network(parameters, at: place)
      return
    }
    guard name == .fixed else {
      guard parts.count == 1 else { throw InputError(place, "'\(name.rawValue)' takes no parameters") }
      return
    }
    guard parameters.count == 1, parameters[0].hasPrefix("q="), let quality = Int(parameters[0].dropFirst(2)),
      (0..<PlayTitle.largestLadder).contains(quality)
    else { throw InputError(place, "'fixed' needs its quality", suggestion: "fixed:q=2") }
    fixedQuality = quality
  }
}

extension AbrSpecification {
  private static func network(_ parameters: [String], at place: InputPlace) throws -> SharedBitrateModel {
    var (path, precision) = ("", "w8a8")
    for parameter in parameters {
      if parameter.hasPrefix("model=") {
        path = String(parameter.dropFirst(6))
      } else if parameter.hasPrefix("precision=") {
        precision = String(parameter.dropFirst(10))
      } else {
        throw InputError(
          place, "'neural' has no parameter '\(parameter)'", suggestion: "neural:model=abr.onnx,precision=w8a8")
      }
    }
    guard !path.isEmpty else {
      throw InputError(place, "'neural' needs its network", suggestion: "neural:model=abr.onnx")
    }
    return try BitrateModels.model(path: path, precision: precision, at: place)
  }
}

/// Options of `simrun play`; what is `nil` takes the default of the profile or the rule.
public struct PlayOptions: Sendable, Equatable {
  /// Whose semantics a session follows.
  public enum Profile: String, CaseIterable, Sendable {
    /// The simulator's own.
    case platform
    /// Sabre's, quirks included.
    case sabre
    /// Pensieve's, quirks included.
    case pensieve
  }

  /// The semantics.
  public var profile = Profile.platform
  /// The bitrate rule.
  public var abr: AbrSpecification
  /// `--buffer`: buffer capacity in seconds.
  public var bufferSeconds: Double?
  /// `--abr-basic`: BOLA without changing control parameter and abandonment.
  public var basic = false
  /// `--abr-oscillation`: BOLA-O's strict cap.
  public var strictOscillationCap = false
  /// `--gamma-p`: BOLA's weight of a stall against utility.
  public var gammaP = 5.0
  /// Not `--no-insufficient-buffer-rule`.
  public var insufficientBufferRule = true
  /// Not `--no-abandon`.
  public var abandons = true
  /// `--replace`.
  public var replacement = SabreOptions.Replacement.none
  /// `--estimator`, `--half-life`, `--window`.
  public var estimator: SabreOptions.Estimator?
  /// `--network-multiplier`.
  public var networkMultiplier = 1.0
  /// `--movie-length` in seconds.
  public var movieSeconds: Double?
  /// `--seek`.
  public var seek: SabreOptions.Seek?

  /// The documented defaults for a rule.
  public init(abr: AbrSpecification) { self.abr = abr }

  /// The rule's options.
  var ruleOptions: RuleOptions {
    var options = RuleOptions()
    apply(to: &options)
    return options
  }

  func apply(to options: inout RuleOptions) {
    options.basic = basic
    options.oscillationCap = strictOscillationCap ? .strict : .oneAbove
    options.gammaP = gammaP
    options.insufficientBufferRule = insufficientBufferRule
    options.fixedQuality = abr.fixedQuality
    options.learned = abr.learned
  }

  /// The options of a Sabre session.
  var sabreOptions: SabreOptions {
    var options = SabreOptions()
    options.bufferSeconds = bufferSeconds ?? options.bufferSeconds
    options.estimator = estimator ?? options.estimator
    options.abandons = abandons
    options.replacement = replacement
    options.networkMultiplier = networkMultiplier
    options.movieSeconds = movieSeconds
    options.seek = seek
    return options
  }

  /// Checks the options against each other and a title.
  /// - Throws: `InputError` naming every option that cannot be followed.
  func check(title: PlayTitle) throws(InputError) {
    var findings: [InputDiagnostic] = []
    func require(_ holds: Bool, _ option: String, _ message: String) {
      if !holds { findings.append(InputDiagnostic(place: InputPlace(source: option), message: message)) }
    }
    func isUsable(_ value: Double, from low: Double, to high: Double) -> Bool { value >= low && value <= high }
    let segmentSeconds = title.segmentMs / 1000
    if let bufferSeconds {
      require(
        isUsable(bufferSeconds, from: segmentSeconds * 1.001, to: 1e6), "--buffer",
        "\(bufferSeconds) s of buffer do not take more than a segment of \(segmentSeconds) s")
    } else if profile == .sabre {
      require(
        segmentSeconds < sabreOptions.bufferSeconds, "--buffer",
        "the default of 25 s does not take more than a segment of \(segmentSeconds) s")
    }
    require(isUsable(gammaP, from: 1.001, to: 1e6), "--gamma-p", "\(gammaP) is not above 1")
    require(isUsable(networkMultiplier, from: 1e-6, to: 1e6), "--network-multiplier", "it must be positive")
    if let movieSeconds {
      require(
        isUsable(movieSeconds, from: 1e-3, to: segmentSeconds * Double(PlayTitle.mostSegments)), "--movie-length",
        "\(movieSeconds) s is no length of a title")
    }
    if let seek {
      require(
        isUsable(seek.whenSeconds, from: 0, to: 1e9) && isUsable(seek.toSeconds, from: 0, to: 1e9), "--seek",
        "a jump goes from one time to another")
    }
    switch estimator {
    case .ewma(let halfLives):
      require(
        !halfLives.isEmpty && halfLives.allSatisfy { isUsable($0, from: 1e-3, to: 1e6) }, "--half-life",
        "half lives are positive")
      require(profile != .platform || halfLives.count == 2, "--half-life", "this profile takes a fast and a slow one")
    case .sliding(let windows):
      require(
        !windows.isEmpty && windows.allSatisfy { (1...20).contains($0) }, "--window", "a window is 1 to 20 requests")
      require(
        profile != .platform || windows.count == 1 && windows[0] <= RecentSamples.largestWindow, "--window",
        "this profile takes one window of at most \(RecentSamples.largestWindow)")
    case nil: break
    }
    if profile != .sabre { require(replacement == .none, "--replace", "only the sabre profile replaces segments") }
    if profile == .pensieve {
      require(seek == nil, "--seek", "the pensieve profile has no jumps")
      require(movieSeconds == nil, "--movie-length", "the pensieve profile plays 48 chunks")
      require(bufferSeconds == nil, "--buffer", "the pensieve profile has a buffer of 60 s")
      require(estimator == nil, "--estimator", "the pensieve profile's rules bring their own estimate")
    }
    guard findings.isEmpty else { throw InputError(findings) }
  }
}
