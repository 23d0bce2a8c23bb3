import Diagnostics

/// Each gradient is turned towards every other one, in random order, until its cosine is at least the usual
/// one; the results are added.
///
/// The usual cosine of a pair is a moving average over the steps that have both tasks.
struct GradVac: RememberingRule {
    static let name = "gradvac"
    static let summary = "turns gradients towards one another until their cosines are at least the usual ones"
    static let source = "Wang et al., Gradient Vaccine, 2020 (arXiv 2010.05874)"
    static let comparesAllTasks = false
    static let keys = [
        MethodKey("beta", \GradVac.beta, in: 0...1, "the newest cosine's share of the average")
    ]
    var beta = 0.5

    func weights(_ tasks: TaskComparison, memory: inout [[Double]]) -> [Double]? {
        let (g, tiny) = (tasks.gramian.normalized, 1e-8)
        var sum = [Double](repeating: 0, count: g.size)
        for i in 0..<g.size {
            // The turned gradient as a combination of all gradients.
            var c = [Double](repeating: 0, count: g.size)
            c[i] = 1
            for j in tasks.orders.order(of: g.size, for: i) where j != i {
                let products = g.times(c)
                let length = max(0, dot(products, c)).squareRoot()
                let other = g[j, j].squareRoot()
                let (cosine, usual) = (products[j] / (length * other + tiny), memory[i][j])
                if cosine < usual {
                    let sine = max(0, 1 - cosine * cosine).squareRoot()
                    let usualSine = max(0, 1 - usual * usual).squareRoot()
                    c[j] += length * (usual * sine - cosine * usualSine) / (other * usualSine + tiny)
                }
                memory[i][j] = (1 - beta) * usual + beta * cosine
            }
            for j in 0..<g.size { sum[j] += c[j] }
        }
        return sum
    }
}
