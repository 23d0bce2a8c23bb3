import Adapters
import Testing

@Suite("What pruning removes")
struct PruningTests {
    private func matrix(_ rows: Int, _ columns: Int, _ score: (Int) -> Double) -> Pruning.ScoredMatrix {
        Pruning.ScoredMatrix(rows: rows, columns: columns, scores: (0..<rows * columns).map(score))
    }

    @Test(
        "⌈s N⌉ entries go, and rounding of s N counts for nothing",
        arguments: [
            (0.4, 10, 4), (0.07, 100, 7), (0.5, 3, 2), (0, 8, 0), (1 - 1.0 / 3, 3_000_000, 2_000_000),
            (0.001, 1, 1), (0.999, 10, 10), (0.3, 0, 0), (1 - 1.0 / 49, 49, 48),
        ] as [(Double, Int, Int)])
    func counts(_ sparsity: Double, _ count: Int, _ expected: Int) {
        #expect(Pruning(sparsity: sparsity).removedCount(of: count) == expected)
    }

    @Test("One threshold over all matrices, or one for each")
    func thresholds() {
        let matrices = [matrix(2, 3) { Double($0) }, matrix(2, 2) { 10 + Double($0) }]
        #expect(Pruning(sparsity: 0.5).removed(from: matrices) == [[0, 1, 2, 3, 4], []])
        #expect(
            Pruning(threshold: .local, sparsity: 0.5).removed(from: matrices) == [[0, 1, 2], [0, 1]])
        let falling = [matrix(1, 3) { -Double($0) }, matrix(1, 3) { 1 - Double($0) }]
        #expect(Pruning(sparsity: 0.5).removed(from: falling) == [[1, 2], [2]])
    }

    @Test("Of equal scores the first go first", arguments: PruningThreshold.allCases)
    func ties(_ threshold: PruningThreshold) {
        let matrices = [matrix(2, 2) { _ in 1 }, matrix(2, 2) { _ in 1 }]
        let removed = Pruning(threshold: threshold, sparsity: 0.5).removed(from: matrices)
        #expect(removed == (threshold == .global ? [[0, 1, 2, 3], []] : [[0, 1], [0, 1]]))
    }

    @Test("With sparsity 0 nothing goes, whatever the score", arguments: PruningScore.allCases)
    func nothing(_ score: PruningScore) {
        let matrices = [matrix(2, 3) { Double($0) }, matrix(4, 5) { -Double($0) }]
        #expect(Pruning(score: score, sparsity: 0).removed(from: matrices) == [[], []])
    }

    @Test("Erdős–Rényi keeps in proportion to rows + columns")
    func erdosRenyi() {
        // 100 + 400 entries, 20 + 40 rows and columns: 60 kept are 20 and 40.
        let matrices = [matrix(10, 10) { Double($0) }, matrix(20, 20) { Double($0) }]
        let removed = Pruning(score: .erdosRenyi, sparsity: 0.88).removed(from: matrices)
        #expect(removed == [Array(0..<80), Array(0..<360)])
    }

    @Test("A matrix that is full gives what it can't keep to the others")
    func erdosRenyiFull() {
        // 4 + 100 entries at 104 − 52 kept: 4/24 of 52 is more than 4, so 4 and 48.
        let matrices = [matrix(2, 2) { Double($0) }, matrix(10, 10) { Double($0) }]
        let removed = Pruning(score: .erdosRenyi, sparsity: 0.5).removed(from: matrices)
        #expect(removed == [[], Array(0..<52)])
        // Fractions: 7 kept of 3 matrices alike are 3, 2, 2.
        let alike = [Int](repeating: 0, count: 3).map { _ in matrix(2, 5) { Double($0) } }
        let kept = Pruning(score: .erdosRenyi, sparsity: 23.0 / 30).removed(from: alike).map { 10 - $0.count }
        #expect(kept == [3, 2, 2])
    }

    @Test("Nothing to prune is no trap", arguments: PruningScore.allCases)
    func empty(_ score: PruningScore) {
        #expect(Pruning(score: score).removed(from: []) == [])
        #expect(Pruning(score: score, sparsity: 0.5).removed(from: [matrix(0, 0) { _ in 0 }]) == [[]])
    }
}
