import CKernels

// The products that the encoder needs.
//
// Each element of a product is one chain of fused additions over k, whatever the shape, so a token's
// activations depend on that token's row and the weights alone. A frozen activation has the same bits in
// every batch and can be cached. OpenBLAS guarantees neither: its bits change with the processor and with a
// row's position. So no result depends on it; it is the rate that these products are compared with.

/// y = x Wᵀ + b, with x [T, in], W [out, in], b [out], y [T, out].
///
/// Wᵀ [in, out] may be prepacked for the product's arithmetic; the bits are the same.
package func linear(
    _ x: some ReadableMatrix, frozen weight: FrozenWeight, packed: PackedMatrix? = nil,
    in arithmetic: ProductArithmetic = .float32, _ bias: UnsafePointer<Float>?, into y: Matrix
) {
    timed(.product(inner: x.frozen.columns, columns: y.columns)) {
        product(x.frozen, weight, transposed: true, packed, in: arithmetic, into: y, bias: bias)
    }
}

/// ``linear(_:frozen:packed:in:_:into:)`` of floats.
package func linear(
    _ x: some ReadableMatrix, _ weight: some ReadableMatrix, packed: PackedMatrix? = nil,
    in arithmetic: ProductArithmetic = .float32, _ bias: UnsafePointer<Float>?, into y: Matrix
) {
    linear(x, frozen: FrozenWeight(weight.frozen), packed: packed, in: arithmetic, bias, into: y)
}

/// dx = dy W, or dx += dy W if `accumulate`, with dy [T, out], W [out, in], dx [T, in].
///
/// W may be prepacked for the product's arithmetic; the bits are the same.
package func linearBackward(
    _ dy: Matrix, frozen weight: FrozenWeight, packed: PackedMatrix? = nil,
    in arithmetic: ProductArithmetic = .float32, into dx: Matrix, accumulate: Bool = false
) {
    timed(.productBackward(inner: dy.columns, columns: dx.columns)) {
        product(
            dy.frozen, weight, transposed: false, packed, in: arithmetic, into: dx, accumulate: accumulate)
    }
}

/// ``linearBackward(_:frozen:packed:in:into:accumulate:)`` of floats.
package func linearBackward(
    _ dy: Matrix, _ weight: some ReadableMatrix, packed: PackedMatrix? = nil,
    in arithmetic: ProductArithmetic = .float32, into dx: Matrix, accumulate: Bool = false
) {
    linearBackward(
        dy, frozen: FrozenWeight(weight.frozen), packed: packed, in: arithmetic, into: dx,
        accumulate: accumulate)
}

/// c = a W + bias, or a Wᵀ + bias if `transposed`; c += if `accumulate`.
private func product(
    _ a: FrozenMatrix, _ weight: FrozenWeight, transposed: Bool, _ packed: PackedMatrix?,
    in arithmetic: ProductArithmetic, into c: Matrix, accumulate: Bool = false,
    bias: UnsafePointer<Float>? = nil
) {
    switch arithmetic {
    case .float32:
        guard let floats = weight.floats else {
            preconditionFailure("a product of floats with a weight in bfloat16")
        }
        product(
            a, transposed: false, floats, transposed: transposed, packed: packed, into: c,
            accumulate: accumulate, bias: bias)
    case .bfloat16:
        roundedProduct(
            a, weight, transposed: transposed, packed: packed, into: c, accumulate: accumulate, bias: bias)
    }
}

/// dW += scale · dyᵀ x and db += Σ_t dy_t, with dy [T, out], x [T, in], dW [out, in], db [out].
package func linearWeightGradient(
    _ dy: Matrix, _ x: Matrix, weight: Matrix, bias: UnsafeMutablePointer<Float>? = nil, scale: Float = 1
) {
    precondition(
        dy.rows == x.rows && weight.rows == dy.columns && weight.columns == x.columns,
        "a gradient [\(weight.rows), \(weight.columns)] from \(dy.columns) and \(x.columns) columns")
    timed(.weightGradient) {
        // Packing does not pay for few rows or columns.
        if weight.rows <= 42 || weight.columns < 32 {
            product(
                dy.frozen, transposed: true, x.frozen, transposed: false, into: weight, scale: scale,
                accumulate: true)
        } else {
            OperatorClock.current?.count(2 * Double(dy.rows * weight.count))
            addPackedProduct(dy, x, weight, scale)
        }
        if let bias { addColumnSums(of: dy, to: bias) }
    }
}

/// c += scale · aᵀ b, with a [k, m], b [k, n], c [m, n]; the same bits as the product without packing.
///
/// Consecutive rows of a are a layer's width apart, so a tile would read one cache line for each number. Both
/// matrices are therefore packed first, a block of k at a time.
private func addPackedProduct(_ a: Matrix, _ b: Matrix, _ c: Matrix, _ scale: Float) {
    // Two packed panels fit the second-level cache.
    let (depth, panel) = (min(a.rows, 384), VectorKernels.table.panel)
    let left = PackedMatrix.floats(rows: depth, columns: a.columns)
    let right = PackedMatrix.floats(rows: depth, columns: b.columns)
    withUnsafeTemporaryAllocation(byteCount: (left + right) * MemoryLayout<Float>.stride, alignment: 64) {
        guard let packedA = $0.bindMemory(to: Float.self).baseAddress else { return }
        let packedB = packedA + left
        for first in stride(from: 0, to: a.rows, by: depth) {
            let k = min(depth, a.rows - first)
            VectorKernels.table.pack(k, a.columns, a.row(first), a.stride, 1, packedA)
            VectorKernels.table.pack(k, b.columns, b.row(first), b.stride, 1, packedB)
            if scale != 1 { for i in 0..<k * (right / depth) { packedB[i] *= scale } }
            for row in stride(from: 0, to: c.rows, by: panel) {
                var operands = ckernels_product(
                    m: min(panel, c.rows - row), n: c.columns, k: k, scale: 1, a: packedA + row * k,
                    aRow: 1, aColumn: panel, b: b.row(first), bRow: b.stride, bColumn: 1, panels: packedB,
                    c: c.row(row), cRow: c.stride, room: c.columns, accumulate: 1, bias: nil)
                VectorKernels.table.product(&operands)
            }
        }
    }
}

/// c = scale · a b, with a [m, k], b [k, n], c [m, n].
@inlinable package func multiply(
    _ a: some ReadableMatrix, _ b: some ReadableMatrix, into c: Matrix, scale: Float = 1,
    accumulate: Bool = false
) {
    product(a.frozen, false, b.frozen, false, into: c, scale, accumulate, room: nil)
}

/// c = scale · a bᵀ, with a [m, k], b [n, k], c [m, n].
///
/// Up to `room` ≥ n floats of each row of c may be overwritten; those past n are undefined.
@inlinable package func multiplyTransposed(
    _ a: some ReadableMatrix, _ b: some ReadableMatrix, into c: Matrix, scale: Float = 1,
    accumulate: Bool = false,
    room: Int? = nil
) {
    product(a.frozen, false, b.frozen, true, into: c, scale, accumulate, room: room)
}

/// c = scale · aᵀ b, with a [k, m], b [k, n], c [m, n].
@inlinable package func transposedMultiply(
    _ a: some ReadableMatrix, _ b: some ReadableMatrix, into c: Matrix, scale: Float = 1,
    accumulate: Bool = false
) {
    product(a.frozen, true, b.frozen, false, into: c, scale, accumulate, room: nil)
}

/// The product that the generic functions call; callers in other targets specialise those.
@usableFromInline
func product(
    _ a: FrozenMatrix, _ transposeA: Bool, _ b: FrozenMatrix, _ transposeB: Bool, into c: Matrix,
    _ scale: Float,
    _ accumulate: Bool, room: Int?
) {
    product(
        a, transposed: transposeA, b, transposed: transposeB, into: c, scale: scale, accumulate: accumulate,
        room: room)
}

private func product(
    _ a: FrozenMatrix, transposed transposeA: Bool, _ b: FrozenMatrix, transposed transposeB: Bool,
    packed: PackedMatrix? = nil, into c: Matrix, scale: Float = 1, accumulate: Bool = false,
    bias: UnsafePointer<Float>? = nil, room: Int? = nil
) {
    let (m, k) = transposeA ? (a.columns, a.rows) : (a.rows, a.columns)
    let (inner, n) = transposeB ? (b.columns, b.rows) : (b.rows, b.columns)
    precondition(
        k == inner && m == c.rows && n == c.columns,
        "product of \(m)×\(k) and \(inner)×\(n) into \(c.rows)×\(c.columns)")
    precondition(
        packed.map { $0.rows == k && $0.columns == n && scale == 1 && $0.arithmetic == .float32 } ?? true,
        "a product with another packed matrix")
    var operands = ckernels_product(
        m: m, n: n, k: k, scale: scale, a: a.base, aRow: transposeA ? 1 : a.stride,
        aColumn: transposeA ? a.stride : 1, b: b.base, bRow: transposeB ? 1 : b.stride,
        bColumn: transposeB ? b.stride : 1, panels: packed?.panels.assumingMemoryBound(to: Float.self),
        c: c.base, cRow: c.stride,
        room: room ?? n,
        accumulate: accumulate ? 1 : 0, bias: bias)
    OperatorClock.current?.count(2 * Double(m * n) * Double(k))
    VectorKernels.table.product(&operands)
}
