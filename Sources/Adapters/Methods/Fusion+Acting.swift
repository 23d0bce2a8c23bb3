import Encoders
import Kernels

/// A place of each layer where the outputs of frozen bottlenecks are mixed.
struct FusedBranch {
    /// Where, and what the bottlenecks' tensors are called.
    let bottleneck: BottleneckBranch
    /// The fusion's name after `layer.N.`: `fusion`, or with the part of the layer where a method has two branches.
    let name: String

    init(of branch: BottleneckBranch, in method: String) {
        bottleneck = branch
        name = "fusion" + branch.name.dropFirst(method.count)
    }
}

extension Fusion {
    /// Mixes the frozen bottlenecks of all layers at their places.
    final class Acting: EncoderAdaptation {
        let lowestTrained: Place?
        private let mixtures: [Place: Mixture]

        init(
            _ method: Fusion, _ adapters: [FrozenAdapter], _ branches: [FusedBranch],
            _ parameters: BoundParameters, on weights: EncoderWeights
        ) {
            var mixtures: [Place: Mixture] = [:]
            for layer in weights.layers.indices {
                for branch in branches {
                    let place = Place(layer, SubLayerValue.input.site(for: branch.bottleneck.site))
                    mixtures[place] = Mixture(
                        method, adapters, branch, parameters, layer: layer,
                        NormalizedOutput(at: place, of: weights))
                }
            }
            self.mixtures = mixtures
            lowestTrained = parameters.isTraining ? mixtures.keys.min() : nil
        }

        func acts(at place: Place) -> Bool { mixtures[place] != nil }

        func forward(
            _ y: Matrix, source: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace
        ) {
            mixtures[place]?.forward(y, input: source, workspace)
        }

        func backward(
            _ dy: Matrix, sourceGradient: Matrix?, at place: Place, _ batch: PackedBatch,
            _ workspace: Workspace
        ) {
            mixtures[place]?.backward(dy, inputGradient: sourceGradient, workspace)
        }
    }
}

/// The fusion of one place: the equations of ``Fusion``, in its notation.
private final class Mixture {
    private let query, queryBias, key, keyBias: BoundTensor
    private let value: BoundTensor?
    private let bottlenecks: [Bottleneck]
    // What owns the bottlenecks' values.
    private let adapters: [FrozenAdapter]
    private let method: Fusion
    /// LN(y + x), where the query or a bottleneck reads it.
    private let normalized: NormalizedOutput
    private let readsNormalized: Bool
    private var kept: Kept?

    /// What the forward keeps.
    private struct Kept {
        /// h, which the query reads.
        let h: Matrix
        /// z_i of each adapter.
        let outputs: [Matrix]
        /// q, r, and what W_V reads [T, d]; p [T, n].
        let q, r, mixed, p: Matrix
    }

    init?(
        _ method: Fusion, _ adapters: [FrozenAdapter], _ branch: FusedBranch, _ parameters: BoundParameters,
        layer: Int, _ normalized: NormalizedOutput
    ) {
        func tensor(_ part: String) -> BoundTensor? { parameters["layer.\(layer).\(branch.name).\(part)"] }
        guard let query = tensor("query.weight"), let queryBias = tensor("query.bias"),
            let key = tensor("key.weight"), let keyBias = tensor("key.bias")
        else { return nil }
        (self.query, self.queryBias, self.key, self.keyBias) = (query, queryBias, key, keyBias)
        value = tensor("value.weight")
        bottlenecks = adapters.compactMap { adapter in
            Bottleneck(
                adapter.parameters, named: "layer.\(layer).\(branch.bottleneck.name)",
                adapter.method.bottleneck)
        }
        precondition(bottlenecks.count == adapters.count, "an adapter has no bottleneck in layer \(layer)")
        self.adapters = adapters
        self.method = method
        self.normalized = normalized
        readsNormalized =
            method.queryInput == .normalized
            || adapters.contains { $0.method.bottleneck.reads == .normalized }
    }

    private var isTraining: Bool { query.gradient != nil }
    /// 1 / τ.
    private var scale: Float { 1 / Float(method.temperature) }

    func forward(_ y: Matrix, input x: Matrix, _ workspace: Workspace) {
        let mark = workspace.mark
        let (tokens, d) = (y.rows, y.columns)
        let h = readsNormalized ? normalized.forward(y, x, keep: isTraining, workspace) : nil
        let outputs = bottlenecks.indices.map { i in
            let z = workspace.matrix(tokens, d)
            z.fill(0)
            // y stays as it is until all have read it.
            let input = adapters[i].method.bottleneck.reads
            bottlenecks[i].forward(
                input.of(output: y, normalized: h, input: x), addedTo: z, keep: isTraining,
                inputChanges: input == .output, workspace)
            return z
        }
        var read = method.queryInput.of(output: y, normalized: h, input: x)
        if isTraining, method.queryInput == .output {
            read = workspace.matrix(tokens, d)
            read.copy(from: y)
        }
        let q = workspace.matrix(tokens, d)
        linear(read, query.matrix, queryBias.value, into: q)
        let r = workspace.matrix(tokens, d)
        multiply(q, key.matrix, into: r)
        let p = workspace.matrix(tokens, outputs.count)
        for (i, z) in outputs.enumerated() { rowProducts(of: z, r, into: p.columns(i..<i + 1)) }
        for i in 0..<p.count { p.base[i] *= scale }
        softmax(p)

        let mixed = workspace.matrix(tokens, d)
        mixed.fill(0)
        for (i, z) in outputs.enumerated() { addScaledRows(of: z, by: p.columns(i..<i + 1), to: mixed) }
        if let value {
            if method.residualBefore { add(y, to: mixed) }
            multiplyTransposed(mixed, value.matrix, into: y, accumulate: !method.residualBefore)
        } else {
            add(mixed, to: y)
        }
        if isTraining {
            kept = Kept(h: read, outputs: outputs, q: q, r: r, mixed: mixed, p: p)
        } else {
            workspace.release(to: mark)
        }
    }

    func backward(_ dy: Matrix, inputGradient dx: Matrix?, _ workspace: Workspace) {
        guard let kept else { return }
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let (tokens, d, n) = (dy.rows, dy.columns, bottlenecks.count)
        // dh of LN(y + x), from the query and from the bottlenecks that read it.
        let dh = readsNormalized ? workspace.matrix(tokens, d) : nil
        dh?.fill(0)
        let dm = workspace.matrix(tokens, d)
        if let value {
            if let gradient = value.gradientMatrix {
                linearWeightGradient(dy, kept.mixed, weight: gradient)
            }
            multiply(dy, value.matrix, into: dm)
            if method.residualBefore { dy.copy(from: dm) }
        } else {
            dm.copy(from: dy)
        }

        let ds = workspace.matrix(tokens, n)
        for (i, z) in kept.outputs.enumerated() { rowProducts(of: z, dm, into: ds.columns(i..<i + 1)) }
        softmaxBackward(ds, p: kept.p, scale: scale)
        let dr = workspace.matrix(tokens, d)
        dr.fill(0)
        let dz = workspace.matrix(tokens, d)
        for (i, z) in kept.outputs.enumerated() {
            addScaledRows(of: z, by: ds.columns(i..<i + 1), to: dr)
            dz.fill(0)
            addScaledRows(of: dm, by: kept.p.columns(i..<i + 1), to: dz)
            addScaledRows(of: kept.r, by: ds.columns(i..<i + 1), to: dz)
            let gradient: Matrix? =
                switch adapters[i].method.bottleneck.reads {
                case .output: dy
                case .normalized: dh
                case .input: dx
                }
            bottlenecks[i].backward(dz, inputGradient: gradient, workspace)
        }

        if let gradient = key.gradientMatrix {
            transposedMultiply(kept.q, dr, into: gradient, accumulate: true)
        }
        if let gradient = keyBias.gradient {
            let sigma = workspace.floats(tokens)
            for t in 0..<tokens { sigma[t] = sum(ds.row(t), n) }
            addWeightedColumnSums(of: kept.q, by: sigma, to: gradient)
        }
        let dq = workspace.matrix(tokens, d)
        multiplyTransposed(dr, key.matrix, into: dq)
        if let gradient = query.gradientMatrix {
            linearWeightGradient(dq, kept.h, weight: gradient, bias: queryBias.gradient)
        }
        switch method.queryInput {
        case .output: linearBackward(dq, query.matrix, into: dy, accumulate: true)
        case .normalized: if let dh { linearBackward(dq, query.matrix, into: dh, accumulate: true) }
        case .input: if let dx { linearBackward(dq, query.matrix, into: dx, accumulate: true) }
        }
        if let dh {
            normalized.backward(dh)
            add(dh, to: dy)
            if let dx { add(dh, to: dx) }
        }
    }

}
