/// A view of a row-major matrix: element (r, c) lies at `base[r * stride + c]`.
///
/// A view owns nothing; the buffer, mapped file or workspace behind it must outlive it. A view of frozen
/// weights may point into a read-only mapping, so kernels write only to what they call `into` or name
/// as changed in place.
package struct Matrix {
    /// Element (0, 0).
    package let base: UnsafeMutablePointer<Float>
    /// How many rows there are.
    package let rows: Int
    /// How many columns there are.
    package let columns: Int
    /// Floats from one row to the next; at least `columns`.
    package let stride: Int

    /// A view of `rows × columns` floats at `base`, packed unless a stride is given.
    package init(_ base: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, stride: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    /// A view of memory that nobody may write to.
    package init(frozen base: UnsafePointer<Float>, _ rows: Int, _ columns: Int) {
        self.init(UnsafeMutablePointer(mutating: base), rows, columns)
    }

    /// Whether row follows row without a gap.
    package var isPacked: Bool { stride == columns }

    /// How many elements there are.
    package var count: Int { rows * columns }

    /// Whether there is such a row.
    package func has(row index: Int) -> Bool { index >= 0 && index < rows }

    /// The start of a row.
    package func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

    /// The rows of a range, in place.
    package func rows(_ range: Range<Int>) -> Matrix {
        Matrix(base + range.lowerBound * stride, range.count, columns, stride: stride)
    }

    /// The columns of a range, in place.
    package func columns(_ range: Range<Int>) -> Matrix {
        Matrix(base + range.lowerBound, rows, range.count, stride: stride)
    }

    /// One element.
    package subscript(_ row: Int, _ column: Int) -> Float {
        get { base[row * stride + column] }
        nonmutating set { base[row * stride + column] = newValue }
    }

    /// Sets every element.
    package func fill(_ value: Float) {
        for r in 0..<rows { row(r).update(repeating: value, count: columns) }
    }

    /// Takes every element from a matrix of the same shape.
    package func copy(from other: Matrix) {
        precondition(rows == other.rows && columns == other.columns, "copy between different shapes")
        if isPacked && other.isPacked { return base.update(from: other.base, count: count) }
        for r in 0..<rows { row(r).update(from: other.row(r), count: columns) }
    }
}
