import Diagnostics

/// Each gradient is projected on the normal plane of every other that it conflicts with, in random order; the
/// results are added.
struct PCGrad: CombinationRule {
    static let name = "pcgrad"
    static let summary = "removes from each gradient its part against each other one, in random order"
    static let source = "Yu et al., Gradient Surgery for Multi-Task Learning, 2020 (arXiv 2001.06782)"
    static let comparesAllTasks = false

    func weights(_ tasks: TaskComparison) -> [Double]? {
        let g = tasks.gramian
        var sum = [Double](repeating: 0, count: g.size)
        for i in 0..<g.size {
            // The projected gradient as a combination of all gradients.
            var c = [Double](repeating: 0, count: g.size)
            c[i] = 1
            for j in tasks.orders.order(of: g.size, for: i) where j != i {
                let product = (0..<g.size).reduce(0) { $0 + g[j, $1] * c[$1] }
                if product < 0, g[j, j] > 0 { c[j] -= product / g[j, j] }
            }
            for j in 0..<g.size { sum[j] += c[j] }
        }
        return sum
    }
}
