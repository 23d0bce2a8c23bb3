import Diagnostics
import Encoders
import Kernels

/// One fusion of one layer: forward and backward of ``Fusion``, in its notation.
final class Mixture {
    private let tensors: FusionTensors
    private let bottlenecks: [Bottleneck]
    // Keeps the bottlenecks' values alive.
    private let adapters: [FrozenAdapter]
    private let method: Fusion
    /// LN(y + x), computed if the query or a bottleneck reads it.
    private let normalized: NormalizedOutput
    private let readsNormalized: Bool
    private var saved: Saved?

    /// Activations saved for backward.
    private struct Saved {
        /// h, the input of the query.
        let h: Matrix
        /// z_i of each adapter.
        let outputs: [Matrix]
        /// q, r and the input of W_V [T, d]; p [T, n].
        let q, r, mixed, p: Matrix
    }

    init(
        _ method: Fusion, _ tensors: FusionTensors, _ adapters: [FrozenAdapter], _ branch: BottleneckBranch,
        layer: Int, _ normalized: NormalizedOutput
    ) {
        self.tensors = tensors
        bottlenecks = adapters.compactMap { adapter in
            let method = type(of: adapter.method).name
            return Bottleneck(adapter.parameters, adapter.method.bottleneck) {
                branch.tensor(method, layer: layer, $0)
            }
        }
        precondition(bottlenecks.count == adapters.count, "an adapter has no bottleneck in layer \(layer)")
        self.adapters = adapters
        self.method = method
        self.normalized = normalized
        readsNormalized =
            method.queryInput == .normalized
            || adapters.contains { $0.method.bottleneck.reads == .normalized }
    }

    private var isTraining: Bool { tensors.query.gradient != nil }
    /// 1 / τ.
    private var scale: Float { 1 / Float(method.temperature) }

    func forward(_ y: Matrix, input x: Matrix, _ workspace: Workspace) {
        let mark = workspace.mark
        let (tokens, d) = (y.rows, y.columns)
        let h = readsNormalized ? normalized.forward(y, x, save: isTraining, workspace) : nil
        let outputs = bottlenecks.indices.map { i in
            let z = workspace.matrix(tokens, d)
            z.fill(0)
            // y does not change before every bottleneck has read it.
            let input = adapters[i].method.bottleneck.reads
            bottlenecks[i].forward(
                input.of(output: y, normalized: h, input: x), addedTo: z, save: isTraining,
                inputChanges: input == .output, workspace)
            return z
        }
        var read = method.queryInput.of(output: y, normalized: h, input: x)
        if isTraining, method.queryInput == .output { read = workspace.copy(of: y) }
        let q = workspace.matrix(tokens, d)
        linear(read, tensors.query.matrix, tensors.queryBias.value, into: q)
        let r = workspace.matrix(tokens, d)
        multiply(q, tensors.key.matrix, into: r)
        let p = workspace.matrix(tokens, outputs.count)
        for (i, z) in outputs.enumerated() { rowProducts(of: z, r, into: p.columns(i..<i + 1)) }
        for i in 0..<p.count { p.base[i] *= scale }
        softmax(p)

        let mixed = workspace.matrix(tokens, d)
        mixed.fill(0)
        for (i, z) in outputs.enumerated() { addScaledRows(of: z, by: p.columns(i..<i + 1), to: mixed) }
        if let value = tensors.value {
            if method.residualBefore { add(y, to: mixed) }
            multiplyTransposed(mixed, value.matrix, into: y, accumulate: !method.residualBefore)
        } else {
            add(mixed, to: y)
        }
        if isTraining {
            saved = Saved(h: read, outputs: outputs, q: q, r: r, mixed: mixed, p: p)
        } else {
            workspace.release(to: mark)
        }
    }

    func backward(_ dy: Matrix, inputGradient dx: Matrix?, _ workspace: Workspace) {
        guard let saved else { preconditionFailure("no saved forward") }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let (tokens, d, n) = (dy.rows, dy.columns, bottlenecks.count)
        // dh of LN(y + x): from the query and from bottlenecks that read it.
        let dh = readsNormalized ? workspace.matrix(tokens, d) : nil
        dh?.fill(0)
        let dm = workspace.matrix(tokens, d)
        if let value = tensors.value {
            if let gradient = value.gradientMatrix {
                linearWeightGradient(dy, saved.mixed, weight: gradient)
            }
            multiply(dy, value.matrix, into: dm)
            if method.residualBefore { dy.copy(from: dm) }
        } else {
            dm.copy(from: dy)
        }

        let ds = workspace.matrix(tokens, n)
        for (i, z) in saved.outputs.enumerated() { rowProducts(of: z, dm, into: ds.columns(i..<i + 1)) }
        softmaxBackward(ds, p: saved.p, scale: scale)
        let dr = workspace.matrix(tokens, d)
        dr.fill(0)
        let dz = workspace.matrix(tokens, d)
        for (i, z) in saved.outputs.enumerated() {
            addScaledRows(of: z, by: ds.columns(i..<i + 1), to: dr)
            dz.fill(0)
            addScaledRows(of: dm, by: saved.p.columns(i..<i + 1), to: dz)
            addScaledRows(of: saved.r, by: ds.columns(i..<i + 1), to: dz)
            let gradient: Matrix? =
                switch adapters[i].method.bottleneck.reads {
                case .output: dy
                case .normalized: dh
                case .input: dx
                }
            bottlenecks[i].backward(dz, inputGradient: gradient, workspace)
        }

        if let gradient = tensors.key.gradientMatrix {
            transposedMultiply(saved.q, dr, into: gradient, accumulate: true)
        }
        if let gradient = tensors.keyBias.gradient {
            let sigma = workspace.floats(tokens)
            for t in 0..<tokens { sigma[t] = sum(ds.row(t), n) }
            addWeightedColumnSums(of: saved.q, by: sigma, to: gradient)
        }
        let dq = workspace.matrix(tokens, d)
        multiplyTransposed(dr, tensors.key.matrix, into: dq)
        if let gradient = tensors.query.gradientMatrix {
            linearWeightGradient(dq, saved.h, weight: gradient, bias: tensors.queryBias.gradient)
        }
        switch method.queryInput {
        case .output: linearBackward(dq, tensors.query.matrix, into: dy, accumulate: true)
        case .normalized: if let dh { linearBackward(dq, tensors.query.matrix, into: dh, accumulate: true) }
        case .input: if let dx { linearBackward(dq, tensors.query.matrix, into: dx, accumulate: true) }
        }
        if let dh {
            normalized.backward(dh)
            add(dh, to: dy)
            if let dx { add(dh, to: dx) }
        }
    }
}
