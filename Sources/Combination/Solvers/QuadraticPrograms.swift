extension SymmetricMatrix {
    /// The minimum of ½ zᵀHz − fᵀz over z ≥ 0, with the active set of Lawson and Hanson.
    ///
    /// - Returns: nil if it was not found
    func nonNegativeMinimum(_ f: [Double]) -> [Double]? {
        var z = [Double](repeating: 0, count: size)
        var free: [Int] = []
        // Rows whose gain is rounding: added to the free ones, they would leave at once.
        var blocked: Set<Int> = []
        let tolerance = 1e-13 * (f.map(\.magnitude).max() ?? 0)
        for _ in 0..<(20 * size + 20) {
            let product = times(z)
            let gains = (0..<size).map { f[$0] - product[$0] }
            let open = (0..<size).filter { !free.contains($0) && !blocked.contains($0) }
            guard let next = open.max(by: { gains[$0] < gains[$1] }), gains[next] > tolerance else {
                return z
            }
            free = (free + [next]).sorted()
            while true {
                guard let solved = solution(f, of: free) else {
                    free.removeAll { $0 == next }
                    break
                }
                if solved.allSatisfy({ $0 > 0 }) {
                    for (index, value) in zip(free, solved) { z[index] = value }
                    break
                }
                // As far as the first number that becomes 0.
                var part = 1.0
                for (index, value) in zip(free, solved) where value <= 0 {
                    part = min(part, z[index] / (z[index] - value))
                }
                for (index, value) in zip(free, solved) {
                    z[index] += part * (value - z[index])
                    if value <= 0, z[index] <= 1e-16 { z[index] = 0 }
                }
                let before = free.count
                free = free.filter { z[$0] > 0 }
                if free.count == before || free.isEmpty { break }
            }
            if free.contains(next) { blocked = [] } else { blocked.insert(next) }
        }
        return nil
    }

    /// The minimum of vᵀGv over v ≥ bound: the projection of Σ bound_t g_t on the gradients' dual cone.
    func projection(_ bound: [Double]) -> [Double]? {
        nonNegativeMinimum(times(bound).map { -$0 }).map { zip(bound, $0).map(+) }
    }

    /// The weights, adding up to 1, of the shortest vector in the convex hull of the gradients.
    ///
    /// With 11ᵀ added to a normalised Gram matrix, the minimum of ½ vᵀHv − 1ᵀv over v ≥ 0 has the
    /// conditions of that vector, up to a factor.
    func minimumNorm() -> [Double]? {
        let one = [Double](repeating: 1, count: size)
        let scale = trace > 0 ? Double(size) / trace : 0
        return map { $2 * scale + 1 }.nonNegativeMinimum(one).flatMap { v in
            let sum = v.reduce(0, +)
            return sum > 0 ? v.map { $0 / sum } : nil
        }
    }
}
