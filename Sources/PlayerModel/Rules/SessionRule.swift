// The rules by name, and the closed sum of them that a session stores inline.

/// The bitrate rules a scenario or a command line can name.
public enum AbrName: String, CaseIterable, Sendable, BitwiseCopyable {
  /// BOLA with the one-above oscillation cap.
  case bola
  /// BOLA-E.
  case bolaE = "bola-e"
  /// Throughput with safety factor 0.9.
  case throughput
  /// DYNAMIC.
  case dynamic
  /// DYNAMIC over BOLA-E.
  case dynamicDash = "dynamic-dash"
  /// BBA-0 with a 5 s reservoir and a 10 s cushion.
  case bufferBased = "buffer-based"
  /// RobustMPC; the last of equal plans wins.
  case robustMpc = "robust-mpc"
  /// RobustMPC; the first of equal plans wins.
  case robustMpcStrict = "robust-mpc-strict"
  /// No adaptation.
  case fixed
  /// dash.js 5: DYNAMIC over BOLA-E with its own buffer marks and guard.
  case dashJs = "dash.js"
  /// hls.js.
  case hlsJs = "hls.js"
  /// Shaka Player.
  case shaka
  /// Android's Media3 (ExoPlayer).
  case media3
  /// Android's Stagefright HLS.
  case stagefright
  /// Netflix' BBA-2.
  case bba2 = "bba-2"
  /// A trained network; needs its file.
  case neural

  /// The rules that need nothing but their name.
  public static let allCases: [AbrName] = [
    .bola, .bolaE, .throughput, .dynamic, .dynamicDash, .bufferBased, .robustMpc, .robustMpcStrict, .fixed, .dashJs,
    .hlsJs, .shaka, .media3, .stagefright, .bba2,
  ]
}

/// What can be set about a rule.
///
/// The defaults are the documented ones.
public struct RuleOptions: Sendable, Equatable {
  /// BOLA without the changing control parameter and without abandonment.
  public var basic = false
  /// What BOLA does about oscillation.
  public var oscillationCap = BolaRule.OscillationCap.oneAbove
  /// BOLA's weight of a stall against utility.
  public var gammaP = 5.0
  /// Whether a short buffer lowers the choice of BOLA-E and Throughput.
  public var insufficientBufferRule = true
  /// Share of the estimated throughput that Throughput uses.
  public var safetyFactor = 0.9
  /// The quality of `fixed`.
  public var fixedQuality = 0
  /// A fixed factor of the insufficient buffer rule; `nil` for one that decays from 0.9 to 0.5.
  public var insufficientBufferFactor: Double?
  /// Whether DYNAMIC tells its halves of jumps.
  public var seeks = DynamicRule.SeekHandling.forwarded
  /// The network of `neural`.
  public var learned: SharedBitrateModel?

  /// The documented defaults.
  public init() {}
}

/// One rule of the closed set, stored inline: no existential, no allocation.
///
/// At most 60 bytes.
public enum SessionRule: AdaptationRule {
  /// BOLA.
  case bola(BolaRule)
  /// BOLA-E.
  case bolaE(BolaERule)
  /// Throughput.
  case throughput(ThroughputRule)
  /// DYNAMIC.
  case dynamic(DynamicRule)
  /// DYNAMIC over BOLA-E.
  case dynamicDash(DynamicDashRule)
  /// BBA-0.
  case bufferBased(BufferBasedRule)
  /// RobustMPC.
  case robustMpc(RobustMpcRule<Float>)
  /// No adaptation.
  case fixed(FixedRule)
  /// hls.js, Shaka, Media3, Stagefright.
  case headroom(HeadroomRule)
  /// BBA-2.
  case bba2(Bba2Rule)
  /// A trained network.
  case learned(LearnedRule)

  /// The rule of a name for a buffer of `bufferMs` milliseconds.
  public init(_ name: AbrName, bufferMs: Double, ladder: LadderView, options: RuleOptions = RuleOptions()) {
    switch name {
    case .bola: self = .bola(.init(bufferMs, ladder, options))
    case .bolaE: self = .bolaE(.init(bufferMs, ladder, options))
    case .throughput: self = .throughput(.init(options))
    case .dynamic:
      self = .dynamic(
        DynamicRule(bola: .init(bufferMs, ladder, options), throughput: .init(options), seeks: options.seeks))
    case .dynamicDash, .dashJs:
      self = .dynamicDash(
        DynamicDashRule(bola: .init(bufferMs, ladder, options), throughput: .init(options), seeks: options.seeks))
    case .bufferBased: self = .bufferBased(BufferBasedRule())
    case .robustMpc: self = .robustMpc(RobustMpcRule(ties: .last))
    case .robustMpcStrict: self = .robustMpc(RobustMpcRule(ties: .first))
    case .fixed: self = .fixed(FixedRule(quality: options.fixedQuality))
    case .hlsJs: self = .headroom(HeadroomRule(.hlsJs))
    case .shaka: self = .headroom(HeadroomRule(.shaka))
    case .media3: self = .headroom(HeadroomRule(.media3))
    case .stagefright: self = .headroom(HeadroomRule(.stagefright))
    case .bba2: self = .bba2(Bba2Rule())
    case .neural:
      guard let model = options.learned else { preconditionFailure("a learned rule has its network in its options") }
      self = .learned(LearnedRule(model))
    }
  }

  /// The next quality by the equations above.
  public mutating func choose(_ context: DecisionContext) -> Decision {
    switch self {
    case .bola(var rule):
      defer { self = .bola(rule) }
      return rule.choose(context)
    case .bolaE(var rule):
      defer { self = .bolaE(rule) }
      return rule.choose(context)
    case .throughput(var rule):
      defer { self = .throughput(rule) }
      return rule.choose(context)
    case .dynamic(var rule):
      defer { self = .dynamic(rule) }
      return rule.choose(context)
    case .dynamicDash(var rule):
      defer { self = .dynamicDash(rule) }
      return rule.choose(context)
    case .bufferBased(var rule): return rule.choose(context)
    case .robustMpc(var rule): return rule.choose(context)
    case .fixed(var rule): return rule.choose(context)
    case .headroom(var rule):
      defer { self = .headroom(rule) }
      return rule.choose(context)
    case .bba2(var rule):
      defer { self = .bba2(rule) }
      return rule.choose(context)
    case .learned(let rule): return rule.choose(context)
    }
  }

  /// The abandonment test described above.
  public func considerAbandon(_ progress: DownloadProgress) -> Int? {
    switch self {
    case .bola(let rule): rule.considerAbandon(progress)
    case .bolaE(let rule): rule.considerAbandon(progress)
    case .throughput(let rule): rule.considerAbandon(progress)
    case .dynamic(let rule): rule.considerAbandon(progress)
    case .dynamicDash(let rule): rule.considerAbandon(progress)
    case .headroom(let rule): rule.considerAbandon(progress)
    case .bufferBased, .robustMpc, .fixed, .bba2, .learned: nil
    }
  }

  /// Takes in how a request ended.
  public mutating func downloaded(_ outcome: DownloadOutcome) {
    switch self {
    case .bola(var rule):
      rule.downloaded(outcome)
      self = .bola(rule)
    case .bolaE(var rule):
      rule.downloaded(outcome)
      self = .bolaE(rule)
    case .dynamic(var rule):
      rule.downloaded(outcome)
      self = .dynamic(rule)
    case .dynamicDash(var rule):
      rule.downloaded(outcome)
      self = .dynamicDash(rule)
    case .robustMpc(var rule):
      rule.downloaded(outcome)
      self = .robustMpc(rule)
    case .headroom(var rule):
      rule.downloaded(outcome)
      self = .headroom(rule)
    case .bba2(var rule):
      rule.downloaded(outcome)
      self = .bba2(rule)
    case .learned(var rule):
      rule.downloaded(outcome)
      self = .learned(rule)
    case .throughput, .bufferBased, .fixed: break
    }
  }

  /// Takes in time idled on a full buffer.
  public mutating func waited(milliseconds: Double) {
    switch self {
    case .bolaE(var rule):
      rule.waited(milliseconds: milliseconds)
      self = .bolaE(rule)
    case .dynamicDash(var rule):
      rule.waited(milliseconds: milliseconds)
      self = .dynamicDash(rule)
    case .headroom(var rule):
      rule.waited(milliseconds: milliseconds)
      self = .headroom(rule)
    case .bola, .throughput, .dynamic, .bufferBased, .robustMpc, .fixed, .bba2, .learned: break
    }
  }

  /// Takes in a jump of the viewer.
  public mutating func sought(segment: Int) {
    switch self {
    case .bola(var rule):
      rule.sought(segment: segment)
      self = .bola(rule)
    case .bolaE(var rule):
      rule.sought(segment: segment)
      self = .bolaE(rule)
    case .dynamic(var rule):
      rule.sought(segment: segment)
      self = .dynamic(rule)
    case .dynamicDash(var rule):
      rule.sought(segment: segment)
      self = .dynamicDash(rule)
    case .bba2(var rule):
      rule.sought(segment: segment)
      self = .bba2(rule)
    case .throughput, .bufferBased, .robustMpc, .fixed, .headroom, .learned: break
    }
  }
}

extension BolaRule {
  init(_ bufferMs: Double, _ ladder: LadderView, _ options: RuleOptions) {
    self.init(
      bufferMs: bufferMs, gammaP: options.gammaP, basic: options.basic, cap: options.oscillationCap, ladder: ladder)
  }
}

extension BolaERule {
  init(_ bufferMs: Double, _ ladder: LadderView, _ options: RuleOptions) {
    self.init(
      bufferMs: bufferMs, gammaP: options.gammaP, insufficientBufferRule: options.insufficientBufferRule,
      insufficientBufferFactor: options.insufficientBufferFactor, cap: options.oscillationCap, ladder: ladder)
  }
}

extension ThroughputRule {
  init(_ options: RuleOptions) {
    self.init(
      safetyFactor: options.safetyFactor, insufficientBufferRule: options.insufficientBufferRule,
      insufficientBufferFactor: options.insufficientBufferFactor)
  }
}
