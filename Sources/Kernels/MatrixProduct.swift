import COpenBLAS

// The products that the encoder needs. The only file that calls OpenBLAS.
//
// The bits of a row of a product depend on the product's shape and on the thread count, not on where its
// operands lie, so callers must give every product a shape that the study alone determines.

/// The BLAS library's settings in this process.
public enum BLAS {
    /// Makes every product run on the calling thread, and says how many threads remain in use.
    ///
    /// More threads change the bits of small products and are slower: ranks are the parallelism.
    public static func useOneThread() -> Int {
        openblas_set_num_threads(1)
        return Int(openblas_get_num_threads())
    }

    /// The kernel family that the library chose for this processor, such as `Zen` or `SkylakeX`.
    public static var coreName: String { String(cString: openblas_get_corename()) }

    /// The library's version and build options.
    public static var configuration: String { String(cString: openblas_get_config()) }

    /// Whether the library is the `serial`, `pthread` or `openmp` build.
    public static var flavour: String {
        switch openblas_get_parallel() {
        case 0: "serial"
        case 1: "pthread"
        default: "openmp"
        }
    }
}

/// y = x Wᵀ + b, with x [T, in], W [out, in], b [out], y [T, out].
public func linear(_ x: Matrix, _ weight: Matrix, _ bias: UnsafePointer<Float>?, into y: Matrix) {
    if let bias {
        for r in 0..<y.rows { y.row(r).update(from: bias, count: y.columns) }
    }
    multiplyTransposed(x, weight, into: y, accumulate: bias != nil)
}

/// dx = dy W, with dy [T, out], W [out, in], dx [T, in]; added to dx when accumulating.
public func linearBackward(_ dy: Matrix, _ weight: Matrix, into dx: Matrix, accumulate: Bool = false) {
    multiply(dy, weight, into: dx, accumulate: accumulate)
}

/// dW += dyᵀ x and db += Σ_t dy_t, with dy [T, out], x [T, in], dW [out, in], db [out].
public func linearWeightGradient(
    _ dy: Matrix, _ x: Matrix, weight: Matrix, bias: UnsafeMutablePointer<Float>?
) {
    product(dy, transposed: true, x, transposed: false, into: weight, scale: 1, accumulate: true)
    if let bias { addColumnSums(of: dy, to: bias) }
}

/// c = scale · a b, with a [m, k], b [k, n], c [m, n].
public func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, scale: Float = 1, accumulate: Bool = false) {
    product(a, transposed: false, b, transposed: false, into: c, scale: scale, accumulate: accumulate)
}

/// c = scale · a bᵀ, with a [m, k], b [n, k], c [m, n].
public func multiplyTransposed(
    _ a: Matrix, _ b: Matrix, into c: Matrix, scale: Float = 1, accumulate: Bool = false
) {
    product(a, transposed: false, b, transposed: true, into: c, scale: scale, accumulate: accumulate)
}

/// c = scale · aᵀ b, with a [k, m], b [k, n], c [m, n].
public func transposedMultiply(
    _ a: Matrix, _ b: Matrix, into c: Matrix, scale: Float = 1, accumulate: Bool = false
) {
    product(a, transposed: true, b, transposed: false, into: c, scale: scale, accumulate: accumulate)
}

private func product(
    _ a: Matrix, transposed transposeA: Bool, _ b: Matrix, transposed transposeB: Bool,
    into c: Matrix, scale: Float, accumulate: Bool
) {
    let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (inner, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(
        k == inner && m == c.rows && n == c.columns,
        "product of \(m)×\(k) and \(inner)×\(n) into \(c.rows)×\(c.columns)")
    if m == 0 || n == 0 { return }
    cblas_sgemm(
        CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
        Int32(m), Int32(n), Int32(k), scale, a.base, Int32(a.stride), b.base, Int32(b.stride),
        accumulate ? 1 : 0, c.base, Int32(c.stride))
}
