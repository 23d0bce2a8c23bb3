import Diagnostics
import Encoders
import Kernels

/// Forward and backward of ``TinyAttention``, in its notation.
final class TinyAttentionHooks: EncoderAdaptation {
    let lowestTrained: LayerSite?
    private let method: TinyAttention
    private let epsilon: Float
    private let site: Site
    private let tensors: [Int: TinyAttentionTensors]
    private let isTraining: Bool
    private var saved: [Int: Saved] = [:]

    /// The activations of one layer saved for backward.
    private struct Saved {
        /// x̂ [T, d] and the reciprocal deviations [T] of the input norm; without one, x.
        let input: Matrix
        let reciprocalDeviation: UnsafeMutablePointer<Float>?
        /// Q, K and V side by side [T, 3·M·D].
        let qkv: Matrix
        /// P of each sequence and head, in that order.
        let probabilities: [Matrix]
        /// A [T, M·D].
        let a: Matrix
    }

    init(_ method: TinyAttention, _ parameters: BoundParameters, epsilon: Float) {
        self.method = method
        self.epsilon = epsilon
        site = method.placement == .sequential ? .attentionOutput : .attention
        tensors = TinyAttentionTensors.byLayer(parameters, in: method.layers)
        isTraining = parameters.isTraining
        lowestTrained = parameters.lowest(tensors.keys, site)
    }

    func acts(at place: LayerSite) -> Bool { place.site == site && tensors[place.layer] != nil }

    func mixesTokens(in layer: Int) -> Bool { tensors[layer] != nil }

    func forward(
        _ z: Matrix, source x: Matrix, at place: LayerSite, _ batch: PackedBatch, _ workspace: Workspace
    ) {
        guard let own = tensors[place.layer] else { return }
        let mark = workspace.mark
        let normalized = normalized(x, own, workspace)
        let inner = own.output.matrix.columns
        let qkv = workspace.matrix(x.rows, 3 * inner)
        Kernels.linear(normalized.n, own.projections, own.projectionBias, into: qkv)
        let a = workspace.matrix(x.rows, inner)
        var probabilities: [Matrix] = []
        for sequence in 0..<batch.count {
            let tokens = batch.range(sequence)
            for head in 0..<method.heads {
                let parts = parts(of: qkv, tokens, head)
                let stride = paddedColumns(tokens.count)
                let p = Matrix(
                    workspace.floats(tokens.count * stride), tokens.count, tokens.count, stride: stride)
                multiplyTransposed(parts.q, parts.k, into: p, scale: scale)
                softmax(p)
                multiply(p, parts.v, into: columns(of: a, tokens, head))
                if isTraining { probabilities.append(p) }
            }
        }
        multiplyTransposed(
            a, own.output.matrix, into: z, scale: 1 / Float(method.heads), accumulate: true)
        if let bias = own.outputBias {
            for t in 0..<z.rows {
                let row = z.row(t)
                for c in 0..<z.columns { row[c] += bias.value[c] }
            }
        }
        if isTraining {
            saved[place.layer] = Saved(
                input: normalized.saved, reciprocalDeviation: normalized.reciprocalDeviation, qkv: qkv,
                probabilities: probabilities, a: a)
        } else {
            workspace.release(to: mark)
        }
    }

    func backward(
        _ dz: Matrix, sourceGradient: Matrix?, at place: LayerSite, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        guard let own = tensors[place.layer] else { return }
        guard let saved = saved[place.layer] else { preconditionFailure("no saved forward") }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let share = 1 / Float(method.heads)
        if let gradient = own.output.gradientMatrix {
            linearWeightGradient(dz, saved.a, weight: gradient, scale: share)
        }
        if let gradient = own.outputBias?.gradient { addColumnSums(of: dz, to: gradient) }
        let da = workspace.matrix(saved.a.rows, saved.a.columns)
        multiply(dz, own.output.matrix, into: da, scale: share)
        let dqkv = workspace.matrix(saved.qkv.rows, saved.qkv.columns)
        attentionBackward(da, saved, batch, into: dqkv, workspace)

        // Recomputing n costs less than saving it beside x̂.
        var n = saved.input
        if let norm = own.norm {
            n = workspace.copy(of: saved.input)
            scaleAndShift(n, by: norm.scale.value, norm.shift.value)
        }
        if let gradient = own.projectionGradient {
            linearWeightGradient(dqkv, n, weight: gradient, bias: own.projectionBiasGradient)
        }
        let dn = workspace.matrix(n.rows, n.columns)
        linearBackward(dqkv, own.projections, into: dn)
        if let norm = own.norm, let deviation = saved.reciprocalDeviation {
            if let scale = norm.scale.gradient, let shift = norm.shift.gradient {
                layerNormParameterGradient(dn, normalized: saved.input, scale: scale, shift: shift)
            }
            layerNormBackward(
                dn, scale: norm.scale.value, normalized: saved.input, reciprocalDeviation: deviation)
        }
        switch method.placement {
        case .sequential: add(dn, to: dz)
        case .parallel: if let sourceGradient { add(dn, to: sourceGradient) }
        }
    }

    /// The attention's input, and its saved form.
    private struct Normalized {
        let n: Matrix
        /// x̂, or n itself if there is no norm.
        let saved: Matrix
        let reciprocalDeviation: UnsafeMutablePointer<Float>?
    }

    private func normalized(
        _ x: Matrix, _ own: TinyAttentionTensors, _ workspace: Workspace
    ) -> Normalized {
        guard let norm = own.norm else {
            // A sequential x changes in place, a parallel one does not.
            let n = method.placement == .sequential && isTraining ? workspace.copy(of: x) : x
            return Normalized(n: n, saved: n, reciprocalDeviation: nil)
        }
        let n = workspace.matrix(x.rows, x.columns)
        let normalized = isTraining ? workspace.matrix(x.rows, x.columns) : nil
        let deviation = isTraining ? workspace.floats(x.rows) : nil
        layerNorm(
            x, scale: norm.scale.value, shift: norm.shift.value, epsilon: epsilon, into: n,
            normalized: normalized, reciprocalDeviation: deviation)
        return Normalized(n: n, saved: normalized ?? n, reciprocalDeviation: deviation)
    }

    private func attentionBackward(
        _ da: Matrix, _ saved: Saved, _ batch: PackedBatch, into dqkv: Matrix, _ workspace: Workspace
    ) {
        for sequence in 0..<batch.count {
            let tokens = batch.range(sequence)
            for head in 0..<method.heads {
                let mark = workspace.mark
                let p = saved.probabilities[sequence * method.heads + head]
                let (value, gradient) = (parts(of: saved.qkv, tokens, head), parts(of: dqkv, tokens, head))
                let upstream = columns(of: da, tokens, head)
                let dp = workspace.matrix(p.rows, p.columns)
                multiplyTransposed(upstream, value.v, into: dp)
                transposedMultiply(p, upstream, into: gradient.v)
                softmaxBackward(dp, p: p, scale: scale)
                multiply(dp, value.k, into: gradient.q)
                transposedMultiply(dp, value.q, into: gradient.k)
                workspace.release(to: mark)
            }
        }
    }

    private var scale: Float { 1 / Float(method.width).squareRoot() }

    /// D columns of a head in the rows of a sequence.
    private func columns(of matrix: Matrix, _ tokens: Range<Int>, _ head: Int) -> Matrix {
        matrix.rows(tokens).columns(head * method.width..<(head + 1) * method.width)
    }

    /// Q, K and V of a head in the rows of a sequence, or their gradients.
    private struct HeadParts {
        let q, k, v: Matrix
    }

    private func parts(of qkv: Matrix, _ tokens: Range<Int>, _ head: Int) -> HeadParts {
        let heads = method.heads
        return HeadParts(
            q: columns(of: qkv, tokens, head), k: columns(of: qkv, tokens, heads + head),
            v: columns(of: qkv, tokens, 2 * heads + head))
    }
}
