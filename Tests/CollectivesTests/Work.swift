import Collectives

/// The contributions of one step, each with its row, drawn from a seed.
struct Work: Sendable {
    let layout: ReductionLayout
    var contributions: [(row: Int, values: [Float])]

    var contributionsPerRow: [Int] {
        layout.rows.indices.map { row in contributions.count { $0.row == row } }
    }

    init(rows: [[Int]], contributions: [(row: Int, values: [Float])]) {
        layout = ReductionLayout(rows: rows)
        self.contributions = contributions
    }

    /// Several rows, groups of odd lengths, an empty group, and a row without contributions.
    init(seed: UInt64, _ draw: (inout Numbers) -> Float) {
        let rows = [[5, 0, 17, 1], [33], [], [64, 3], [2]]
        var numbers = Numbers(state: seed)
        let order = [0, 1, 0, 3, 3, 0, 1, 2, 0, 3, 0, 1, 3, 0, 0]
        self.init(
            rows: rows,
            contributions: order.map { row in
                (row, (0..<rows[row].reduce(0, +)).map { _ in draw(&numbers) })
            })
    }

    /// The rows' sums over the ranks of the world.
    ///
    /// Rank `owner(i)` adds contribution i, the last one first if reversed.
    func sum(
        on world: any Communicator, with sum: ExactSum? = nil, reversed: Bool = false, owner: (Int) -> Int
    ) throws -> [[Float]] {
        let sum = sum ?? ExactSum(world)
        sum.begin(layout, contributionsPerRow: contributionsPerRow)
        let indices = Array(contributions.indices)
        for i in reversed ? indices.reversed() : indices where owner(i) == world.rank {
            contributions[i].values.withUnsafeBufferPointer { sum.add(row: contributions[i].row, $0) }
        }
        return try sum.finish().map { Array($0) }
    }

    /// The sums on one rank, in the order of the contributions.
    func sumAlone() throws -> [[Float]] {
        try ThreadWorld.run(1) { try sum(on: $0) { _ in 0 } }[0]
    }
}

/// A small generator of reproducible numbers (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Uniform between -1 and 1.
    mutating func unit() -> Float { Float.random(in: -1...1, using: &self) }
}

extension Work {
    /// Values as gradients have them, and every kind that could break a sum.
    static let samples: [(name: String, work: Work)] = [
        ("gradients", Work(seed: 1) { $0.unit() * 1e-3 }),
        (
            "from 1e-38 to 1e38",
            Work(seed: 2) {
                $0.unit()
                    * Float(sign: .plus, exponent: Int.random(in: -126...121, using: &$0), significand: 1)
            }
        ),
        (
            "mostly zeros of both signs",
            Work(seed: 3) { [0, -0.0, 0, $0.unit()].randomElement(using: &$0) ?? 0 }
        ),
        ("zeros only", Work(seed: 4) { Bool.random(using: &$0) ? 0 : -0.0 }),
        (
            "denormals",
            Work(seed: 5) { Float(bitPattern: UInt32.random(in: 0..<0x80_0000, using: &$0)) * $0.unit() }
        ),
        ("denormals beside ones", Work(seed: 6) { Bool.random(using: &$0) ? 1 : .leastNonzeroMagnitude }),
        (
            "any finite pattern, an eighth of it",
            Work(seed: 7) { numbers in
                let value = Float(bitPattern: UInt32(truncatingIfNeeded: numbers.next()))
                return value.isFinite ? value / 8 : 0
            }
        ),
    ]
}
