import CKernels

// Layer normalisation over the columns of each row: y = γ ⊙ x̂ + β, x̂ = (x − mean) / √(var + ε).
// x, x̂ and y [T, d]; γ and β [d]; one reciprocal deviation a row. Ba, Kiros, Hinton, 2016.

/// y = LN(x), or LN(x + residual); x̂ and the reciprocal deviations are kept for backward when asked for.
///
/// `normalized` may be the same memory as `x`, and `y` the same as `x` where nothing is kept.
package func layerNorm(
    _ x: Matrix, plus residual: Matrix? = nil, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    epsilon: Float, into y: Matrix, normalized: Matrix?, reciprocalDeviation: UnsafeMutablePointer<Float>?
) {
    timed(.layerNorm) {
        VectorKernels.table.layer_norm(
            x.rows, x.columns, x.base, x.stride, residual?.base, residual?.stride ?? 0, scale, shift, epsilon,
            y.base, y.stride, normalized?.base, normalized?.stride ?? 0, reciprocalDeviation)
    }
}

/// dγ += Σ_t dy ⊙ x̂ and dβ += Σ_t dy.
package func layerNormParameterGradient(
    _ dy: Matrix, normalized: Matrix, scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>
) {
    timed(.layerNormBackward) {
        addColumnSums(ofProduct: dy, normalized, to: scale)
        addColumnSums(of: dy, to: shift)
    }
}

/// dy becomes dx in place: dx = (g − mean(g) − x̂ mean(g ⊙ x̂)) / √(var + ε), with g = dy ⊙ γ.
package func layerNormBackward(
    _ dy: Matrix, scale: UnsafePointer<Float>, normalized: Matrix, reciprocalDeviation: UnsafePointer<Float>
) {
    timed(.layerNormBackward) {
        VectorKernels.table.layer_norm_backward(
            dy.rows, dy.columns, dy.base, dy.stride, scale, normalized.base, normalized.stride,
            reciprocalDeviation)
    }
}
