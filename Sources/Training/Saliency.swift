// Scores of entries θ for pruning at initialisation, from gradients g = ∂L/∂θ:
//
//   SNIP    |θ ⊙ g|             |∂L/∂m| at m = 1 of the loss with m ⊙ θ in place of θ
//   GraSP   (H g) ⊙ θ           large where removing the entry would shrink the gradient's norm
//
// H g = d/dt ∇L(θ + t g) at t = 0, by the central difference along u = g / ‖g‖,
//
//   H g ≈ ‖g‖ (∇L(θ + h u) − ∇L(θ − h u)) / 2h,    h = ‖θ‖ / 1000
//
// where norms, u and H are those of the scored entries alone. With this h the error of order h² is about as
// large as that of single-precision gradients. At the kink of a ReLU the difference takes the mean of both
// slopes, unlike a derivative at θ.

/// Scores of the entries of prunable matrices before training.
package enum Saliency {
    package static func snip(_ values: [Float], gradient: [Float]) -> [Double] {
        zip(values, gradient).map { abs(Double($0) * Double($1)) }
    }

    /// GraSP's scores; calls `gradient` for the loss's gradient at three points.
    package static func grasp(
        _ values: [Float], gradient: ([Float]) throws -> [Float]
    ) rethrows -> [Double] {
        let g = try gradient(values)
        let (step, length) = (norm(values) / 1000, norm(g))
        if step == 0 || length == 0 { return [Double](repeating: 0, count: values.count) }
        func moved(_ distance: Double) -> [Float] {
            zip(values, g).map { Float(Double($0) + distance * Double($1) / length) }
        }
        let (above, below) = (try gradient(moved(step)), try gradient(moved(-step)))
        return values.indices.map {
            (Double(above[$0]) - Double(below[$0])) / (2 * step) * length * Double(values[$0])
        }
    }

    private static func norm(_ values: [Float]) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
