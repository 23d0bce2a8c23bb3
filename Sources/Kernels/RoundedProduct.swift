import CKernels

// Products of operands in bfloat16. An element is one chain of additions over k in an order that its
// ``RoundedKernels/bits`` name, so as with floats, a row's bits depend on that row and the matrix b alone.

/// c = a b + bias, or c += a b if `accumulate`, with a [m, k], b [k, n] rounded to bfloat16, c [m, n].
///
/// b may be prepacked; b or, if `transposed`, bᵀ lies in `matrix`.
func roundedProduct(
    _ a: FrozenMatrix, _ matrix: FrozenWeight, transposed: Bool, packed: PackedMatrix?, into c: Matrix,
    accumulate: Bool = false, bias: UnsafePointer<Float>? = nil
) {
    let (k, n) = transposed ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
    precondition(
        a.columns == k && k > 0 && a.rows == c.rows && n == c.columns,
        "product of \(a.rows)×\(a.columns) and \(k)×\(n) into \(c.rows)×\(c.columns)")
    precondition(
        packed.map { $0.rows == k && $0.columns == n && $0.arithmetic == .bfloat16 } ?? true,
        "a product with another packed matrix")
    if a.rows == 0 { return }
    let table = RoundedKernels.table
    let scratch = (table.scratch_bytes(a.rows, k) + 63) / 64 * 64
    let panels = packed == nil ? PackedMatrix.byteCount(rows: k, columns: n, .bfloat16) : 0
    OperatorClock.current?.count(2 * Double(a.rows * n) * Double(k))
    withUnsafeTemporaryAllocation(byteCount: scratch + panels, alignment: 64) {
        guard let memory = $0.baseAddress else { return }
        let b = packed ?? PackedMatrix(memory + scratch, rows: k, columns: n, .bfloat16)
        if packed == nil { b.pack(frozen: matrix, transposed: transposed, into: memory + scratch) }
        var operands = ckernels_bfloat16_product(
            m: a.rows, n: n, k: k, a: a.base, aRow: a.stride, panels: b.panels, c: c.base, cRow: c.stride,
            accumulate: accumulate ? 1 : 0, bias: bias, scratch: memory)
        table.product(&operands)
    }
}
