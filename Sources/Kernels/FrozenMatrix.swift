/// A view of a row-major matrix that must not be written: weights, mapped or shared, and parameters.
///
/// The memory behind a view must outlive it. A function that writes into a ``Matrix`` does not accept one.
@usableFromInline
package struct FrozenMatrix: ReadableMatrix {
    /// Element (0, 0).
    package let base: UnsafePointer<Float>
    package let rows: Int
    package let columns: Int
    /// Floats from one row to the next; at least `columns`.
    package let stride: Int

    /// A view of `rows × columns` floats at `base`, without gaps between rows unless a stride is given.
    package init(_ base: UnsafePointer<Float>, _ rows: Int, _ columns: Int, stride: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    @usableFromInline package var frozen: FrozenMatrix { self }

    package var count: Int { rows * columns }

    package func has(row index: Int) -> Bool { index >= 0 && index < rows }

    /// A pointer to a row's first element.
    package func row(_ index: Int) -> UnsafePointer<Float> {
        assert(has(row: index), "no row \(index) among \(rows)")
        return base + index * stride
    }

    package subscript(_ row: Int, _ column: Int) -> Float { base[row * stride + column] }

    /// A view of some rows.
    package func rows(_ range: Range<Int>) -> FrozenMatrix {
        assert(range.lowerBound >= 0 && range.upperBound <= rows, "no rows \(range) among \(rows)")
        return FrozenMatrix(base + range.lowerBound * stride, range.count, columns, stride: stride)
    }

    /// A view of some columns.
    @usableFromInline package func columns(_ range: Range<Int>) -> FrozenMatrix {
        assert(range.lowerBound >= 0 && range.upperBound <= columns, "no columns \(range) among \(columns)")
        return FrozenMatrix(base + range.lowerBound, rows, range.count, stride: stride)
    }
}
