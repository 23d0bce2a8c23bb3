import Foundation
import TestSupport

// Every operator again, one row at a time, in double precision and the plainest form, to compare kernels
// with.

/// A row of layer normalisation, and x̂ and the reciprocal deviation.
func referenceLayerNorm(
    _ x: [Double], _ scale: [Double], _ shift: [Double], epsilon: Double
) -> (value: [Double], normalized: [Double], reciprocal: Double) {
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(x.count)
    let reciprocal = 1 / (variance + epsilon).squareRoot()
    let normalized = x.map { ($0 - mean) * reciprocal }
    return (x.indices.map { normalized[$0] * scale[$0] + shift[$0] }, normalized, reciprocal)
}

/// A row of layer normalisation's gradient, from the Jacobian δ_ij − 1/d − x̂_i x̂_j/d.
func referenceLayerNormGradient(
    _ dy: [Double], _ scale: [Double], _ normalized: [Double], _ reciprocal: Double
) -> [Double] {
    let d = Double(dy.count)
    return dy.indices.map { i in
        dy.indices.reduce(0) { total, j in
            let jacobian = (i == j ? 1 : 0) - 1 / d - normalized[i] * normalized[j] / d
            return total + dy[j] * scale[j] * jacobian * reciprocal
        }
    }
}

/// A row of softmax.
func referenceSoftmax(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let powers = x.map { exp($0 - largest) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
}

/// A row of softmax's gradient, from the Jacobian p_i (δ_ij − p_j).
func referenceSoftmaxGradient(_ dp: [Double], _ p: [Double]) -> [Double] {
    p.indices.map { i in p.indices.reduce(0) { $0 + dp[$1] * p[i] * ((i == $1 ? 1 : 0) - p[$1]) } }
}

/// x Φ(x).
func referenceGELU(_ x: Double) -> Double { x * erfc(-x / 2.0.squareRoot()) / 2 }

/// Φ(x) + x φ(x).
func referenceGELUDerivative(_ x: Double) -> Double {
    erfc(-x / 2.0.squareRoot()) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
}

/// Repeatable numbers between −2 and 2 that share no pattern with any width.
func someNumbers(_ count: Int, seed: Int = 0) -> [Float] {
    (0..<count).map { Float(2 * sin(Double($0 + 1) * 1.734 + Double(seed) * 5.21)) }
}

/// The rows of a matrix in double precision.
func rows(_ values: [Float], _ columns: Int) -> [[Double]] {
    stride(from: 0, to: values.count, by: columns).map { start in
        values[start..<start + columns].map { Double($0) }
    }
}
