#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019), as in torch.optim.AdamW:
//
//   θ ← θ − η λ θ
//   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
//   θ ← θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)

/// AdamW's moments for one flat vector of parameters.
package struct AdamW: Sendable, Equatable {
    /// m.
    package private(set) var first: [Float]
    /// v.
    package private(set) var second: [Float]

    /// Zero moments for `count` parameters.
    package init(count: Int) {
        first = [Float](repeating: 0, count: count)
        second = first
    }

    /// Saved moments, each with a value per parameter.
    package init(first: [Float], second: [Float]) {
        precondition(first.count == second.count, "both moments belong to the same parameters")
        self.first = first
        self.second = second
    }

    /// Takes step t = `time`, counted from 1, on the parameters of a range.
    ///
    /// `gradient` is as long as the parameters, is read only in the range, and is multiplied by `scale`. The
    /// moments begin at `start`, or where the range does: one vector may hold several sets of moments.
    package mutating func step(
        _ values: inout [Float], gradient: UnsafePointer<Float>, scale: Float = 1, _ range: Range<Int>,
        momentsAt start: Int? = nil, time: Int, learningRate: Double, decay: Double,
        _ settings: OptimizerSettings
    ) {
        let start = start ?? range.lowerBound
        precondition(
            range.upperBound <= values.count && start + range.count <= first.count, "a range of each vector")
        let factors = Factors(time: time, learningRate: learningRate, decay: decay, settings)
        Self.step(&values, &first, &second, start - range.lowerBound, gradient, scale, range, factors)
    }

    /// Multiplies the parameters of a range by 1 − η λ.
    package static func decay(
        _ values: inout [Float], _ range: Range<Int>, learningRate: Double, decay: Double
    ) {
        let kept = Float(1 - learningRate * decay)
        for i in range { values[i] *= kept }
    }

    /// Adds the update that a step would subtract from a range's parameters, without taking it.
    ///
    /// `update` has a number for each parameter of the range; the moments begin at `start`.
    package func add(
        to update: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, scale: Float,
        _ range: Range<Int>, momentsAt start: Int, time: Int, learningRate: Double,
        _ settings: OptimizerSettings
    ) {
        precondition(start + range.count <= first.count, "a range of moments")
        let factors = Factors(time: time, learningRate: learningRate, decay: 0, settings)
        let (b1, b2) = (factors.beta1, factors.beta2)
        let (rate, root, epsilon) = (factors.rate, factors.root, factors.epsilon)
        let gradient = gradient + range.lowerBound
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                guard let first = first.baseAddress, let second = second.baseAddress else { return }
                for i in 0..<range.count {
                    let g = gradient[i] * scale
                    let m = b1 * first[start + i] + (1 - b1) * g
                    let v = b2 * second[start + i] + (1 - b2) * g * g
                    update[i] += rate * m / (v.squareRoot() * root + epsilon)
                }
            }
        }
    }

    /// True if bounds prove that a step leaves the parameters of a range finite, for any second moments.
    ///
    /// `largest` bounds the magnitude of the gradient's components. False does not prove an overflow.
    package func staysFinite(
        _ values: [Float], gradientsUpTo largest: Double, _ range: Range<Int>, time: Int,
        learningRate: Double, decay: Double, _ settings: OptimizerSettings
    ) -> Bool {
        let factors = Factors(time: time, learningRate: learningRate, decay: decay, settings)
        // The first moment is a mean of gradients, and its divisor at least ε.
        let moment = max(largest, Double(largestMagnitude(first, range)))
        let moved = abs(Double(factors.rate)) * moment
        let kept = Double(largestMagnitude(values, range)) * abs(Double(factors.kept))
        // Far enough below the largest float for rounding errors.
        return max(moved, kept + moved / Double(factors.epsilon)) < 1e38
    }

    /// The factors of a step.
    private struct Factors {
        let beta1: Float, beta2: Float
        let rate: Float, root: Float, epsilon: Float, kept: Float

        init(time: Int, learningRate: Double, decay: Double, _ settings: OptimizerSettings) {
            (beta1, beta2) = (Float(settings.beta1), Float(settings.beta2))
            rate = Float(learningRate / (1 - pow(settings.beta1, Double(time))))
            root = Float(1 / (1 - pow(settings.beta2, Double(time))).squareRoot())
            epsilon = Float(settings.epsilon)
            kept = Float(1 - learningRate * decay)
        }
    }

    /// A loop over plain pointers, so that the compiler vectorizes it.
    private static func step(
        _ values: UnsafeMutablePointer<Float>, _ first: UnsafeMutablePointer<Float>,
        _ second: UnsafeMutablePointer<Float>, _ shift: Int, _ gradient: UnsafePointer<Float>,
        _ scale: Float, _ range: Range<Int>, _ factors: Factors
    ) {
        let (first, second) = (first + shift, second + shift)
        let (b1, b2) = (factors.beta1, factors.beta2)
        let (rate, root, epsilon, kept) = (factors.rate, factors.root, factors.epsilon, factors.kept)
        for i in range {
            let g = gradient[i] * scale
            let m = b1 * first[i] + (1 - b1) * g
            let v = b2 * second[i] + (1 - b2) * g * g
            first[i] = m
            second[i] = v
            values[i] = values[i] * kept - rate * m / (v.squareRoot() * root + epsilon)
        }
    }
}

/// The largest magnitude in a range; with a NaN among the values, infinity or NaN.
private func largestMagnitude(_ values: [Float], _ range: Range<Int>) -> Float {
    values.withUnsafeBufferPointer { values in
        // Bit patterns without the sign bit have the order of magnitudes.
        var largest: UInt32 = 0
        for i in range {
            let magnitude = values[i].bitPattern & 0x7fff_ffff
            largest = magnitude > largest ? magnitude : largest
        }
        return Float(bitPattern: largest)
    }
}
