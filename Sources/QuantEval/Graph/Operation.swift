// What a node of a network does. Operators of the file format are brought to these few forms when a model is read.

/// What a node computes from its inputs.
public enum Operation: Sendable, Hashable {
  /// A convolution with a weight [out, in / group, taps...] and perhaps a bias [out].
  case convolution(Window, group: Int)
  /// y = x W^T + b over the last axis, with a weight [out, in] and perhaps a bias [out].
  ///
  /// `isGemm` tells whether the model called it Gemm (rank 2) or MatMul (any rank).
  case dense(isGemm: Bool)
  /// (x - mean) / sqrt(variance + epsilon) * scale + shift, channel by channel.
  case batchNormalization(epsilon: Float)
  /// The product of two computed matrices, leading axes broadcast.
  case matrixProduct
  /// Element by element, with broadcasting.
  case add, subtract, multiply, divide
  /// max(x, 0).
  case relu
  /// x, or alpha x below zero.
  case leakyRelu(alpha: Float)
  /// x limited to a range.
  case clip(minimum: Float, maximum: Float)
  /// 1 / (1 + e^-x).
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// e^x normalised over an axis, or over all axes from it on (`isFlattened`, opsets before 13).
  case softmax(axis: Int, isFlattened: Bool)
  /// The largest value of each window; padding never wins.
  case maxPool(Window, ceil: Bool)
  /// The mean of each window, padding counted or not.
  case averagePool(Window, ceil: Bool, countsPadding: Bool)
  /// The mean of each channel.
  case globalAveragePool
  /// All axes before one joined, and all from it on.
  case flatten(axis: Int)
  /// A new shape; 0 copies an extent (unless `allowsZero`), -1 takes what is left.
  case reshape([Int], allowsZero: Bool)
  /// Joined along an axis.
  case concatenate(axis: Int)
  /// Axes in another order.
  case transpose([Int])
  /// A border of a constant: begins of the axes, then ends; of all axes where none are named.
  case pad([Int], axes: [Int], value: Float)
  /// Axes of extent 1 removed.
  case squeeze([Int])
  /// Axes of extent 1 put in.
  case unsqueeze([Int])
  /// The mean over axes; over all where none are named.
  case reduceMean([Int], keepsAxes: Bool)
  /// The input itself.
  case identity
  /// round(x / scale) + zero point, saturated, as numbers.
  case quantize(StoredQuantization)
  /// (q - zero point) * scale.
  case dequantize(StoredQuantization)

  /// Whether its weight and input are what gets quantized.
  public var isQuantizable: Bool {
    switch self {
    case .convolution, .dense: true
    default: false
    }
  }

  /// Whether it is a convolution.
  public var isConvolution: Bool {
    if case .convolution = self { return true }
    return false
  }

  /// The name that files and messages use.
  public var name: String {
    switch self {
    case .convolution: "Conv"
    case .dense(let isGemm): isGemm ? "Gemm" : "MatMul"
    case .matrixProduct: "MatMul"
    case .batchNormalization: "BatchNormalization"
    case .add: "Add"
    case .subtract: "Sub"
    case .multiply: "Mul"
    case .divide: "Div"
    case .relu: "Relu"
    case .leakyRelu: "LeakyRelu"
    case .clip: "Clip"
    case .sigmoid: "Sigmoid"
    case .tanh: "Tanh"
    case .softmax: "Softmax"
    case .maxPool: "MaxPool"
    case .averagePool: "AveragePool"
    case .globalAveragePool: "GlobalAveragePool"
    case .flatten: "Flatten"
    case .reshape: "Reshape"
    case .concatenate: "Concat"
    case .transpose: "Transpose"
    case .pad: "Pad"
    case .squeeze: "Squeeze"
    case .unsqueeze: "Unsqueeze"
    case .reduceMean: "ReduceMean"
    case .identity: "Identity"
    case .quantize: "QuantizeLinear"
    case .dequantize: "DequantizeLinear"
    }
  }
}

/// Scales and zero points that a model carries in itself.
public struct StoredQuantization: Sendable, Hashable {
  /// One scale, or one for each index of the axis.
  public var scales: [Float]
  /// As many zero points as scales.
  public var zeroPoints: [Int32]
  /// The axis of the scales when there are several.
  public var axis: Int
  /// Smallest integer of the type.
  public var minimum: Int32
  /// Largest integer of the type.
  public var maximum: Int32

  /// Scales and zero points of an integer type.
  public init(scales: [Float], zeroPoints: [Int32], axis: Int, minimum: Int32, maximum: Int32) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
    self.minimum = minimum
    self.maximum = maximum
  }
}
