// The Sabre profile: rules by name in Sabre's semantics.

/// Plays titles on traces exactly as Sabre does (UMass-LIDS/sabre; Spiteri, Sitaraman, Sparacio, MMSys 2018).
///
/// This profile alone uses the C library's `log` and `pow`, because agreement in the last bit needs them.
public enum SabreProfile {
  /// Plays a title.
  ///
  /// - Parameters:
  ///   - rule: which rule, and its options; jumps are told to BOLA and BOLA-E only.
  ///   - keepsLog: whether the requests are kept.
  /// - Returns: the figures of the session and its requests.
  /// - Complexity: O(segments + slices of 50 ms).
  public static func play(
    title: PlayTitle, trace: NetworkTrace, rule name: AbrName, ruleOptions: RuleOptions = RuleOptions(),
    options: SabreOptions = SabreOptions(), keepsLog: Bool = false
  ) -> (result: SabreResult, log: [SabreRequest]) {
    let ladder = title.ladder(.platformLibrary)
    let scaled = options.networkMultiplier == 1 ? trace : trace.scaled(by: options.networkMultiplier)
    var quirks = ruleOptions
    quirks.seeks = .ignored
    return withExtendedLifetime(ladder) {
      let view = ladder.view()
      return title.withSizes { sizes in
        func run<Rule: AdaptationRule>(_ rule: Rule) -> (result: SabreResult, log: [SabreRequest]) {
          var session = SabreSession(
            rule: rule, options: options, ladder: view, sizes: sizes, trace: scaled, keepsLog: keepsLog)
          let result = session.run()
          return (result, session.log)
        }
        // One specialised session a rule: no switch in the progress slices.
        switch SessionRule(name, bufferMs: options.bufferSeconds * 1000, ladder: view, options: quirks) {
        case .bola(let rule): return run(rule)
        case .bolaE(let rule): return run(rule)
        case .throughput(let rule): return run(rule)
        case .dynamic(let rule): return run(rule)
        case .dynamicDash(let rule): return run(rule)
        case let other: return run(other)
        }
      }
    }
  }
}
