import Diagnostics

/// A number over seeds: its mean, and how far chance moves it.
package struct SeedSpread: Sendable, Equatable {
    package let values: [Double]
    package let mean: Double
    /// The sample standard deviation, with n − 1 in the denominator; nil for a single value.
    package let deviation: Double?

    /// Nil for no values.
    package init?(_ values: [Double]) {
        guard let mean = values.mean else { return nil }
        self.values = values
        self.mean = mean
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    }

    /// Half the width of the mean's 95 % confidence interval, t s / √n with Student's t.
    ///
    /// Nil for a single value.
    package var halfWidth: Double? {
        deviation.map { $0 * studentT(degrees: values.count - 1) / Double(values.count).squareRoot() }
    }
}
