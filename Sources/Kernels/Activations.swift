import CKernels

// ReLU and swish; z and u [T, f].
//
//   relu   u = max(z, 0)       u' = 1 where z > 0, else 0
//   swish  u = z σ(z)          u' = σ + u (1 − σ),   σ = 1 / (1 + e^{−z})
//
// Swish: Ramachandran, Zoph, Le, "Searching for Activation Functions", 2017, arXiv 1710.05941, with β = 1,
// which is SiLU.

/// u = max(z, 0).
///
/// With `saveDerivative`, overwrites z with the derivative, which is all that backward reads.
package func relu(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
    timed(.relu) {
        z.forEachRun(with: u) { VectorKernels.table.relu($0, $1, $2, saveDerivative ? 1 : 0) }
    }
}

/// u = z σ(z).
///
/// With `saveDerivative`, overwrites z with the derivative, which is all that backward reads.
package func swish(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
    timed(.swish) {
        z.forEachRun(with: u) { VectorKernels.table.swish($0, $1, $2, saveDerivative ? 1 : 0) }
    }
}

/// dz = du ⊙ u' in place, with the derivative that ``relu(_:into:saveDerivative:)`` or
/// ``swish(_:into:saveDerivative:)`` saved.
package func activationBackward(_ du: Matrix, derivative: Matrix) {
    multiplyElements(of: du, by: derivative)
}
