package import Kernels

/// A matrix of a test, between floats that no kernel may write to.
///
/// Its memory lives until the process ends, so that a view never outlives what it points into.
package struct GuardedMatrix {
    /// The matrix to hand to a kernel.
    package let view: Matrix
    private let memory: UnsafeMutableBufferPointer<Float>
    private static let guardCount = 16
    private static let guardValue = Float(bitPattern: 0x7fc0_beef)

    /// Copies the values row after row, with `padding` guarded floats behind every row.
    package init(_ values: [Float], rows: Int = 1, padding: Int = 0) {
        let columns = rows == 0 ? 0 : values.count / rows
        precondition(rows * columns == values.count, "values don't fill the rows")
        let stride = columns + padding
        memory = .allocate(capacity: rows * stride + 2 * Self.guardCount)
        memory.initialize(repeating: Self.guardValue)
        guard let start = memory.baseAddress else { preconditionFailure("no memory") }
        view = Matrix(start + Self.guardCount, rows, columns, stride: stride)
        for (index, value) in values.enumerated() { view[index / columns, index % columns] = value }
    }

    /// A matrix filled with one value, by default not-a-number, so that a missed write shows.
    package init(_ rows: Int, _ columns: Int, filledWith value: Float = .nan, padding: Int = 0) {
        self.init([Float](repeating: value, count: rows * columns), rows: rows, padding: padding)
    }

    /// The first element, for vectors.
    package var base: UnsafeMutablePointer<Float> { view.base }

    /// The elements, row after row.
    package var values: [Float] { view.values }

    /// Whether nothing was written outside the elements.
    ///
    /// Up to `mayPad` floats behind the columns of each row are let pass.
    package func isIntact(mayPad: Int = 0) -> Bool {
        memory.indices.allSatisfy { index in
            let offset = index - Self.guardCount
            let inside =
                offset >= 0 && offset < view.rows * view.stride
                && offset % view.stride < view.columns + mayPad
            return inside || memory[index].bitPattern == Self.guardValue.bitPattern
        }
    }
}

extension ReadableMatrix {
    /// A copy of the elements, row after row.
    package var values: [Float] {
        let view = frozen
        return (0..<view.rows).flatMap { row in (0..<view.columns).map { view[row, $0] } }
    }
}

/// How many threads BLAS uses after it was told to use one, as every rank does.
package let blasThreads = BLAS.useOneThread()
