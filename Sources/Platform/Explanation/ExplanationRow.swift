/// One quantity of the back of the envelope: what it is, the formula, the value, and where a run has it.
public struct ExplanationRow: Sendable, Equatable {
  /// Where summary.csv has the simulated value.
  public struct Source: Sendable, Equatable {
    /// How the value of a slice becomes that of the platform.
    public enum Scaling: Sendable, Equatable {
      /// It is the same: ratios, times.
      case none
      /// Divided by the kept share: rates and levels.
      case share
      /// Divided by the kept share and the observed time: counts that become rates.
      case shareAndTime
    }
    /// Component, entity and metrics of the rows, whose values are added up.
    public var component: String
    /// `all`, or a part.
    public var entity: String
    /// Metrics to add up.
    public var metrics: [String]
    /// How they are scaled.
    public var scaling: Scaling
  }

  /// The quantity, for example `concurrency`.
  public var quantity: String
  /// Unit; empty for ratios and counts.
  public var unit: String
  /// The value for the whole platform.
  public var value: Double
  /// How it was worked out.
  public var formula: String
  /// Where a run has it, if it does.
  public var source: Source?
  /// Why a run may differ.
  public var caution: String = ""

  init(
    _ quantity: String, _ unit: String, _ value: Double, _ formula: String, source: Source? = nil, caution: String = ""
  ) {
    self.quantity = quantity
    self.unit = unit
    self.value = value
    self.formula = formula
    self.source = source
    self.caution = caution
  }
}

extension ExplanationRow.Source {
  init(_ component: String, _ metrics: String..., entity: String = "all", per scaling: Scaling) {
    self.init(component: component, entity: entity, metrics: metrics, scaling: scaling)
  }

  /// The simulated value for the whole platform, from the rows of a run's summary; `nil` where one is missing.
  ///
  /// - Parameters:
  ///   - value: looks up component, entity and metric.
  ///   - keptShare: the share of the platform that was simulated.
  ///   - observedSeconds: simulated time after the warm-up.
  public func simulated(
    keptShare: Double, observedSeconds: Double, value: (_ component: String, _ entity: String, String) -> Double?
  ) -> Double? {
    var sum = 0.0
    for metric in metrics {
      guard let part = value(component, entity, metric) else { return nil }
      sum += part
    }
    switch scaling {
    case .none: return sum
    case .share: return sum / keptShare
    case .shareAndTime: return sum / keptShare / observedSeconds
    }
  }
}
