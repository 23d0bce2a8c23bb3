import CKernels

/// W [out, in] of a linear map, which must not be written: floats, or numbers in bfloat16, which products in
/// that arithmetic read as they lie in a file.
package struct FrozenWeight {
    /// The memory of the numbers, which must outlive the view.
    package enum Storage {
        case float32(UnsafePointer<Float>)
        /// The high halves of floats.
        case bfloat16(UnsafePointer<UInt16>)
    }

    package let storage: Storage
    package let rows: Int
    package let columns: Int
    /// Numbers from one row to the next; at least `columns`.
    let stride: Int

    /// A view of `rows × columns` numbers, without gaps between rows.
    package init(_ storage: Storage, _ rows: Int, _ columns: Int) {
        (self.storage, self.rows, self.columns, stride) = (storage, rows, columns, columns)
    }

    init(_ matrix: FrozenMatrix) {
        storage = .float32(matrix.base)
        (rows, columns, stride) = (matrix.rows, matrix.columns, matrix.stride)
    }

    package var count: Int { rows * columns }

    /// A view of the floats, which products in every arithmetic read; nil in bfloat16.
    package var floats: FrozenMatrix? {
        guard case .float32(let base) = storage else { return nil }
        return FrozenMatrix(base, rows, columns, stride: stride)
    }

    /// The numbers as floats, row by row; the conversion is exact.
    package var values: [Float] {
        (0..<rows).flatMap { row in
            switch storage {
            case .float32(let base):
                Array(UnsafeBufferPointer(start: base + row * stride, count: columns))
            case .bfloat16(let base):
                UnsafeBufferPointer(start: base + row * stride, count: columns).map(Self.widened)
            }
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
        case .float32(let base): VectorKernels.table.multiply(columns, base + index * stride, y)
        case .bfloat16(let base):
            let row = base + index * stride
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
