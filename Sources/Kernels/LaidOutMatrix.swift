import CKernels

/// A frozen matrix b [k, n] in the order in which products read it: panels of a tile's columns, each of them [k, columns],
/// one after another.
///
/// A product lays each panel of b out before it uses it, for as many rows as it has; for few rows that takes long.
/// The view owns nothing. Its bits are for the ``VectorKernels`` of this process.
package struct LaidOutMatrix {
    /// k.
    package let rows: Int
    /// n.
    package let columns: Int
    let panels: UnsafePointer<Float>

    /// A view of memory that ``fill(_:with:transposed:)`` has filled, or will have.
    package init(_ panels: UnsafePointer<Float>, rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        self.panels = panels
    }

    /// How many floats a matrix takes: its own, and what fills up the last panel.
    package static func floats(rows: Int, columns: Int) -> Int {
        let panel = VectorKernels.table.panel
        return (columns + panel - 1) / panel * panel * rows
    }

    /// Puts b, or bᵀ where `transposed`, into the memory that this is a view of.
    package func fill(_ memory: UnsafeMutablePointer<Float>, with b: Matrix, transposed: Bool) {
        precondition(
            UnsafePointer(memory) == panels && rows == (transposed ? b.columns : b.rows)
                && columns == (transposed ? b.rows : b.columns),
            "a \(b.rows)×\(b.columns) matrix for a place of \(rows)×\(columns)")
        VectorKernels.table.lay_out(
            rows, columns, b.base, transposed ? 1 : b.stride, transposed ? b.stride : 1, memory)
    }
}
