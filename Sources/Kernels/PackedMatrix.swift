import CKernels

/// A frozen matrix b [k, n], packed in the order in which products read it: one panel of a tile's columns
/// after another.
///
/// In bfloat16 its elements are rounded. Without it a product packs b itself, which takes long relative to a
/// product of few rows. The view owns nothing, and its layout is that of this process's kernels.
package struct PackedMatrix {
    /// k.
    package let rows: Int
    /// n.
    package let columns: Int
    /// The products that read it.
    package let arithmetic: ProductArithmetic
    let panels: UnsafeRawPointer

    /// A view of memory for ``pack(_:transposed:into:)``, 64-byte aligned.
    package init(
        _ panels: UnsafeRawPointer, rows: Int, columns: Int, _ arithmetic: ProductArithmetic = .float32
    ) {
        self.rows = rows
        self.columns = columns
        self.arithmetic = arithmetic
        self.panels = panels
    }

    /// The bytes of a packed matrix, with the padding of its last panel, in multiples of 64.
    package static func byteCount(
        rows: Int, columns: Int, _ arithmetic: ProductArithmetic = .float32
    ) -> Int {
        let bytes =
            switch arithmetic {
            case .float32: floats(rows: rows, columns: columns) * MemoryLayout<Float>.stride
            case .bfloat16: RoundedKernels.table.packed_bytes(rows, columns)
            }
        return (bytes + 63) / 64 * 64
    }

    /// The floats of a matrix packed for ``ProductArithmetic/float32``.
    static func floats(rows: Int, columns: Int) -> Int {
        let panel = VectorKernels.table.panel
        return (columns + panel - 1) / panel * panel * rows
    }

    /// A number that differs between layouts: processes with the same number can share packed matrices.
    ///
    /// It depends on the instruction set, but no bit of a result does.
    package static func layout(_ arithmetic: ProductArithmetic) -> Int {
        switch arithmetic {
        case .float32: VectorKernels.table.panel
        case .bfloat16: RoundedKernels.table.layout
        }
    }

    /// Packs b, or bᵀ if `transposed`, into the view's memory.
    package func pack(
        _ matrix: some ReadableMatrix, transposed: Bool, into memory: UnsafeMutableRawPointer
    ) {
        pack(frozen: FrozenWeight(matrix.frozen), transposed: transposed, into: memory)
    }

    /// Packs W, or Wᵀ if `transposed`, into the view's memory.
    ///
    /// A W in bfloat16 is packed for that arithmetic alone.
    package func pack(frozen weight: FrozenWeight, transposed: Bool, into memory: UnsafeMutableRawPointer) {
        checkShape(weight.rows, weight.columns, transposed, memory)
        let (rowStep, columnStep) = transposed ? (1, weight.stride) : (weight.stride, 1)
        switch (arithmetic, weight.storage) {
        case (.float32, .float32(let base)):
            VectorKernels.table.pack(
                rows, columns, base, rowStep, columnStep, memory.assumingMemoryBound(to: Float.self))
        case (.float32, .bfloat16):
            preconditionFailure("a weight in bfloat16 for products of floats")
        case (.bfloat16, .float32(let base)):
            RoundedKernels.table.pack(rows, columns, base, rowStep, columnStep, memory)
        case (.bfloat16, .bfloat16(let base)):
            RoundedKernels.table.pack_bfloat16(rows, columns, base, rowStep, columnStep, memory)
        }
    }

    private func checkShape(_ m: Int, _ n: Int, _ transposed: Bool, _ memory: UnsafeMutableRawPointer) {
        precondition(
            UnsafeRawPointer(memory) == panels && rows == (transposed ? n : m)
                && columns == (transposed ? m : n),
            "a \(m)×\(n) matrix for a view of \(rows)×\(columns)")
    }
}
