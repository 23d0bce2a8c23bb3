/// A view of a row-major matrix; element (r, c) is `base[r * stride + c]`.
///
/// The buffer or workspace behind a view must outlive it. Views of weights are of another type,
/// ``FrozenMatrix``.
@usableFromInline
package struct Matrix {
    /// Element (0, 0).
    package let base: UnsafeMutablePointer<Float>
    package let rows: Int
    package let columns: Int
    /// Floats from one row to the next; at least `columns`.
    package let stride: Int
    #if DEBUG
        /// The workspace's allocation behind the view; nil for other memory.
        private var allocation: Workspace.Allocation?
    #endif

    /// A view of `rows × columns` floats at `base`; packed unless a stride is given.
    package init(_ base: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int, stride: Int? = nil) {
        self.base = base
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
    }

    /// True if rows follow each other without a gap.
    package var isPacked: Bool { stride == columns }

    package var count: Int { rows * columns }

    package func has(row index: Int) -> Bool { index >= 0 && index < rows }

    /// A pointer to a row's first element.
    package func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        assertLive()
        assert(has(row: index), "no row \(index) among \(rows)")
        return base + index * stride
    }

    /// A view of some rows.
    package func rows(_ range: Range<Int>) -> Matrix {
        assert(range.lowerBound >= 0 && range.upperBound <= rows, "no rows \(range) among \(rows)")
        return part(Matrix(base + range.lowerBound * stride, range.count, columns, stride: stride))
    }

    /// A view of some columns.
    @usableFromInline package func columns(_ range: Range<Int>) -> Matrix {
        assert(range.lowerBound >= 0 && range.upperBound <= columns, "no columns \(range) among \(columns)")
        return part(Matrix(base + range.lowerBound, rows, range.count, stride: stride))
    }

    package subscript(_ row: Int, _ column: Int) -> Float {
        get {
            assertLive()
            return base[row * stride + column]
        }
        nonmutating set {
            assertLive()
            base[row * stride + column] = newValue
        }
    }

    package func fill(_ value: Float) {
        for r in 0..<rows { row(r).update(repeating: value, count: columns) }
    }

    /// Copies a matrix of the same shape.
    package func copy(from source: some ReadableMatrix) {
        let other = source.frozen
        precondition(rows == other.rows && columns == other.columns, "copy between different shapes")
        if isPacked && other.stride == other.columns { return base.update(from: other.base, count: count) }
        for r in 0..<rows { row(r).update(from: other.row(r), count: columns) }
    }

    // MARK: Lifetime

    #if DEBUG
        /// A view that asserts, at each access to a row, that the workspace has not released it.
        init(
            _ base: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int,
            _ allocation: Workspace.Allocation
        ) {
            self.init(base, rows, columns)
            self.allocation = allocation
        }
    #endif

    /// In debug builds, stops at a view that has outlived its workspace's mark.
    package func assertLive() {
        #if DEBUG
            assert(allocation?.isLive != false, "a view is used after its workspace released it")
        #endif
    }

    private func part(_ view: Matrix) -> Matrix {
        #if DEBUG
            assertLive()
            var view = view
            view.allocation = allocation
        #endif
        return view
    }
}
