import CKernels

/// W [out, in] of a frozen linear map, without gaps between its rows: floats, or numbers in bfloat16, which
/// products in that arithmetic read as they lie in a file.
package struct FrozenWeight {
    /// The memory of the numbers, which must outlive the view and is not written.
    package enum Storage {
        case float32(UnsafePointer<Float>)
        /// The high halves of floats.
        case bfloat16(UnsafePointer<UInt16>)
    }

    package let storage: Storage
    package let rows: Int
    package let columns: Int

    package init(_ storage: Storage, _ rows: Int, _ columns: Int) {
        self.storage = storage
        self.rows = rows
        self.columns = columns
    }

    package var count: Int { rows * columns }

    /// A view of the floats, which products in every arithmetic read; nil in bfloat16.
    package var floats: FrozenMatrix? {
        guard case .float32(let base) = storage else { return nil }
        return FrozenMatrix(base, rows, columns)
    }

    /// The numbers as floats, row by row; the conversion is exact.
    package var values: [Float] {
        switch storage {
        case .float32(let base): Array(UnsafeBufferPointer(start: base, count: count))
        case .bfloat16(let base): UnsafeBufferPointer(start: base, count: count).map(Self.widened)
        }
    }

    /// Whether both views are of the same memory.
    package func isSameMemory(as other: FrozenWeight) -> Bool {
        switch (storage, other.storage) {
        case (.float32(let left), .float32(let right)): left == right
        case (.bfloat16(let left), .bfloat16(let right)): left == right
        default: false
        }
    }

    /// y ⊙= row `index`, with y [in].
    package func multiply(row index: Int, into y: UnsafeMutablePointer<Float>) {
        switch storage {
        case .float32(let base): VectorKernels.table.multiply(columns, base + index * columns, y)
        case .bfloat16(let base):
            let row = base + index * columns
            for i in 0..<columns { y[i] *= Self.widened(row[i]) }
        }
    }

    private static func widened(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}

/// y ⊙= W, with y [out, in].
package func multiplyElements(of y: Matrix, byFrozen weight: FrozenWeight) {
    precondition(y.rows == weight.rows && y.columns == weight.columns, "a product by another shape")
    timed(.elementwise) {
        for row in 0..<y.rows { weight.multiply(row: row, into: y.row(row)) }
    }
}

/// y = x Wᵀ + b, with x [T, in], b [out], y [T, out].
///
/// Wᵀ may be prepacked for the product's arithmetic; the bits are the same.
package func linear(
    _ x: Matrix, frozen weight: FrozenWeight, packed: PackedMatrix?, in arithmetic: ProductArithmetic,
    _ bias: UnsafePointer<Float>?, into y: Matrix
) {
    if let floats = weight.floats {
        linear(x, floats, packed: packed, in: arithmetic, bias, into: y)
        return
    }
    precondition(arithmetic == .bfloat16, "a product of floats with a weight in bfloat16")
    timed(.product(inner: x.columns, columns: y.columns)) {
        roundedProduct(
            x.frozen, RoundedOperand(weight), transposed: true, packed: packed, into: y, bias: bias)
    }
}

/// dx = dy W, or dx += dy W if `accumulate`, with dy [T, out], dx [T, in].
///
/// W may be prepacked for the product's arithmetic; the bits are the same.
package func linearBackward(
    _ dy: Matrix, frozen weight: FrozenWeight, packed: PackedMatrix?, in arithmetic: ProductArithmetic,
    into dx: Matrix, accumulate: Bool
) {
    if let floats = weight.floats {
        linearBackward(dy, floats, packed: packed, in: arithmetic, into: dx, accumulate: accumulate)
        return
    }
    precondition(arithmetic == .bfloat16, "a product of floats with a weight in bfloat16")
    timed(.productBackward(inner: dy.columns, columns: dx.columns)) {
        roundedProduct(
            dy.frozen, RoundedOperand(weight), transposed: false, packed: packed, into: dx,
            accumulate: accumulate)
    }
}
