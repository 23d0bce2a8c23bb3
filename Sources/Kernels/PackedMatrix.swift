import CKernels

/// A frozen matrix b [k, n], packed in the order in which products read it: one panel of a tile's columns
/// after another.
///
/// Without it a product packs each panel itself, which takes long relative to a product of few rows. The view
/// owns nothing, and its layout is that of this process's ``VectorKernels``.
package struct PackedMatrix {
    /// k.
    package let rows: Int
    /// n.
    package let columns: Int
    let panels: UnsafePointer<Float>

    /// A view of memory for ``pack(_:transposed:into:)``.
    package init(_ panels: UnsafePointer<Float>, rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        self.panels = panels
    }

    /// The number of floats of a packed matrix, with the padding of its last panel.
    package static func floats(rows: Int, columns: Int) -> Int {
        let panel = VectorKernels.table.panel
        return (columns + panel - 1) / panel * panel * rows
    }

    /// Packs b, or bᵀ if `transposed`, into the view's memory.
    package func pack(_ b: Matrix, transposed: Bool, into memory: UnsafeMutablePointer<Float>) {
        precondition(
            UnsafePointer(memory) == panels && rows == (transposed ? b.columns : b.rows)
                && columns == (transposed ? b.rows : b.columns),
            "a \(b.rows)×\(b.columns) matrix for a view of \(rows)×\(columns)")
        VectorKernels.table.pack(
            rows, columns, b.base, transposed ? 1 : b.stride, transposed ? b.stride : 1, memory)
    }
}
