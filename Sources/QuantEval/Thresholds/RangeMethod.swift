// The ways to choose the range of an activation, by the names that the command line uses.

/// A rule that turns what calibration found about a tensor into a quantizer.
public enum RangeMethod: Sendable, Hashable {
  /// Symmetric, up to the largest magnitude.
  case minMax
  /// Asymmetric, from the smallest to the largest value.
  case minMaxAsymmetric
  /// Symmetric, up to the moving average of the batches' ranges.
  case movingMinMax
  /// Symmetric, up to a percentile of the magnitudes.
  case percentile(Double)
  /// Least divergence as NVIDIA's calibrators find it.
  case klNvidia(isGuarded: Bool)
  /// Least divergence as ncnn finds it.
  case klNcnn(isGuarded: Bool)
  /// Least divergence as EasyQuant's table tool finds it.
  case klMxnet(isGuarded: Bool)
  /// Least squared error as NVIDIA's calibrators find it, at 8 bits.
  case meanSquaredError
  /// Asymmetric, of least squared error as PyTorch's HistogramObserver searches for it.
  case histogramObserver
  /// ACIQ for a Gaussian tensor, as ncnn computes it.
  case aciqGauss
  /// ACIQ for a Laplace tensor.
  case aciqLaplace

  /// Names as the command line has them, without parameters.
  public static let names = [
    "minmax", "minmax-asym", "ema", "percentile:P", "kl-nvidia", "kl-ncnn", "kl-mxnet", "mse", "histogram", "aciq",
    "aciq-laplace", "easyquant",
  ]

  /// The method of a name; `nil` for an unknown one.
  ///
  /// `kl-...:unguarded` applies the rule to few-valued tensors too, as the tools do.
  public init?(name: String) {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    let isGuarded = parts.count == 1
    guard isGuarded || parts.count == 2 && (parts[0] == "percentile" || parts[1] == "unguarded") else { return nil }
    switch parts[0] {
    case "minmax" where isGuarded: self = .minMax
    case "minmax-asym" where isGuarded: self = .minMaxAsymmetric
    case "ema" where isGuarded: self = .movingMinMax
    case "percentile":
      guard let percent = Double(isGuarded ? "99.99" : parts[1]), percent > 0, percent <= 100 else { return nil }
      self = .percentile(percent)
    case "kl-nvidia": self = .klNvidia(isGuarded: isGuarded)
    case "kl-ncnn": self = .klNcnn(isGuarded: isGuarded)
    case "kl-mxnet": self = .klMxnet(isGuarded: isGuarded)
    case "mse" where isGuarded: self = .meanSquaredError
    case "histogram" where isGuarded: self = .histogramObserver
    case "aciq" where isGuarded, "aciq-gauss" where isGuarded: self = .aciqGauss
    case "aciq-laplace" where isGuarded: self = .aciqLaplace
    default: return nil
    }
  }

  /// The histograms that the method looks at.
  public var binnings: [Histogram.Binning] {
    switch self {
    case .klNvidia, .meanSquaredError, .percentile, .aciqLaplace: [.magnitudes]
    case .klNcnn: [.nonzeroMagnitudes]
    case .klMxnet: [.positives]
    case .histogramObserver: [.spreadValues]
    default: []
    }
  }

  /// A quantizer, and what should be said about it.
  public struct Choice: Sendable {
    /// The quantizer.
    public let quantizer: AffineQuantizer
    /// Why it is not what the method would have given, or what to be careful of.
    public let warning: String?
  }

  /// The quantizer of a tensor.
  public func choice(for tensor: CalibratedTensor, bits: Int) -> Choice {
    let statistics = tensor.statistics
    let largest = statistics.absoluteMaximum
    guard largest > 0 else {
      return Choice(
        quantizer: .symmetric(threshold: 0, bits: bits),
        warning: "\(tensor.name) is zero in every calibration row; it is kept at zero with scale 1")
    }
    if self == .minMaxAsymmetric {
      return Choice(
        quantizer: .asymmetric(minimum: statistics.minimum, maximum: statistics.maximum, bits: bits), warning: nil)
    }
    if self == .histogramObserver, let histogram = tensor.histogram(.spreadValues) {
      let range = TorchRules.leastError(histogram, bits: bits)
      return Choice(
        quantizer: .asymmetric(minimum: range.minimum, maximum: range.maximum, bits: bits), warning: nil)
    }
    if isGuardedDivergence, statistics.isFewValued {
      return Choice(
        quantizer: .symmetric(threshold: Double(largest), bits: bits),
        warning: "\(tensor.name) has only \(statistics.distinct.count) distinct values: a histogram of it is mostly "
          + "empty, divergence rules cut it to a fraction of its range; min-max is used instead")
    }
    let threshold = threshold(for: tensor, bits: bits)
    let isSane = threshold.isFinite && threshold > 0
    return Choice(
      quantizer: .symmetric(threshold: Double(isSane ? threshold : largest), bits: bits),
      warning: isSane ? nil : "the method finds no threshold for \(tensor.name); min-max is used instead")
  }

  private var isGuardedDivergence: Bool {
    switch self {
    case .klNvidia(let isGuarded), .klNcnn(let isGuarded), .klMxnet(let isGuarded): isGuarded
    default: false
    }
  }

  /// The magnitude that the largest integer stands for; NaN if the method finds none.
  func threshold(for tensor: CalibratedTensor, bits: Int) -> Float {
    let statistics = tensor.statistics
    let largest = statistics.absoluteMaximum
    switch self {
    case .minMax, .minMaxAsymmetric, .histogramObserver: return largest
    case .movingMinMax:
      return Float(max(abs(statistics.moving.minimum ?? 0), abs(statistics.moving.maximum ?? 0)))
    case .percentile(let percent): return Float(tensor.percentile(percent))
    case .klNvidia(let isGuarded):
      return tensor.histogram(.magnitudes).flatMap { NvidiaRules.entropy($0, keepsArtefact: !isGuarded) } ?? .nan
    case .klNcnn: return tensor.histogram(.nonzeroMagnitudes).flatMap { NcnnRules.entropy($0)?.threshold } ?? .nan
    case .klMxnet: return tensor.histogram(.positives).flatMap { TableToolRule.entropy($0)?.threshold } ?? .nan
    case .meanSquaredError: return tensor.histogram(.magnitudes).map { NvidiaRules.meanSquaredError($0) } ?? .nan
    case .aciqGauss:
      return min(largest, NcnnRules.gaussianThreshold(largest: largest, count: statistics.count, bits: bits))
    case .aciqLaplace:
      return NcnnRules.laplaceThreshold(meanDeviation: tensor.meanDeviation, largest: largest, bits: bits)
    }
  }
}
