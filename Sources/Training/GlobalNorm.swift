/// The norm of a whole gradient, accumulated piece by piece, and its clipping factor.
package struct GlobalNorm: Sendable {
    private var squares = 0.0

    package init() {}

    package mutating func add(_ values: UnsafePointer<Float>, count: Int) {
        for i in 0..<count { squares += Double(values[i]) * Double(values[i]) }
    }

    package var value: Double { squares.squareRoot() }

    /// The factor of torch.nn.utils.clip_grad_norm_, which bounds the norm by `limit`; 1 for a limit of 0.
    package func scale(limit: Double) -> Float {
        let factor = limit / (value + 1e-6)
        return limit > 0 && factor < 1 ? Float(factor) : 1
    }
}
