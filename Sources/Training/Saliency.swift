// Scores of entries θ for pruning at initialisation, from gradients g = ∂L/∂θ:
//
//   SNIP    |θ ⊙ g|             |∂L/∂m| at m = 1 of the loss with m ⊙ θ in θ's place
//   GraSP   (H g) ⊙ θ           the larger, the more would the gradient's norm shrink without the entry
//
// H g = d/dt ∇L(θ + t g) at t = 0, by the central difference along u = g / ‖g‖,
//
//   H g ≈ ‖g‖ (∇L(θ + h u) − ∇L(θ − h u)) / 2h,    h = ‖θ‖ / 1000
//
// where norms, u and H are of the scored entries alone. A step of a thousandth of ‖θ‖ leaves an error of order h², about
// as much as single-precision gradients bring themselves. At the kink of a ReLU the difference sees the mean slope on both sides
// of it, which a derivative at θ does not.

/// What entries of prunable matrices are worth before they are trained.
package enum Saliency {
    /// SNIP's scores.
    package static func snip(_ values: [Float], gradient: [Float]) -> [Double] {
        zip(values, gradient).map { abs(Double($0) * Double($1)) }
    }

    /// GraSP's scores; `gradient` is asked for the loss's gradient at three vectors of values.
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
