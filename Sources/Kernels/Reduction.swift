import CKernels

// Sums along a vector; lanes and tail are always added in the same order.

/// Σ x.
package func sum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var lanes = Lanes()
    var index = 0
    while index + laneCount <= count {
        lanes += x.lanes(at: index)
        index += laneCount
    }
    return (lanes + x.lanes(at: index, count: count - index)).total
}

/// Σ x ⊙ y.
package func dotProduct(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
    VectorKernels.table.dot(count, x, y)
}
