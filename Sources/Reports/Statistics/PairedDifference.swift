import Diagnostics

/// A difference of two entries over the seeds that both have.
package struct PairedDifference: Sendable, Equatable {
    /// By seed.
    package let values: [Double]
    package let mean: Double
    /// The paired bootstrap's 95 % confidence interval of the mean; nil for a single seed.
    package let interval: ClosedRange<Double>?

    /// Nil for no values.
    package init?(_ values: [Double]) {
        guard let mean = values.mean else { return nil }
        self.values = values
        self.mean = mean
        interval = values.count > 1 ? bootstrapInterval(values) : nil
    }

    /// Whether the interval leaves out 0, and Student's t as well, so that chance among the seeds hardly
    /// explains the difference.
    ///
    /// The bootstrap of two values never leaves their range, which has the mean in half of all cases.
    package var isClear: Bool {
        guard let interval, let half = SeedSpread(values)?.halfWidth else { return false }
        return !interval.contains(0) && abs(mean) > half
    }

    /// How sure the difference is, in words.
    var confidence: String {
        if interval == nil { return "by one seed, which is no more than a hint" }
        return isClear
            ? "more than chance among seeds would explain" : "which chance among seeds could explain"
    }

    /// The interval in words, for the notes of tables.
    static let intervalNote =
        "the 95 % confidence interval of the paired bootstrap, which few seeds make too narrow: of six by a "
        + "third"
}
