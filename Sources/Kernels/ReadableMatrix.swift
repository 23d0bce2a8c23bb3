/// A matrix that products can read.
@usableFromInline
package protocol ReadableMatrix {
    /// The view to read it through.
    var frozen: FrozenMatrix { get }

    /// A view of some columns.
    func columns(_ range: Range<Int>) -> Self
}

extension Matrix: ReadableMatrix {
    @usableFromInline package var frozen: FrozenMatrix {
        assertLive()
        return FrozenMatrix(base, rows, columns, stride: stride)
    }
}
