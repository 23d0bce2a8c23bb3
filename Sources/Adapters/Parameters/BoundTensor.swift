package import Kernels

/// One tensor of a ``BoundParameters``.
package struct BoundTensor {
    package let value: UnsafePointer<Float>
    /// The gradient to add to; nil if nothing is trained.
    package let gradient: UnsafeMutablePointer<Float>?
    package let shape: [Int]

    package var count: Int { shape.reduce(1, *) }
    /// The values as a matrix [first dimension, all others].
    package var matrix: FrozenMatrix { FrozenMatrix(value, shape[0], shape.dropFirst().reduce(1, *)) }
    /// The gradient in the same form.
    package var gradientMatrix: Matrix? {
        gradient.map { Matrix($0, shape[0], shape.dropFirst().reduce(1, *)) }
    }
}
