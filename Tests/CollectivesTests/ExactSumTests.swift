import Collectives
import Testing

/// The exact sum on one rank; ``Claim/exactSum`` has its claims on many.
@Suite struct ExactSumTests {
    private static func sum(_ contributions: [Float]) throws -> Float {
        let work = Work(rows: [[1]], contributions: contributions.map { (0, [$0]) })
        return try work.sumAlone()[0][0]
    }

    @Test(arguments: Work.samples.indices) func isWithinTheStatedBound(sample: Int) throws {
        let work = Work.samples[sample].work
        let sums = try work.sumAlone()
        for (row, groups) in work.layout.rows.enumerated() {
            let contributions = work.contributions.filter { $0.row == row }.map(\.values)
            guard !contributions.isEmpty else {
                #expect(sums[row].allSatisfy { $0 == 0 })
                continue
            }
            let count = Double(contributions.count)
            let logCount = count.binade == count ? count.exponent : count.exponent + 1
            var start = 0
            for length in groups {
                let largest =
                    contributions.flatMap { $0[start..<start + length] }.map { Double($0.magnitude) }.max()
                    ?? 0
                for i in start..<start + length {
                    let reference = compensatedSum(contributions.map { Double($0[i]) })
                    let rounding = max(reference.magnitude * 0x1p-24, 0x1p-150)
                    let bound =
                        count * Double(sign: .plus, exponent: Int(logCount) - 62, significand: largest)
                        + rounding
                    #expect(abs(Double(sums[row][i]) - reference) <= bound * (1 + 0x1p-40))
                }
                start += length
            }
        }
    }

    /// Neumaier's sum: the rounding errors of a plain sum, added up beside it.
    private func compensatedSum(_ values: [Double]) -> Double {
        var sum = 0.0
        var correction = 0.0
        for value in values {
            let next = sum + value
            correction += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
            sum = next
        }
        return sum + correction
    }

    @Test(
        arguments: [
            // Four contributions at most: everything within 2^-36 of the largest is exact, whatever cancels.
            ([1, 0x1.000002p-30, -1], 0x1.000002p-30),
            ([0x1.fffffep0, 0x1p-35, -0x1.fffffep0], 0x1p-35),
            ([0x1p100, 0x1.fffffep80, -0x1p100, 3], 0x1.fffffep80),
            ([1e-38, -1e-38], 0),
            (
                [.leastNonzeroMagnitude, .leastNonzeroMagnitude, .leastNonzeroMagnitude],
                3 * .leastNonzeroMagnitude
            ),
            ([.leastNormalMagnitude, -.leastNonzeroMagnitude], .leastNormalMagnitude.nextDown),
            ([-0.0, -0.0], 0),
            ([0.1], 0.1), ([-1e38], -1e38), ([.greatestFiniteMagnitude], .greatestFiniteMagnitude),
            // The quantum is 2^-59 for three contributions around one: ties go to even.
            ([1, -1, 0x1p-60], 0), ([1, -1, 0x1.8p-59], 0x1p-58), ([1, -1, -0x1.8p-59], -0x1p-58),
            ([1, -1, 0x1.000002p-60], 0x1p-59),
        ] as [([Float], Float)]) func givesExactlyThis(contributions: [Float], expected: Float) throws
    {
        #expect(try Self.sum(contributions) == expected)
    }

    @Test func zeroesHaveNoSign() throws {
        #expect(try Self.sum([-0.0]).sign == .plus)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 31, 32, 33, 1000, 1025]) func theLargestFloatsDoNotOverflow(count: Int)
        throws
    {
        let largest = Float.greatestFiniteMagnitude
        // All of one sign: the integers hold it, no float does, and that is told.
        let same = [Float](repeating: largest, count: count)
        if count == 1 {
            #expect(try Self.sum(same) == largest)
        } else {
            #expect(throws: NonFiniteContribution(row: 0, group: 0)) { try Self.sum(same) }
        }
        // Cancelling, in the order that would overflow any running float sum.
        let half = count / 2
        let cancelling = [Float](repeating: largest, count: half) + [Float](repeating: -largest, count: half)
        #expect(try Self.sum(cancelling + [1]) == (count > 1 ? 0 : 1))
        #expect(try Self.sum(cancelling + [largest]) == largest)
    }

    @Test(arguments: [1, 7, 64, 1000, 4096]) func manyContributionsOfTheLargestMantissaAreExact(count: Int)
        throws
    {
        let value: Float = 0x1.fffffep0
        let sum = try Self.sum([Float](repeating: value, count: count))
        #expect(sum == Float(Double(value) * Double(count)))
    }

    @Test func buffersAreReusedFromStepToStep() throws {
        _ = try ThreadWorld.run(1) { world in
            let sum = ExactSum(world)
            let layout = ReductionLayout(rows: [[3], [2, 2]])
            var addresses: Set<UnsafePointer<Float>?> = []
            for step in 0..<3 {
                sum.begin(layout, contributionsPerRow: [1, 1])
                [Float](repeating: Float(step), count: 3).withUnsafeBufferPointer { sum.add(row: 0, $0) }
                [1, 2, 3, 4].withUnsafeBufferPointer { sum.add(row: 1, $0) }
                let rows = try sum.finish()
                try requireEqual(
                    rows.map { Array($0) }, [[Float](repeating: Float(step), count: 3), [1, 2, 3, 4]], "rows")
                addresses.insert(rows[0].baseAddress)
            }
            try requireEqual(addresses.count, 1, "addresses")
        }
    }
}
