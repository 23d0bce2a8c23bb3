import Reports
import Testing

@Suite("Statistics over seeds")
struct StatisticsTests {
    /// Quantiles from SciPy 1.17, `scipy.stats.t.ppf(0.975, degrees)`.
    @Test(
        "Student's t",
        arguments: [
            (1, 12.706204736), (2, 4.302652730), (10, 2.228138852), (30, 2.042272456), (31, 2.039513446),
            (100, 1.983971519), (10_000, 1.960201264),
        ])
    func quantile(degrees: Int, expected: Double) {
        // The expansion beyond the table leaves out terms of 1 / n³.
        #expect(abs(studentT(degrees: degrees) - expected) < 2e-5)
    }

    @Test("The bootstrap's interval of few values is of all resamples")
    func allResamples() {
        #expect(bootstrapInterval([1, 3]) == 1...3)
        #expect(bootstrapInterval([1, 2, 6]) == 1...6)
        // Of 3,125 resamples of five values, one each has the extreme means; 78 lie outside on either side.
        let values = [0.0, 0, 0, 0, 5]
        let interval = bootstrapInterval(values)
        // The last value is drawn k times in C(5, k) 4^(5-k) of 3,125 cases: three times or more in 181.
        #expect(interval == 0...3)
    }

    @Test("The bootstrap's interval of many values is near the normal one, and always the same")
    func drawnResamples() {
        let values = (0..<40).map { Double($0 % 8) }
        let interval = bootstrapInterval(values)
        // The mean is 3.5 and its standard error √5.25 / √40; 1.96 of them are 0.71. The noise of 20,000
        // resamples and their steps of 1 / 40 stay below 0.05.
        #expect(abs(interval.lowerBound - (3.5 - 0.71)) < 0.05)
        #expect(abs(interval.upperBound - (3.5 + 0.71)) < 0.05)
        #expect(interval == bootstrapInterval(values))
    }

    @Test("An interval that leaves out 0 is clear; a single seed has none")
    func clear() {
        #expect(PairedDifference([0.1, 0.12, 0.11])?.isClear == true)
        // Two seeds on one side of 0 are there by chance every other time.
        #expect(PairedDifference([0.1, 0.2])?.isClear == false)
        #expect(PairedDifference([-0.1, 0.2])?.isClear == false)
        #expect(PairedDifference([0.1])?.interval == nil && PairedDifference([]) == nil)
        #expect(SeedSpread([0.1])?.halfWidth == nil)
    }
}
