package import Kernels
package import Tasks

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// The loss of a micro-batch is the sum over its examples, so the losses of all ranks add up to the step's.
//
//   classes      l = log Σ_c e^{z_c} − z_y       dz = softmax(z) − 1_y
//   regression   l = (z − y)²                    dz = 2 (z − y)

/// The sum of the losses of logits z [B, C], which are replaced by dz.
package func lossAndGradient(_ z: Matrix, _ targets: [Target]) -> Double {
    var total = 0.0
    for (row, target) in targets.enumerated() {
        let logits = z.row(row)
        switch target {
        case .label(let label):
            let normalizer = logSumExp(logits, z.columns)
            total += normalizer - Double(logits[label])
            for c in 0..<z.columns {
                logits[c] = Float(exp(Double(logits[c]) - normalizer) - (c == label ? 1 : 0))
            }
        case .value(let value):
            let difference = Double(logits[0]) - value
            total += difference * difference
            logits[0] = Float(2 * difference)
        }
    }
    return total
}
