// ReLU and swish; z and u [T, f].
//
//   relu   u = max(z, 0)       u' = 1 where z > 0, else 0
//   swish  u = z σ(z)          u' = σ + u (1 − σ),   σ = 1 / (1 + e^{−z})
//
// Swish: Ramachandran, Zoph, Le, "Searching for Activation Functions", 2017, arXiv 1710.05941, with β = 1.

/// u = max(z, 0).
///
/// With `saveDerivative`, overwrites z with the derivative, which is all that backward reads.
package func relu(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
    activate(z, into: u, saveDerivative: saveDerivative) { x in
        var value = x
        value.replace(with: Lanes(repeating: 0), where: x .<= 0)
        // NaN stays NaN.
        var slope = x
        slope.replace(with: Lanes(repeating: 1), where: x .> 0)
        slope.replace(with: Lanes(repeating: 0), where: x .<= 0)
        return (value, slope)
    }
}

/// u = z σ(z).
///
/// With `saveDerivative`, overwrites z with the derivative, which is all that backward reads.
package func swish(_ z: Matrix, into u: Matrix, saveDerivative: Bool) {
    activate(z, into: u, saveDerivative: saveDerivative) { argument in
        // Beyond ±88 e^{−z} has no float, and swish is 0 or z.
        let x = argument.limited(-88, .infinity)
        let sigmoid = 1 / (exponential(-x) + 1)
        return (x * sigmoid, sigmoid + x.limited(-88, 88) * sigmoid * (1 - sigmoid))
    }
}

/// dz = du ⊙ u' in place, with the derivative that ``relu(_:into:saveDerivative:)`` or
/// ``swish(_:into:saveDerivative:)`` saved.
package func activationBackward(_ du: Matrix, derivative: Matrix) {
    multiplyElements(of: du, by: derivative)
}

@inline(__always) private func activate(
    _ z: Matrix, into u: Matrix, saveDerivative: Bool, _ function: (Lanes) -> (value: Lanes, slope: Lanes)
) {
    precondition(z.rows == u.rows && z.columns == u.columns, "activation between different shapes")
    for r in 0..<z.rows {
        let source = z.row(r)
        let target = u.row(r)
        var c = 0
        while c + laneCount <= z.columns {
            let (value, slope) = function(source.lanes(at: c))
            target.store(value, at: c)
            if saveDerivative { source.store(slope, at: c) }
            c += laneCount
        }
        let rest = z.columns - c
        if rest > 0 {
            let (value, slope) = function(source.lanes(at: c, count: rest))
            target.store(value, at: c, count: rest)
            if saveDerivative { source.store(slope, at: c, count: rest) }
        }
    }
}
