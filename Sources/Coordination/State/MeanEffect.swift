import Runs

/// The means of the effects of combinations over the steps of a stage.
struct MeanEffect: Codable, Equatable, Sendable {
    private var sums = [Double](repeating: 0, count: 4)
    private var counts = [Int](repeating: 0, count: 4)

    /// Whether the sums and counts have the form of ones that were added up.
    var isWhole: Bool {
        sums.count == 4 && counts.count == 4 && sums.allSatisfy(\.isFinite)
            && counts.allSatisfy { (0...1 << 53).contains($0) }
    }

    mutating func add(_ effect: CombinationEffect) {
        for (index, number) in effect.numbers.enumerated() {
            guard let number else { continue }
            sums[index] += number
            counts[index] += 1
        }
    }

    /// The means, each over the steps that have the number; nil if none has any.
    var mean: CombinationEffect? {
        if counts.allSatisfy({ $0 == 0 }) { return nil }
        return CombinationEffect(numbers: zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : nil })
    }
}
