package import Kernels

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

/// Activations of one layer that its backward reads; nil for parts below the cut point where the forward
/// started.
struct LayerActivations {
    /// The tokens of all but keys and values: the batch's, or the first of each sequence.
    let queries: PackedBatch
    let attention: AttentionActivations?
    let projection: ProjectionActivations?
    let feedForward: FeedForwardActivations
}

/// Of attention, up to a.
struct AttentionActivations {
    /// What the products of query, key and value read [T, d].
    let queryInput, keyInput, valueInput: Matrix
    let q, k, v: Matrix
    let probabilities: AttentionProbabilities
}

/// From a to h1.
struct ProjectionActivations {
    /// a [T, d], as W_O reads it.
    let heads: Matrix
    let mask: Matrix?
    let norm: NormActivations
}

/// From h1 to h2.
struct FeedForwardActivations {
    /// What W_1 reads [T, d].
    let input: Matrix
    /// GELU'(z) [T, f].
    let geluDerivative: Matrix
    /// u [T, f], as W_2 reads it.
    let activation: Matrix
    let mask: Matrix?
    let norm: NormActivations
}

extension Encoder {
    /// The layer's output h2, and what backward reads where there will be one; h2 takes x's place where nothing reads x.
    ///
    /// From another cut point than its input on, x and `heads` are the ``CutState`` there.
    func layerForward(
        _ layer: Int, _ x: Matrix, from position: CutPoint.Position = .input, heads: Matrix? = nil,
        _ batch: PackedBatch, queries: PackedBatch, _ adaptation: (any EncoderAdaptation)?,
        _ reads: BackwardReads?, _ passing: PassingMemory, _ workspace: Workspace
    ) -> (hidden: Matrix, kept: LayerActivations?) {
        let (tokens, d) = (queries.tokens, weights.configuration.hidden)
        // The rows of queries: all, or the first tokens'.
        func rows(_ all: Matrix) -> Matrix {
            if tokens == all.rows { return all }
            let first = workspace.matrix(tokens, d)
            batch.gatherFirst(all, into: first)
            return first
        }
        let residual = rows(x)
        let keepsInput = reads?.input == true || position == .feedForwardInput
        let h2 = keepsInput ? workspace.matrix(tokens, d) : residual
        let mark = workspace.mark
        let pass = LayerForward(
            encoder: self, layer: layer, own: weights.layers[layer], batch: batch, queries: queries,
            adaptation: adaptation, reads: reads, passing: passing, workspace: workspace)
        var attention: AttentionActivations?
        var projection: ProjectionActivations?
        var h1 = residual
        if position != .feedForwardInput {
            let a: Matrix
            if let heads {
                a = rows(heads)
            } else {
                (a, attention) = pass.attend(x, residual)
            }
            (h1, projection) = pass.project(a, residual)
        }
        let feedForward = pass.feedForward(h1, into: h2)
        guard reads != nil, let feedForward else {
            workspace.release(to: mark)
            return (h2, nil)
        }
        return (
            h2,
            LayerActivations(
                queries: queries, attention: attention, projection: projection, feedForward: feedForward)
        )
    }

    /// Computes the frozen backbone's activations of a batch at a cut point of a layer.
    package func activations(
        at cut: CutPoint, _ batch: PackedBatch, into state: CutState, _ workspace: Workspace
    ) {
        let mark = workspace.mark
        let (x, passing) = (state.residual, PassingMemory(workspace))
        _ = timed(.embedding) { embed(batch, nil, into: x, keep: false, workspace) }
        for below in 0..<cut.layer {
            _ = layerForward(below, x, batch, queries: batch, nil, nil, passing, workspace)
        }
        if cut.position != .input {
            let pass = LayerForward(
                encoder: self, layer: cut.layer, own: weights.layers[cut.layer], batch: batch,
                queries: batch, adaptation: nil, reads: nil, passing: passing, workspace: workspace)
            let a = pass.attend(x, x).heads
            if cut.position == .feedForwardInput { x.copy(from: pass.project(a, x).h1) }
            state.heads?.copy(from: a)
        }
        workspace.release(to: mark)
    }

    /// dx from d = dh2, which it overwrites; nil where it stopped because nothing below needs a gradient.
    func layerBackward(
        _ layer: Int, _ d: Matrix, _ kept: LayerActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation, lowest: Place, _ workspace: Workspace
    ) -> Matrix? {
        let dx = d.rows == batch.tokens ? d : workspace.matrix(batch.tokens, d.columns)
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let pass = LayerBackward(
            encoder: self, layer: layer, own: weights.layers[layer], kept: kept, batch: batch,
            adaptation: adaptation, lowest: lowest, workspace: workspace)
        return pass.feedForward(d) && pass.attention(d, into: dx) ? dx : nil
    }
}

/// The forward pass of one layer, part by part.
private struct LayerForward {
    let encoder: Encoder
    let layer: Int
    let own: LayerWeights
    let batch: PackedBatch
    let queries: PackedBatch
    let adaptation: (any EncoderAdaptation)?
    let reads: BackwardReads?
    let passing: PassingMemory
    let workspace: Workspace

    /// a from x, and from the queries' rows of it.
    func attend(_ x: Matrix, _ residual: Matrix) -> (heads: Matrix, kept: AttentionActivations) {
        let q = memory(.q, residual.rows, residual.columns, isRead: reads?.queries)
        let k = memory(.k, x.rows, x.columns, isRead: reads?.queries)
        let v = memory(.v, x.rows, x.columns, isRead: reads?.queries)
        let queryInput = map(residual, own.query, at: .query, into: q, queries)
        let keyInput = map(x, own.key, at: .key, into: k, batch)
        let valueInput = map(x, own.value, at: .value, into: v, batch)
        let a = memory(.heads, residual.rows, residual.columns, isRead: reads?.heads)
        let probabilities = timed(.attention) {
            encoder.attention(
                q: q, k: k, v: v, layer: layer, prefix: adaptation?.prefix(in: layer), batch,
                queries: queries, into: a, workspace)
        }
        return (
            a,
            AttentionActivations(
                queryInput: queryInput, keyInput: keyInput, valueInput: valueInput, q: q, k: k, v: v,
                probabilities: probabilities)
        )
    }

    /// h1 from a, which it changes, and x.
    func project(_ a: Matrix, _ residual: Matrix) -> (h1: Matrix, kept: ProjectionActivations?) {
        act(on: a, at: .heads)
        let o = workspace.matrix(a.rows, a.columns)
        _ = map(a, own.projection, at: .projection, into: o, queries)
        act(on: o, source: residual, at: .attention)
        let mask = encoder.dropout.applyHidden(to: o, layer: layer, place: 0, queries, workspace)
        let h1 = memory(.attentionOutput, a.rows, a.columns, isRead: reads?.attentionOutput)
        let norm = encoder.normForward(
            o, plus: residual, own.attentionNorm, at: Place(layer, .attentionNorm), adaptation, into: h1,
            keep: reads != nil, workspace)
        return (h1, norm.map { ProjectionActivations(heads: a, mask: mask, norm: $0) })
    }

    /// h2 from h1.
    func feedForward(_ h1: Matrix, into h2: Matrix) -> FeedForwardActivations? {
        act(on: h1, at: .attentionOutput)
        let f = own.intermediate.weight.rows
        let z = workspace.matrix(h1.rows, f)
        let input = map(h1, own.intermediate, at: .intermediate, into: z, queries)
        let u = memory(.activation, h1.rows, f, isRead: reads?.activation)
        gelu(z, into: u, keepDerivative: reads != nil)
        act(on: u, at: .activation)
        let y = workspace.matrix(h1.rows, h1.columns)
        _ = map(u, own.output, at: .output, into: y, queries)
        act(on: y, source: h1, at: .feedForward)
        let mask = encoder.dropout.applyHidden(to: y, layer: layer, place: 1, queries, workspace)
        act(on: y, source: u, at: .feedForwardResidual)
        let norm = encoder.normForward(
            y, plus: h1, own.outputNorm, at: Place(layer, .outputNorm), adaptation, into: h2,
            keep: reads != nil, workspace)
        return norm.map {
            FeedForwardActivations(input: input, geluDerivative: z, activation: u, mask: mask, norm: $0)
        }
    }

    private func memory(_ slot: PassingMemory.Slot, _ rows: Int, _ columns: Int, isRead: Bool?) -> Matrix {
        guard let isRead else { return workspace.matrix(rows, columns) }
        return passing.matrix(slot, rows, columns, isRead: isRead)
    }

    private func map(
        _ input: Matrix, _ frozen: LinearWeights, at site: Site, into y: Matrix, _ sequences: PackedBatch
    ) -> Matrix {
        encoder.adaptedLinear(
            input, frozen, at: Place(layer, site), adaptation, into: y, sequences, workspace)
    }

    private func act(on value: Matrix, source: Matrix? = nil, at site: Site) {
        let place = Place(layer, site)
        if let adaptation, adaptation.acts(at: place) {
            timed(.adapter) {
                adaptation.forward(value, source: source ?? value, at: place, queries, workspace)
            }
        }
    }
}

/// The backward pass of one layer, half by half.
private struct LayerBackward {
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
        encoder.normParameterGradient(d, kept.feedForward.norm, at: Place(layer, .outputNorm), adaptation)
        guard needs(below: .outputNorm) else { return false }
        encoder.normBackward(
            d, kept.feedForward.norm, own.outputNorm, at: Place(layer, .outputNorm), adaptation)

        // The residual keeps d itself, so masks and adapters act on a copy.
        let dy = branch(
            d, mask: kept.feedForward.mask,
            acted: adaptation.acts(in: layer, at: .feedForwardResidual, .feedForward, .output))
        let du = workspace.matrix(d.rows, kept.feedForward.activation.columns)
        let startsAtResidual = acts(at: .feedForwardResidual)
        if startsAtResidual {
            du.fill(0)
            act(on: dy, sourceGradient: du, at: .feedForwardResidual)
        }
        guard needs(below: .feedForwardResidual) else { return false }
        if let mask = kept.feedForward.mask { multiplyElements(of: dy, by: mask) }
        act(on: dy, sourceGradient: needs(below: .feedForward) ? d : nil, at: .feedForward)
        guard needs(below: .feedForward) else { return false }
        linear(
            dy, kept.feedForward.activation, own.output, at: .output, into: needs(below: .output) ? du : nil,
            accumulate: startsAtResidual)
        guard needs(below: .output) else { return false }
        act(on: du, at: .activation)
        guard needs(below: .activation) else { return false }
        geluBackward(du, derivative: kept.feedForward.geluDerivative)
        linear(
            du, kept.feedForward.input, own.intermediate, at: .intermediate,
            into: needs(below: .intermediateInput) ? d : nil, accumulate: true)
        guard needs(below: .intermediateInput) else { return false }
        act(on: d, at: .attentionOutput)
        guard needs(below: .attentionOutput), let kept = kept.projection else { return false }
        encoder.normParameterGradient(d, kept.norm, at: Place(layer, .attentionNorm), adaptation)
        guard needs(below: .attentionNorm) else { return false }
        encoder.normBackward(
            d, kept.norm, own.attentionNorm, at: Place(layer, .attentionNorm), adaptation)
        return true
    }

    /// Puts dx of d = d(dropout(o) + x), which it overwrites, into dx, which may be d; says whether something below the layer
    /// needs it.
    func attention(_ d: Matrix, into dx: Matrix) -> Bool {
        guard let projection = kept.projection else { return false }
        let (tokens, hidden) = (d.rows, d.columns)
        // Everything below reads x, but only what lies below the layer needs dx.
        let reaches = lowest.layer < layer
        let dO = branch(
            d, mask: projection.mask, acted: adaptation.acts(in: layer, at: .attention, .projection))
        if let mask = projection.mask { multiplyElements(of: dO, by: mask) }
        act(on: dO, sourceGradient: reaches ? d : nil, at: .attention)
        guard needs(below: .attention) else { return false }
        let da = workspace.matrix(tokens, hidden)
        linear(
            dO, projection.heads, own.projection, at: .projection, into: needs(below: .projection) ? da : nil,
            accumulate: false)
        guard needs(below: .projection) else { return false }
        act(on: da, at: .heads)
        guard needs(below: .heads), let attention = kept.attention else { return false }

        let dq = workspace.matrix(tokens, hidden)
        let dk = workspace.matrix(dx.rows, hidden)
        let dv = workspace.matrix(dx.rows, hidden)
        timed(.attentionBackward) {
            encoder.attentionBackward(
                da: da, q: attention.q, k: attention.k, v: attention.v, attention.probabilities,
                prefix: adaptation.prefix(in: layer), batch, queries: kept.queries, dq: dq, dk: dk, dv: dv,
                workspace)
        }
        guard needs(below: .prefix) else { return false }
        let all = reaches ? dx : nil
        linear(dq, attention.queryInput, own.query, at: .query, into: reaches ? d : nil, accumulate: true)
        if reaches, tokens < dx.rows {
            dx.fill(0)
            batch.addToFirst(d, of: dx)
        }
        linear(dk, attention.keyInput, own.key, at: .key, into: all, accumulate: true, batch)
        linear(dv, attention.valueInput, own.value, at: .value, into: all, accumulate: true, batch)
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
