// GELU in its erf form, u = z Φ(z) with Φ(z) = ½ (1 + erf(z / √2)); z and u [T, f].
// Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.

/// u = GELU(z).
///
/// With `keepDerivative`, z is replaced by GELU'(z) = Φ(z) + z φ(z), which is all that backward reads.
public func gelu(_ z: Matrix, into u: Matrix, keepDerivative: Bool) {
    precondition(z.rows == u.rows && z.columns == u.columns, "GELU between different shapes")
    for r in 0..<z.rows {
        let source = z.row(r)
        let target = u.row(r)
        var c = 0
        while c + laneCount <= z.columns {
            let x = source.lanes(at: c)
            let phi = 0.5 * errorFunction(x * 0.70710678) + 0.5
            target.store(x * phi, at: c)
            if keepDerivative { source.store(derivative(x, phi), at: c) }
            c += laneCount
        }
        let rest = z.columns - c
        if rest > 0 {
            let x = source.lanes(at: c, count: rest)
            let phi = 0.5 * errorFunction(x * 0.70710678) + 0.5
            target.store(x * phi, at: c, count: rest)
            if keepDerivative { source.store(derivative(x, phi), at: c, count: rest) }
        }
    }
}

/// du ⊙= GELU'(z) in place, with the derivative that the forward left in z's place.
public func geluBackward(_ du: Matrix, derivative: Matrix) {
    multiplyElements(of: du, by: derivative)
}

/// Φ(x) + x e^{−x²/2} / √(2π).
@inline(__always) private func derivative(_ x: Lanes, _ phi: Lanes) -> Lanes {
    phi + x * 0.39894228 * exponential(x * x * -0.5)
}
