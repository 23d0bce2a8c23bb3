import Foundation

/// A number that Adam learns, with its moments, as torch.optim.Adam does with its defaults.
struct LearnedNumber {
    private(set) var value: Double
    private var first = 0.0
    private var second = 0.0
    private var steps = 0.0

    init(_ value: Double) { self.value = value }

    /// From the numbers that a weighting remembers.
    init(_ numbers: [Double]) {
        (value, first, second, steps) = (numbers[0], numbers[1], numbers[2], numbers[3])
    }

    var numbers: [Double] { [value, first, second, steps] }

    /// Takes a step; `decay` times the value is added to the gradient.
    mutating func step(_ gradient: Double, rate: Double, decay: Double = 0) {
        let g = gradient + decay * value
        steps += 1
        first = 0.9 * first + 0.1 * g
        second = 0.999 * second + 0.001 * g * g
        let root = (second / (1 - pow(0.999, steps))).squareRoot()
        value -= rate / (1 - pow(0.9, steps)) * first / (root + 1e-8)
    }
}
