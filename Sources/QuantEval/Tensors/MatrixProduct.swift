// Products of matrices: OpenBLAS on one thread, so that the thread count of the caller never changes a bit.

internal import CBLAS

/// Products of row-major matrices.
enum MatrixProduct {
  /// OpenBLAS would start threads of its own, and sums split over threads differ in their last bits.
  private static let singleThread: Void = openblas_set_num_threads(1)

  /// C = A B + beta C, A being rows x depth, B depth x columns and C rows x columns; the strides are the distances of
  /// consecutive rows as stored.
  ///
  /// With `transposeA` the storage of A is depth x rows, with `transposeB` that of B columns x depth.
  static func multiply(
    rows: Int, columns: Int, depth: Int, _ a: UnsafePointer<Float>, strideA: Int, transposeA: Bool = false,
    _ b: UnsafePointer<Float>, strideB: Int, transposeB: Bool = false, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, strideC: Int
  ) {
    guard rows > 0, columns > 0 else { return }
    _ = singleThread
    // A row-major matrix is the transposed column-major one: C' = B' A' is what the Fortran routine is asked for.
    var (first, second) = (letter(transposeB), letter(transposeA))
    var (m, n, k) = (Int32(columns), Int32(rows), Int32(depth))
    var (ldb, lda, ldc) = (Int32(max(1, strideB)), Int32(max(1, strideA)), Int32(strideC))
    var (alpha, beta) = (Float(1), beta)
    sgemm_(&first, &second, &m, &n, &k, &alpha, b, &ldb, a, &lda, &beta, c, &ldc)
  }

  /// Products up to this many multiplications run on kernels of the library that take another way for every layout.
  static let smallProduct = 1 << 20

  /// C = A B with the terms of every sum added one after the other, fused, whatever the size.
  ///
  /// Large products are computed so in any case. Small ones are only in this layout and for whole vectors of columns, so B
  /// and C are widened for them. Activations then do not depend on how many rows are computed together, and agree to the
  /// bit with those of other tools that stand on such a library.
  static func multiplyInOrder(
    rows: Int, columns: Int, depth: Int, _ a: UnsafePointer<Float>, strideA: Int, _ b: UnsafePointer<Float>,
    strideB: Int, into c: UnsafeMutablePointer<Float>, strideC: Int
  ) {
    guard columns % 16 != 0, rows * columns * depth <= smallProduct else {
      multiply(
        rows: rows, columns: columns, depth: depth, a, strideA: strideA, b, strideB: strideB, into: c, strideC: strideC)
      return
    }
    let width = (columns + 15) / 16 * 16
    let wide = UnsafeMutablePointer<Float>.allocate(capacity: max(1, width * (depth + rows)))
    defer { wide.deallocate() }
    let products = wide + width * depth
    wide.initialize(repeating: 0, count: width * depth)
    for row in 0..<depth { (wide + row * width).update(from: b + row * strideB, count: columns) }
    multiply(
      rows: rows, columns: width, depth: depth, a, strideA: strideA, wide, strideB: width, into: products,
      strideC: width)
    for row in 0..<rows { (c + row * strideC).update(from: products + row * width, count: columns) }
  }

  private static func letter(_ transposed: Bool) -> CChar { transposed ? 0x54 : 0x4E }
}
