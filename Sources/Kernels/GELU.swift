import CKernels

// GELU in its erf form, u = z Φ(z) with Φ(z) = ½ (1 + erf(z / √2)), and in its tanh form,
// u = ½ z (1 + tanh(√(2/π) (z + 0.044715 z³))); z and u [T, f].
// Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.

/// u = GELU(z).
///
/// With `saveDerivative`, overwrites z with GELU'(z) = Φ(z) + z φ(z), which is all that backward reads.
package func gelu(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
    timed(.gelu) {
        z.forEachRun(with: u) { VectorKernels.table.gelu($0, $1, $2, saveDerivative ? 1 : 0) }
    }
}

/// u = GELU(z) in the tanh form.
///
/// With `saveDerivative`, overwrites z with the derivative, which is all that backward reads.
package func geluTanh(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
    timed(.gelu) {
        z.forEachRun(with: u) { VectorKernels.table.gelu_tanh($0, $1, $2, saveDerivative ? 1 : 0) }
    }
}

/// du ⊙= GELU'(z) in place, with the derivative that the forward of either form saved.
package func geluBackward(_ du: Matrix, derivative: Matrix) {
    timed(.geluBackward) { multiplyElements(of: du, by: derivative) }
}
