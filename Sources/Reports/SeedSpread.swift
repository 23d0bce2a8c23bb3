import Runs

/// The mean and the standard deviation over seeds.
struct SeedSpread: Sendable, Equatable {
    let values: [Double]
    let mean: Double
    /// With n − 1 in the denominator; nil for a single value.
    let deviation: Double?

    /// Nil for no values.
    init?(_ values: [Double]) {
        guard let mean = values.mean else { return nil }
        self.values = values
        self.mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    }
}
