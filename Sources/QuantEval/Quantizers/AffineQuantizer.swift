// Uniform affine quantization: a real number r stands for the integer q with r = (q - zero point) * scale.

/// Scale, zero point and integer range of one tensor or one channel.
///
/// Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only inference", CVPR
/// 2018, section 2.1. Rounding is to nearest, ties to even. Scales are computed in double and stored as float.
public struct AffineQuantizer: Sendable, Hashable {
  /// Real distance of neighbouring integers; positive.
  public let scale: Float
  /// The integer that stands for 0.
  public let zeroPoint: Int32
  /// Smallest integer.
  public let minimum: Int32
  /// Largest integer.
  public let maximum: Int32
  /// 1 / scale where numbers are multiplied in double instead of divided, which rounds a little differently; otherwise 0.
  public let multiplier: Double

  /// A quantizer of given parts.
  public init(scale: Float, zeroPoint: Int32, minimum: Int32, maximum: Int32, multiplier: Double = 0) {
    // A range of nothing (all zeros, or so small that the scale vanishes) is represented exactly by any scale.
    self.scale = scale > 0 && scale.isFinite ? scale : 1
    self.zeroPoint = zeroPoint
    self.minimum = minimum
    self.maximum = maximum
    self.multiplier = multiplier > 0 && multiplier.isFinite ? multiplier : 0
  }

  /// The symmetric quantizer of a multiplying scale: q = round(x S), r = q / S.
  public static func multiplying(by multiplier: Double, bits: Int) -> AffineQuantizer {
    let largest = largest(bits: bits)
    return AffineQuantizer(
      scale: Float(1 / multiplier), zeroPoint: 0, minimum: -largest, maximum: largest, multiplier: multiplier)
  }

  /// Largest integer of a symmetric range: 2^(bits - 1) - 1.
  public static func largest(bits: Int) -> Int32 { Int32(1) << Int32(bits - 1) - 1 }

  /// Zero point 0, integers from -(2^(bits-1) - 1) to 2^(bits-1) - 1, s = threshold / largest.
  public static func symmetric(threshold: Double, bits: Int) -> AffineQuantizer {
    let largest = largest(bits: bits)
    return AffineQuantizer(
      scale: Float(threshold / Double(largest)), zeroPoint: 0, minimum: -largest, maximum: largest)
  }

  /// The whole range of a signed (-2^(bits-1) ...) or unsigned (0 ...) type laid over [minimum, maximum].
  ///
  /// The range is widened to contain 0. s = (rmax - rmin) / (qmax - qmin), zero point = round(qmax - rmax / s) limited to
  /// the type.
  public static func asymmetric(minimum: Float, maximum: Float, bits: Int, isSigned: Bool = true) -> AffineQuantizer {
    let lowest: Int32 = isSigned ? -(Int32(1) << Int32(bits - 1)) : 0
    let highest = lowest + (Int32(1) << Int32(bits)) - 1
    let low = Double(min(0, minimum))
    let high = Double(max(0, maximum))
    let scale = (high - low) / Double(highest - lowest)
    guard scale > 0, Float(scale) > 0 else {
      return AffineQuantizer(scale: 1, zeroPoint: max(lowest, 0), minimum: lowest, maximum: highest)
    }
    let zero = (Double(highest) - high / scale).rounded(.toNearestOrEven)
    return AffineQuantizer(
      scale: Float(scale), zeroPoint: Int32(min(max(zero, Double(lowest)), Double(highest))), minimum: lowest,
      maximum: highest)
  }

  /// The integer of a number, as a float.
  @inline(__always)
  func level(_ value: Float) -> Float {
    let quotient = multiplier == 0 ? Self.rounded(value / scale) : Self.rounded(Double(value) * multiplier)
    return min(max(quotient + Float(zeroPoint), Float(minimum)), Float(maximum))
  }

  /// The nearest integer, ties to even, of a number limited to +-2^21.
  ///
  /// Adding 1.5 * 2^23 leaves no bits for fractions, and the addition rounds to even: two additions that every processor
  /// does on many lanes at once, where a rounding instruction may be missing.
  @inline(__always)
  static func rounded(_ value: Float) -> Float {
    // In this order of arguments what is no number becomes the lower limit.
    (min(0x1p21, max(-0x1p21, value)) + 0x1.8p23) - 0x1.8p23
  }

  /// The same for a number in double, limited to the same range.
  @inline(__always)
  static func rounded(_ value: Double) -> Float {
    Float((min(0x1p21, max(-0x1p21, value)) + 0x1.8p52) - 0x1.8p52)
  }

  /// The number that an integer stands for.
  @inline(__always)
  func value(_ level: Float) -> Float {
    multiplier == 0
      ? (level - Float(zeroPoint)) * scale : Float((Double(level) - Double(zeroPoint)) / multiplier)
  }

  /// The number nearest to a number among those that integers stand for.
  @inline(__always)
  public func quantized(_ value: Float) -> Float { self.value(level(value)) }

  /// Integers of all elements.
  public func integers(_ values: [Float]) -> [Int8] { values.map { Int8(truncatingIfNeeded: Int32(level($0))) } }

  /// Every element quantized and brought back.
  public func quantized(_ tensor: Tensor) -> Tensor {
    guard multiplier != 0 else { return ElementwiseKernel.map(tensor) { value(level($0)) } }
    // A division in double for every element is slow; there are at most 256 results.
    let values = (minimum...maximum).map { value(Float($0)) }
    let lowest = Float(minimum)
    return values.withUnsafeBufferPointer { values in
      ElementwiseKernel.map(tensor) { values[Int(Int32(level($0) - lowest))] }
    }
  }

  /// The share of elements outside the range, from 0 to 1.
  public func saturation(_ values: [Float]) -> Double {
    guard !values.isEmpty else { return 0 }
    let outside = values.reduce(into: 0) { count, value in
      let level = (value / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
      if level < Float(minimum) || level > Float(maximum) { count += 1 }
    }
    return Double(outside) / Double(values.count)
  }
}

/// How finely weights are scaled.
public enum Granularity: String, Sendable, CaseIterable {
  /// One scale a layer.
  case perTensor = "per-tensor"
  /// One scale an output channel.
  case perChannel = "per-channel"
}

/// The weight of a layer with one quantizer, or one for each output channel.
public struct QuantizedWeight: Sendable {
  /// One quantizer, or one an output channel.
  public let quantizers: [AffineQuantizer]
  /// The weight as integers.
  public let integers: [Int8]
  /// The weight as the integers have it.
  public let tensor: Tensor

  /// Quantizes a weight [out, ...] symmetrically with given thresholds, one or one a channel.
  public init(_ weight: Tensor, thresholds: [Double], bits: Int) {
    self.init(weight, quantizers: thresholds.map { .symmetric(threshold: $0, bits: bits) })
  }

  /// Quantizes a weight by min-max: the largest magnitude of the tensor or of each channel is the largest integer.
  public init(_ weight: Tensor, granularity: Granularity, bits: Int) {
    self.init(weight, thresholds: Self.thresholds(weight, granularity), bits: bits)
  }

  /// Quantizes a weight with given quantizers, one or one a channel.
  public init(_ weight: Tensor, quantizers: [AffineQuantizer]) {
    self.quantizers = quantizers
    let width = weight.rowCount
    var integers: [Int8] = []
    integers.reserveCapacity(weight.count)
    var tensor = weight
    for channel in 0..<weight.shape[0] {
      let quantizer = quantizers.count == 1 ? quantizers[0] : quantizers[channel]
      for index in channel * width..<(channel + 1) * width {
        let level = quantizer.level(weight.values[index])
        integers.append(Int8(truncatingIfNeeded: Int32(level)))
        tensor.values[index] = quantizer.value(level)
      }
    }
    self.integers = integers
    self.tensor = tensor
  }

  /// The quantizer of an output channel.
  public func quantizer(of channel: Int) -> AffineQuantizer {
    quantizers.count == 1 ? quantizers[0] : quantizers[channel]
  }

  /// The largest magnitude of the weight, or of each output channel.
  public static func thresholds(_ weight: Tensor, _ granularity: Granularity) -> [Double] {
    switch granularity {
    case .perTensor: [Double(weight.absoluteMaximum)]
    case .perChannel:
      (0..<weight.shape[0]).map { channel in
        let row = weight.values[channel * weight.rowCount..<(channel + 1) * weight.rowCount]
        return Double(row.reduce(Float(0)) { max($0, $1.magnitude) })
      }
    }
  }
}
