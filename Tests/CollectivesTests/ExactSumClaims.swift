import Collectives
import Diagnostics

extension Claim {
    static let exactSum: [Claim] = [
        Claim("the exact sum has the bits of a single rank's, whichever rank adds a contribution") { world in
            let sum = ExactSum(world)
            for (name, work) in Work.samples {
                let expected = try work.sumAlone().map { $0.map(\.bitPattern) }
                for round in 0..<4 {
                    let found = try work.sum(on: world, with: sum, reversed: round % 2 == 1) { i in
                        (i * (round + 1) + round) % world.size
                    }
                    try requireEqual(found.map { $0.map(\.bitPattern) }, expected, name)
                }
            }
        },
        Claim("one rank may add all contributions") { world in
            let work = Work.samples[0].work
            let found = try work.sum(on: world) { _ in world.size - 1 }
            try requireEqual(found, work.sumAlone(), "sum")
        },
        Claim("the caller's sums and maxima are reduced in the same calls") { world in
            let sum = ExactSum(world)
            for step in 0..<3 {
                sum.begin(ReductionLayout(rows: [[1]], scalars: [1]), contributionsPerRow: [world.size])
                [Float(step)].withUnsafeBufferPointer { sum.add(row: 0, $0, scalars: [0.5]) }
                var sums = [Int64(world.rank), -1, .max]
                var maxima = [Int32(world.rank), -7]
                let found = try sum.finish(sums: &sums, maxima: &maxima)
                try requireEqual(Array(found.rows[0]), [Float(step * world.size)], "row")
                try requireEqual(found.scalars, [[Double(world.size) / 2]], "scalars")
                let wrapped = (1..<world.size).reduce(Int64.max) { total, _ in total &+ .max }
                try requireEqual(
                    sums, [Int64(world.size * (world.size - 1) / 2), Int64(-world.size), wrapped], "sums")
                try requireEqual(maxima, [Int32(world.size - 1), -7] as [Int32], "maxima")
            }
            try requireEqual(sum.bytesPerStep, (2 + 1 + 1 + 2) * 4 + (1 + 1 + 1 + 3) * 8, "bytes")
        },
        Claim("infinities and NaNs are named on all ranks alike") { world in
            let sum = ExactSum(world)
            for bad in [Float.nan, .signalingNaN, .infinity, -.infinity] {
                var work = Work.samples[0].work
                // Unit 3 is row 3's first; 64 is the first number of its second group.
                work.contributions[3].values[64] = bad
                var caught: NonFiniteContribution?
                do {
                    _ = try work.sum(on: world, with: sum) { $0 % world.size }
                } catch let error as NonFiniteContribution {
                    caught = error
                }
                try requireEqual(caught, NonFiniteContribution(row: 3, group: 1), "\(bad)")
                // The next step is whole again.
                let next = Work.samples[1].work
                try requireEqual(
                    next.sum(on: world, with: sum) { $0 % world.size }, next.sumAlone(), "next step")
            }
        },
        Claim("rows that are added before they travel give the bits of rows added afterwards") { world in
            let sum = ExactSum(world)
            var bits: [[UInt32]] = []
            for isSummed in [false, true, false] {
                var numbers = Numbers(state: 3)
                // The second row's values are smaller than a float of the first row's could hold.
                let rows = [[3, 40], [40, 2], [40]]
                let scales: [Float] = [1e3, 1e-7, 1]
                var contributions: [(row: Int, values: [Float])] = []
                for row in [0, 1, 2, 0, 1, 2, 0, 1, 2] {
                    let values = (0..<rows[row].reduce(0, +)).map { _ in numbers.unit() * scales[row] }
                    contributions.append((row, values))
                }
                sum.begin(
                    ReductionLayout(rows: rows, blocks: [[0, 1], [1, 2], [1]], isSummed: isSummed),
                    contributionsPerRow: [3, 3, 3])
                for (i, contribution) in contributions.enumerated() where i % world.size == world.rank {
                    contribution.values.withUnsafeBufferPointer { sum.add(row: contribution.row, $0) }
                }
                var (sums, maxima) = ([Int64](), [Int32]())
                let found = try sum.finish(sums: &sums, maxima: &maxima)
                try requireEqual(found.rows.map(\.count), isSummed ? [] : [43, 42, 40], "rows")
                try requireEqual(found.blocks.map(\.count), [3, 40, 2], "blocks")
                for i in 0..<40 {
                    // Integers of 62 bits hold these sums to within 2^-43.
                    var exact = 0.0
                    for (row, values) in contributions { exact += Double(values[row == 0 ? 3 + i : i]) }
                    try require(
                        abs(Double(found.blocks[1][i]) - exact) <= abs(exact) * 0x1p-24 + 0x1p-43,
                        "\(found.blocks[1][i]) is not \(exact)")
                }
                let values = isSummed ? 45 : 125
                try requireEqual(sum.bytesPerStep, (2 + 5) * 4 + (values + 3) * 8, "bytes")
                bits.append(found.blocks.flatMap { $0.map(\.bitPattern) })
            }
            try requireEqual(bits[1], bits[0], "summed before")
            try requireEqual(bits[2], bits[0], "summed afterwards, again")
        },
        Claim("a block's sum is rounded once, not once for each row") { world in
            let sum = ExactSum(world)
            for isSummed in [false, true] {
                sum.begin(
                    ReductionLayout(rows: [[1], [1]], blocks: [[0], [0]], isSummed: isSummed),
                    contributionsPerRow: [2 * world.size, world.size])
                for (row, value) in [(0, 1), (0, 0x1p-30), (1, -1)] as [(Int, Float)] {
                    [value].withUnsafeBufferPointer { sum.add(row: row, $0) }
                }
                var (sums, maxima) = ([Int64](), [Int32]())
                let found = try sum.finish(sums: &sums, maxima: &maxima).blocks[0][0]
                try requireEqual(found, Float(world.size) * 0x1p-30, "sum")
            }
        },
        Claim("scalars of any size have the bits of a single rank's sum") { world in
            let losses = [0.1, 3e-9, 7.25, 1e-300, 2.5e7, 1e30]
            @Sendable func summed(on world: any Communicator) throws -> [[Double]] {
                let sum = ExactSum(world)
                sum.begin(
                    ReductionLayout(rows: [[], []], scalars: [1, 2]),
                    contributionsPerRow: [losses.count, losses.count])
                for (index, loss) in losses.enumerated() where index % world.size == world.rank {
                    let none = UnsafeBufferPointer<Float>(start: nil, count: 0)
                    sum.add(row: 0, none, scalars: [loss])
                    sum.add(row: 1, none, scalars: [loss.squareRoot(), -loss * 1e-40])
                }
                var (sums, maxima) = ([Int64](), [Int32]())
                return try sum.finish(sums: &sums, maxima: &maxima).scalars
            }
            let alone = try ThreadWorld.run(1) { try summed(on: $0) }[0]
            try requireEqual(summed(on: world), alone, "scalars")
            for (found, expected) in zip(alone.joined(), [1e30, 1e15 + 5003, -1e-10]) {
                try require(abs(found - expected) <= abs(expected) * 1e-12, "\(found), not \(expected)")
            }
        },
        Claim("a scalar that is not finite is named on all ranks alike") { world in
            let sum = ExactSum(world)
            sum.begin(
                ReductionLayout(rows: [[1], [1]], scalars: [1, 1]),
                contributionsPerRow: [world.size, world.size])
            for row in 0...1 {
                let isBad = row == 1 && world.rank == world.size - 1
                [1].withUnsafeBufferPointer { sum.add(row: row, $0, scalars: [isBad ? .nan : 1]) }
            }
            do {
                _ = try sum.finish()
                throw Violation(description: "a NaN was summed")
            } catch let bad as NonFiniteContribution {
                try requireEqual(bad, NonFiniteContribution(row: 1, group: nil), "row")
            }
        },
        Claim("maxima are valid beside a NaN") { world in
            let sum = ExactSum(world)
            sum.begin(ReductionLayout(rows: [[2]]), contributionsPerRow: [world.size])
            [1, world.rank == 0 ? .nan : 1].withUnsafeBufferPointer { sum.add(row: 0, $0) }
            var sums: [Int64] = []
            var maxima = [Int32(world.rank)]
            do {
                _ = try sum.finish(sums: &sums, maxima: &maxima)
                throw Violation(description: "a NaN was summed")
            } catch is NonFiniteContribution {
                try requireEqual(maxima, [Int32(world.size - 1)], "maxima")
            }
        },
        Claim("all ranks notice a missing contribution") { world in
            let sum = ExactSum(world)
            sum.begin(ReductionLayout(rows: [[1], [1]]), contributionsPerRow: [world.size, world.size + 1])
            for row in 0...1 { [1].withUnsafeBufferPointer { sum.add(row: row, $0) } }
            do {
                _ = try sum.finish()
                throw Violation(description: "a missing contribution went unnoticed")
            } catch let failure as Failure {
                try require(failure.message.contains("row 1") && failure.kind == .rank, "\(failure)")
            }
        },
        Claim("all ranks notice differing layouts of equal size") { world in
            guard world.size > 1 else { return }
            let sum = ExactSum(world)
            sum.begin(ReductionLayout(rows: [world.rank == 0 ? [1, 2] : [2, 1]]), contributionsPerRow: [0])
            do {
                _ = try sum.finish()
                throw Violation(description: "differing layouts went unnoticed")
            } catch let failure as Failure {
                try require(failure.message.contains("disagree"), "\(failure)")
            }
        },
    ]
}
