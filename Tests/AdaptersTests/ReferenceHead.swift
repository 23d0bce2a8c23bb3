import Encoders
import Foundation
import Kernels
import TestSupport

/// How the hidden states of a sequence become one vector.
enum Pooling: String, CaseIterable, Sendable { case cls, mean, pooler }

/// Pooling, head and loss in double precision, forward and backward, as above the encoder in the goldens.
struct ReferenceHead {
    private let pooling: Pooling
    private let tiny: TinyModel
    private let weight: [[Double]]
    private let bias: [Double]
    private let labels: [Double]
    private let isRegression: Bool

    init(_ golden: Golden, task: String, pooling: Pooling, _ tiny: TinyModel) throws {
        (self.pooling, self.tiny) = (pooling, tiny)
        let d = tiny.weights.configuration.hidden
        let flat = try golden.floats("parameters.\(task).head.weight").map { Double($0) }
        weight = stride(from: 0, to: flat.count, by: d).map { Array(flat[$0..<($0 + d)]) }
        bias = try golden.floats("parameters.\(task).head.bias").map { Double($0) }
        isRegression = task == "regression"
        labels =
            try isRegression
            ? golden.floats("labels.\(task)").map { Double($0) }
            : golden.integers("labels.\(task)").map { Double($0) }
    }

    /// Logits [B, C], losses [B], and the gradient [T, d] of the losses' sum at the hidden states.
    func run(_ hidden: [Float]) -> (logits: [Double], losses: [Double], hiddenGradient: [Float]) {
        let d = tiny.weights.configuration.hidden
        var (logits, losses): ([Double], [Double]) = ([], [])
        var gradient = [Float](repeating: 0, count: hidden.count)
        for sequence in 0..<tiny.batch.count {
            let tokens = tiny.batch.range(sequence)
            let pooled = pool(
                tokens.map { token in hidden[(token * d)..<(token * d + d)].map { Double($0) } })
            let scores = zip(weight, bias).map { row, bias in
                bias + zip(row, pooled).reduce(0) { $0 + $1.0 * $1.1 }
            }
            let (loss, slope) = loss(scores, labels[sequence])
            let dPooled = (0..<d).map { c in zip(slope, weight).reduce(0) { $0 + $1.0 * $1.1[c] } }
            for (row, values) in unpool(dPooled, pooled, tokens.count).enumerated() {
                for (c, value) in values.enumerated() {
                    gradient[(tokens.lowerBound + row) * d + c] = Float(value)
                }
            }
            logits += scores
            losses.append(loss)
        }
        return (logits, losses, gradient)
    }

    private func loss(_ scores: [Double], _ label: Double) -> (Double, [Double]) {
        if isRegression {
            let residual = scores[0] - label
            return (residual * residual, [2 * residual])
        }
        let total = log(scores.reduce(0) { $0 + exp($1) })
        let slope = scores.enumerated().map { exp($1 - total) - ($0 == Int(label) ? 1 : 0) }
        return (total - scores[Int(label)], slope)
    }

    private func pool(_ rows: [[Double]]) -> [Double] {
        let first = rows[0]
        switch pooling {
        case .cls: return first
        case .mean: return first.indices.map { c in rows.reduce(0) { $0 + $1[c] } / Double(rows.count) }
        case .pooler:
            return first.indices.map { c in
                tanh(first.indices.reduce(poolerBias(c)) { $0 + poolerWeight(c, $1) * first[$1] })
            }
        }
    }

    /// The gradient at each of `count` rows.
    private func unpool(_ gradient: [Double], _ pooled: [Double], _ count: Int) -> [[Double]] {
        let nothing = [Double](repeating: 0, count: gradient.count)
        switch pooling {
        case .cls: return [gradient] + [[Double]](repeating: nothing, count: count - 1)
        case .mean: return [[Double]](repeating: gradient.map { $0 / Double(count) }, count: count)
        case .pooler:
            let inner = zip(gradient, pooled).map { $0 * (1 - $1 * $1) }
            let first = inner.indices.map { c in
                inner.indices.reduce(0) { $0 + poolerWeight($1, c) * inner[$1] }
            }
            return [first] + [[Double]](repeating: nothing, count: count - 1)
        }
    }

    private func poolerWeight(_ output: Int, _ input: Int) -> Double {
        tiny.weights.pooler.map { Double($0.weight.values[output * $0.weight.columns + input]) } ?? .nan
    }

    private func poolerBias(_ output: Int) -> Double {
        tiny.weights.pooler.map { Double($0.bias[output]) } ?? .nan
    }
}
