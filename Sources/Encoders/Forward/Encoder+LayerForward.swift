package import Kernels

extension Encoder {
    /// Computes the layer's output h2, in the memory of x if nothing reads x, and the activations for
    /// backward.
    ///
    /// From another cut point than the layer's input, x and `heads` are the ``CutState`` there.
    func layerForward(
        _ layer: Int, _ x: Matrix, from position: CutPoint.Position = .input, heads: Matrix? = nil,
        _ batch: PackedBatch, queries: PackedBatch, _ adaptation: (any EncoderAdaptation)?,
        _ saving: SavedActivations?, _ scratch: SharedScratch, _ workspace: Workspace
    ) -> (hidden: Matrix, saved: LayerActivations?) {
        let (tokens, d) = (queries.tokens, weights.configuration.hidden)
        func rows(_ all: Matrix) -> Matrix {
            if tokens == all.rows { return all }
            let first = workspace.matrix(tokens, d)
            batch.gatherFirst(all, into: first)
            return first
        }
        let residual = rows(x)
        let savesInput = saving?.input == true || position == .feedForwardInput
        let h2 = savesInput ? workspace.matrix(tokens, d) : residual
        let mark = workspace.mark
        let pass = LayerForward(
            encoder: self, layer: layer, own: weights.layers[layer], batch: batch, queries: queries,
            adaptation: adaptation, saving: saving, scratch: scratch, workspace: workspace)
        var attention: LayerActivations.Attention?
        var projection: LayerActivations.Projection?
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
        guard saving != nil, let feedForward else {
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
        let x = state.residual
        let scratch = SharedScratch(workspace, positionBias(batch, nil, workspace))
        _ = timed(.embedding) { embed(batch, nil, into: x, save: false, workspace) }
        for below in 0..<cut.layer {
            _ = layerForward(below, x, batch, queries: batch, nil, nil, scratch, workspace)
        }
        if cut.position != .input {
            let pass = LayerForward(
                encoder: self, layer: cut.layer, own: weights.layers[cut.layer], batch: batch,
                queries: batch, adaptation: nil, saving: nil, scratch: scratch, workspace: workspace)
            let a = pass.attend(x, x).heads
            if cut.position == .feedForwardInput { x.copy(from: pass.project(a, x).h1) }
            state.heads?.copy(from: a)
        }
        workspace.release(to: mark)
    }
}

/// The forward pass of one layer.
private struct LayerForward {
    let encoder: Encoder
    let layer: Int
    let own: LayerWeights
    let batch: PackedBatch
    let queries: PackedBatch
    let adaptation: (any EncoderAdaptation)?
    let saving: SavedActivations?
    let scratch: SharedScratch
    let workspace: Workspace

    /// Computes a from x and the queries' rows of x.
    func attend(_ x: Matrix, _ residual: Matrix) -> (heads: Matrix, saved: LayerActivations.Attention) {
        let projected = QueriesKeysValues(
            q: memory(.q, residual.rows, residual.columns, save: saving?.queries),
            k: memory(.k, x.rows, x.columns, save: saving?.queries),
            v: memory(.v, x.rows, x.columns, save: saving?.queries))
        let queryInput = map(residual, own.query, at: .query, into: projected.q, queries)
        let keyInput = map(x, own.key, at: .key, into: projected.k, batch)
        let valueInput = map(x, own.value, at: .value, into: projected.v, batch)
        let a = memory(.heads, residual.rows, residual.columns, save: saving?.heads)
        let probabilities = timed(.attention) {
            encoder.attention(
                projected, layer: layer, prefix: adaptation?.prefix(in: layer),
                bias: scratch.positionBias, batch, queries: queries, into: a, workspace)
        }
        return (
            a,
            LayerActivations.Attention(
                queryInput: queryInput, keyInput: keyInput, valueInput: valueInput,
                projected: projected, probabilities: probabilities)
        )
    }

    /// Computes h1 from a, which hooks may change, and x.
    func project(_ a: Matrix, _ residual: Matrix) -> (h1: Matrix, saved: LayerActivations.Projection?) {
        act(on: a, at: .heads)
        let o = workspace.matrix(a.rows, a.columns)
        _ = map(a, own.projection, at: .projection, into: o, queries)
        act(on: o, source: residual, at: .attention)
        let isDropped = encoder.weights.configuration.family.dropsAttentionOutput
        let mask =
            isDropped
            ? encoder.dropout.applyHidden(to: o, layer: layer, place: 0, queries, workspace) : nil
        let h1 = memory(.attentionOutput, a.rows, a.columns, save: saving?.attentionOutput)
        let norm = encoder.normForward(
            o, plus: residual, own.attentionNorm, at: LayerSite(layer, .attentionNorm), adaptation, into: h1,
            save: saving != nil, workspace)
        return (h1, norm.map { LayerActivations.Projection(heads: a, mask: mask, norm: $0) })
    }

    /// Computes h2 from h1.
    func feedForward(_ h1: Matrix, into h2: Matrix) -> LayerActivations.FeedForward? {
        act(on: h1, at: .attentionOutput)
        let f = own.intermediate.weight.rows
        let z = workspace.matrix(h1.rows, f)
        let input = map(h1, own.intermediate, at: .intermediate, into: z, queries)
        let u = memory(.activation, h1.rows, f, save: saving?.activation)
        let function = encoder.weights.configuration.activation
        function.forward(z, into: u, saveDerivative: saving != nil)
        act(on: u, at: .activation)
        let y = workspace.matrix(h1.rows, h1.columns)
        _ = map(u, own.output, at: .output, into: y, queries)
        act(on: y, source: h1, at: .feedForward)
        let mask = encoder.dropout.applyHidden(to: y, layer: layer, place: 1, queries, workspace)
        act(on: y, source: u, at: .feedForwardResidual)
        let norm = encoder.normForward(
            y, plus: h1, own.outputNorm, at: LayerSite(layer, .outputNorm), adaptation, into: h2,
            save: saving != nil, workspace)
        return norm.map {
            LayerActivations.FeedForward(input: input, derivative: z, activation: u, mask: mask, norm: $0)
        }
    }

    private func memory(
        _ buffer: SharedScratch.Buffer, _ rows: Int, _ columns: Int, save: Bool?
    ) -> Matrix {
        guard let save else { return workspace.matrix(rows, columns) }
        return scratch.matrix(buffer, rows, columns, save: save)
    }

    private func map(
        _ input: Matrix, _ frozen: LinearWeights, at site: Site, into y: Matrix, _ sequences: PackedBatch
    ) -> Matrix {
        encoder.adaptedLinear(
            input, frozen, at: LayerSite(layer, site), adaptation, into: y, sequences, workspace)
    }

    private func act(on value: Matrix, source: Matrix? = nil, at site: Site) {
        let own = LayerSite(layer, site)
        if let adaptation, adaptation.acts(at: own) {
            timed(.adapter) {
                adaptation.forward(value, source: source ?? value, at: own, queries, workspace)
            }
        }
    }
}
