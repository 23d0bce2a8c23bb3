// Layer normalisation over the columns of each row: y = γ ⊙ x̂ + β, x̂ = (x − mean) / √(var + ε).
// x, x̂ and y [T, d]; γ and β [d]; one reciprocal deviation a row. Ba, Kiros, Hinton, 2016.

/// y = LN(x); x̂ and the reciprocal deviations are kept for backward when asked for.
///
/// `normalized` may be the same memory as `x`, and `y` the same as `x` where nothing is kept.
public func layerNorm(
    _ x: Matrix, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float,
    into y: Matrix, normalized: Matrix?, reciprocalDeviation: UnsafeMutablePointer<Float>?
) {
    let d = x.columns
    for r in 0..<x.rows {
        let source = x.row(r)
        let target = y.row(r)
        let mean = sum(source, d) / Float(d)
        let deviation = sumOfSquaredDifferences(source, d, from: mean) / Float(d)
        let reciprocal = 1 / (deviation + epsilon).squareRoot()
        reciprocalDeviation?[r] = reciprocal
        if let kept = normalized?.row(r) {
            for c in 0..<d {
                let value = (source[c] - mean) * reciprocal
                kept[c] = value
                target[c] = value * scale[c] + shift[c]
            }
        } else {
            for c in 0..<d { target[c] = (source[c] - mean) * reciprocal * scale[c] + shift[c] }
        }
    }
}

/// dγ += Σ_t dy ⊙ x̂ and dβ += Σ_t dy.
public func layerNormParameterGradient(
    _ dy: Matrix, normalized: Matrix, scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>
) {
    for r in 0..<dy.rows {
        let gradient = dy.row(r)
        let value = normalized.row(r)
        for c in 0..<dy.columns {
            scale[c] += gradient[c] * value[c]
            shift[c] += gradient[c]
        }
    }
}

/// dy becomes dx in place: dx = (g − mean(g) − x̂ mean(g ⊙ x̂)) / √(var + ε), with g = dy ⊙ γ.
public func layerNormBackward(
    _ dy: Matrix, scale: UnsafePointer<Float>, normalized: Matrix, reciprocalDeviation: UnsafePointer<Float>
) {
    let d = dy.columns
    for r in 0..<dy.rows {
        let gradient = dy.row(r)
        let value = normalized.row(r)
        for c in 0..<d { gradient[c] *= scale[c] }
        let mean = sum(gradient, d) / Float(d)
        let correlation = dotProduct(gradient, value, d) / Float(d)
        let reciprocal = reciprocalDeviation[r]
        for c in 0..<d { gradient[c] = (gradient[c] - mean - value[c] * correlation) * reciprocal }
    }
}
