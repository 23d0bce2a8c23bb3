import Kernels

// One post-norm layer, x [T, d] → h2 [T, d], forward and backward; the names in brackets are sites.
//
//   q, k, v = x W_Q + b_Q, …                     [queryInput] [query] [keyInput] [key] [valueInput] [value]
//   a = attention(q, k, v)                       [prefix], then [heads] acts on a
//   o = a W_O + b_O                              [projection] and [attention] act on o
//   h1 = LN1(dropout(o) + x)                     [attentionNorm] gives γ, β; [attentionOutput] acts on h1
//   z = h1 W_1 + b_1    u = GELU(z)              [intermediateInput] [intermediate]; [activation] acts on u
//   y = u W_2 + b_2                              [output] and [feedForward] act on y
//   h2 = LN2(dropout(y) + h1)                    [feedForwardResidual] acts after dropout; [outputNorm] gives γ, β
//
// Backward goes from dh2 down to the lowest trained place and stops there. In the last layer the sequences of queries may
// be the first tokens alone: everything but k and v then has B rows.

/// What the forward of one layer keeps for its backward.
struct LayerActivations {
    /// The tokens of all but keys and values: the batch's, or the first of each sequence.
    let queries: PackedBatch
    /// What the products of query, key and value read [T, d].
    let queryInput, keyInput, valueInput: Matrix
    let q, k, v: Matrix
    let probabilities: AttentionProbabilities
    /// a [T, d], as W_O reads it.
    let heads: Matrix
    let projectionMask: Matrix?
    let attentionNorm: NormActivations
    /// What W_1 reads [T, d].
    let intermediateInput: Matrix
    /// GELU'(z) [T, f].
    let geluDerivative: Matrix
    /// u [T, f], as W_2 reads it.
    let activation: Matrix
    let outputMask: Matrix?
    let outputNorm: NormActivations
}

extension Encoder {
    /// The layer's output h2, and what backward reads where there will be one; h2 takes x's place where nothing reads x.
    func layerForward(
        _ layer: Int, _ x: Matrix, _ batch: PackedBatch, queries: PackedBatch,
        _ adaptation: (any EncoderAdaptation)?, _ reads: BackwardReads?, _ passing: PassingMemory,
        _ workspace: Workspace
    ) -> (hidden: Matrix, kept: LayerActivations?) {
        let (tokens, d, f) = (
            queries.tokens, weights.configuration.hidden, weights.configuration.intermediate
        )
        let own = weights.layers[layer]
        let keep = reads != nil
        // The residual's rows: x, or the first tokens' of it.
        let residual = tokens == x.rows ? x : workspace.matrix(tokens, d)
        if tokens < x.rows { batch.gatherFirst(x, into: residual) }
        let h2 = reads?.input == true ? workspace.matrix(tokens, d) : residual
        let mark = workspace.mark
        func memory(_ slot: PassingMemory.Slot, rows: Int? = nil, _ columns: Int, isRead: Bool?) -> Matrix {
            let rows = rows ?? tokens
            guard let isRead else { return workspace.matrix(rows, columns) }
            return passing.matrix(slot, rows, columns, isRead: isRead)
        }
        func map(
            _ input: Matrix, _ frozen: LinearWeights, at site: Site, into y: Matrix,
            _ sequences: PackedBatch? = nil
        ) -> Matrix {
            adaptedLinear(
                input, frozen, at: Place(layer, site), adaptation, into: y, sequences ?? queries, workspace)
        }
        func act(on value: Matrix, source: Matrix? = nil, at site: Site) {
            let place = Place(layer, site)
            if let adaptation, adaptation.acts(at: place) {
                timed(.adapter) {
                    adaptation.forward(value, source: source ?? value, at: place, queries, workspace)
                }
            }
        }

        let q = memory(.q, d, isRead: reads?.queries)
        let k = memory(.k, rows: x.rows, d, isRead: reads?.queries)
        let v = memory(.v, rows: x.rows, d, isRead: reads?.queries)
        let queryInput = map(residual, own.query, at: .query, into: q)
        let keyInput = map(x, own.key, at: .key, into: k, batch)
        let valueInput = map(x, own.value, at: .value, into: v, batch)
        let a = memory(.heads, d, isRead: reads?.heads)
        let probabilities = timed(.attention) {
            attention(
                q: q, k: k, v: v, layer: layer, prefix: adaptation?.prefix(in: layer), batch,
                queries: queries, into: a, workspace)
        }
        act(on: a, at: .heads)

        let o = workspace.matrix(tokens, d)
        _ = map(a, own.projection, at: .projection, into: o)
        act(on: o, source: residual, at: .attention)
        let projectionMask = dropout.applyHidden(to: o, layer: layer, place: 0, queries, workspace)
        let h1 = memory(.attentionOutput, d, isRead: reads?.attentionOutput)
        let attentionNorm = normForward(
            o, plus: residual, own.attentionNorm, at: Place(layer, .attentionNorm), adaptation, into: h1,
            keep: keep,
            workspace)
        act(on: h1, at: .attentionOutput)

        let z = workspace.matrix(tokens, f)
        let intermediateInput = map(h1, own.intermediate, at: .intermediate, into: z)
        let u = memory(.activation, f, isRead: reads?.activation)
        gelu(z, into: u, keepDerivative: keep)
        act(on: u, at: .activation)
        let y = workspace.matrix(tokens, d)
        _ = map(u, own.output, at: .output, into: y)
        act(on: y, source: h1, at: .feedForward)
        let outputMask = dropout.applyHidden(to: y, layer: layer, place: 1, queries, workspace)
        act(on: y, source: u, at: .feedForwardResidual)
        let outputNorm = normForward(
            y, plus: h1, own.outputNorm, at: Place(layer, .outputNorm), adaptation, into: h2, keep: keep,
            workspace)

        guard keep, let attentionNorm, let outputNorm else {
            workspace.release(to: mark)
            return (h2, nil)
        }
        return (
            h2,
            LayerActivations(
                queries: queries, queryInput: queryInput, keyInput: keyInput, valueInput: valueInput, q: q,
                k: k, v: v,
                probabilities: probabilities, heads: a, projectionMask: projectionMask,
                attentionNorm: attentionNorm, intermediateInput: intermediateInput, geluDerivative: z,
                activation: u, outputMask: outputMask, outputNorm: outputNorm)
        )
    }

    /// dx from d = dh2, which it overwrites; nil where it stopped because nothing below needs a gradient.
    func layerBackward(
        _ layer: Int, _ d: Matrix, _ kept: LayerActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation, lowest: Place, _ workspace: Workspace
    ) -> Matrix? {
        let dx = d.rows == batch.tokens ? d : workspace.matrix(batch.tokens, d.columns)
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let pass = LayerPass(
            encoder: self, layer: layer, own: weights.layers[layer], kept: kept, batch: batch,
            adaptation: adaptation, lowest: lowest, workspace: workspace)
        return pass.feedForward(d) && pass.attention(d, into: dx) ? dx : nil
    }
}

/// The backward pass of one layer, half by half.
private struct LayerPass {
    let encoder: Encoder
    let layer: Int
    let own: LayerWeights
    let kept: LayerActivations
    let batch: PackedBatch
    let adaptation: any EncoderAdaptation
    let lowest: Place
    let workspace: Workspace

    /// Replaces d = dh2 by d(dropout(o) + x); says whether something below LN1 needs it.
    func feedForward(_ d: Matrix) -> Bool {
        encoder.normParameterGradient(d, kept.outputNorm, at: Place(layer, .outputNorm), adaptation)
        guard needs(below: .outputNorm) else { return false }
        encoder.normBackward(d, kept.outputNorm, own.outputNorm, at: Place(layer, .outputNorm), adaptation)

        // The residual keeps d itself, so masks and adapters act on a copy.
        let dy = branch(
            d, mask: kept.outputMask,
            acted: adaptation.acts(in: layer, at: .feedForwardResidual, .feedForward, .output))
        let du = workspace.matrix(d.rows, kept.activation.columns)
        let startsAtResidual = acts(at: .feedForwardResidual)
        if startsAtResidual {
            du.fill(0)
            act(on: dy, sourceGradient: du, at: .feedForwardResidual)
        }
        guard needs(below: .feedForwardResidual) else { return false }
        if let mask = kept.outputMask { multiplyElements(of: dy, by: mask) }
        act(on: dy, sourceGradient: needs(below: .feedForward) ? d : nil, at: .feedForward)
        guard needs(below: .feedForward) else { return false }
        linear(
            dy, kept.activation, own.output, at: .output, into: needs(below: .output) ? du : nil,
            accumulate: startsAtResidual)
        guard needs(below: .output) else { return false }
        act(on: du, at: .activation)
        guard needs(below: .activation) else { return false }
        geluBackward(du, derivative: kept.geluDerivative)
        linear(
            du, kept.intermediateInput, own.intermediate, at: .intermediate,
            into: needs(below: .intermediateInput) ? d : nil, accumulate: true)
        guard needs(below: .intermediateInput) else { return false }
        act(on: d, at: .attentionOutput)
        guard needs(below: .attentionOutput) else { return false }
        encoder.normParameterGradient(d, kept.attentionNorm, at: Place(layer, .attentionNorm), adaptation)
        guard needs(below: .attentionNorm) else { return false }
        encoder.normBackward(
            d, kept.attentionNorm, own.attentionNorm, at: Place(layer, .attentionNorm), adaptation)
        return true
    }

    /// Puts dx of d = d(dropout(o) + x), which it overwrites, into dx, which may be d; says whether something below the layer
    /// needs it.
    func attention(_ d: Matrix, into dx: Matrix) -> Bool {
        let (tokens, hidden) = (d.rows, d.columns)
        // Everything below reads x, but only what lies below the layer needs dx.
        let reaches = lowest.layer < layer
        let dO = branch(
            d, mask: kept.projectionMask, acted: adaptation.acts(in: layer, at: .attention, .projection))
        if let mask = kept.projectionMask { multiplyElements(of: dO, by: mask) }
        act(on: dO, sourceGradient: reaches ? d : nil, at: .attention)
        guard needs(below: .attention) else { return false }
        let da = workspace.matrix(tokens, hidden)
        linear(
            dO, kept.heads, own.projection, at: .projection, into: needs(below: .projection) ? da : nil,
            accumulate: false)
        guard needs(below: .projection) else { return false }
        act(on: da, at: .heads)
        guard needs(below: .heads) else { return false }

        let dq = workspace.matrix(tokens, hidden)
        let dk = workspace.matrix(dx.rows, hidden)
        let dv = workspace.matrix(dx.rows, hidden)
        timed(.attentionBackward) {
            encoder.attentionBackward(
                da: da, q: kept.q, k: kept.k, v: kept.v, kept.probabilities,
                prefix: adaptation.prefix(in: layer), batch, queries: kept.queries, dq: dq, dk: dk, dv: dv,
                workspace)
        }
        guard needs(below: .prefix) else { return false }
        let all = reaches ? dx : nil
        linear(dq, kept.queryInput, own.query, at: .query, into: reaches ? d : nil, accumulate: true)
        if reaches, tokens < dx.rows {
            dx.fill(0)
            batch.addToFirst(d, of: dx)
        }
        linear(dk, kept.keyInput, own.key, at: .key, into: all, accumulate: true, batch)
        linear(dv, kept.valueInput, own.value, at: .value, into: all, accumulate: true, batch)
        return reaches
    }

    private func needs(below site: Site) -> Bool { lowest < Place(layer, site) }

    private func acts(at site: Site) -> Bool { adaptation.acts(at: Place(layer, site)) }

    private func act(on gradient: Matrix, sourceGradient: Matrix? = nil, at site: Site) {
        if acts(at: site) {
            timed(.adapterBackward) {
                adaptation.backward(
                    gradient, sourceGradient: sourceGradient, at: Place(layer, site), kept.queries,
                    workspace)
            }
        }
    }

    private func linear(
        _ dy: Matrix, _ input: Matrix, _ frozen: LinearWeights, at site: Site, into dx: Matrix?,
        accumulate: Bool, _ sequences: PackedBatch? = nil
    ) {
        encoder.adaptedLinearBackward(
            dy, input: input, frozen, at: Place(layer, site), adaptation, into: dx, accumulate: accumulate,
            sequences ?? kept.queries, workspace)
    }

    /// d itself, or a copy where the branch's gradient will differ from the residual's.
    private func branch(_ d: Matrix, mask: Matrix?, acted: Bool) -> Matrix {
        mask != nil || acted ? encoder.copy(of: d, workspace) : d
    }
}
