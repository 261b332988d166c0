// Which instructions integer products use. The integers are the same on every path, so this is a matter of speed alone.

internal import CIntegerKernels

/// A set of instructions for products of bytes.
enum IntegerPath: CaseIterable {
  /// Plain C, for any processor.
  case portable
  /// Pairs of 16-bit products, 256 bits wide.
  case avx2
  /// Four products of bytes at once, 512 bits wide.
  case vnni

  /// The fastest that this processor has.
  static let best: IntegerPath = allCases.last { $0.code.rawValue <= integer_best_path().rawValue } ?? .portable

  /// All that this processor has.
  static var available: [IntegerPath] { allCases.filter { $0.code.rawValue <= best.code.rawValue } }

  /// The name that the kernels know.
  var code: integer_path {
    switch self {
    case .portable: INTEGER_PATH_PORTABLE
    case .avx2: INTEGER_PATH_AVX2
    case .vnni: INTEGER_PATH_VNNI
    }
  }
}

extension AffineQuantizer {
  /// How the kernels round a number to a byte; byte = level - ``minimum``.
  var rounding: integer_rounding {
    integer_rounding(
      scale: scale, multiplier: multiplier, zero: Float(zeroPoint), lowest: Float(minimum), highest: Float(maximum))
  }

  /// The byte that stands for 0.
  var zeroByte: UInt8 { UInt8(truncatingIfNeeded: zeroPoint - minimum) }
}
