import Kernels

extension Encoder {
    /// Computes dx from d = dh2, which it overwrites; nil if nothing below needs a gradient.
    func layerBackward(
        _ layer: Int, _ d: Matrix, _ saved: LayerActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation, lowest: LayerSite, _ workspace: Workspace
    ) -> Matrix? {
        let dx = d.rows == batch.tokens ? d : workspace.matrix(batch.tokens, d.columns)
        let mark = workspace.mark
        defer { workspace.release(to: mark) }
        let pass = LayerBackward(
            encoder: self, layer: layer, own: weights.layers[layer], saved: saved, batch: batch,
            adaptation: adaptation, lowest: lowest, workspace: workspace)
        return pass.feedForward(d) && pass.attention(d, into: dx) ? dx : nil
    }
}

/// The backward pass of one layer.
private struct LayerBackward {
    let encoder: Encoder
    let layer: Int
    let own: LayerWeights
    let saved: LayerActivations
    let batch: PackedBatch
    let adaptation: any EncoderAdaptation
    let lowest: LayerSite
    let workspace: Workspace

    /// Overwrites d = dh2 with d(dropout(o) + x); false if nothing below LN1 needs it.
    func feedForward(_ d: Matrix) -> Bool {
        encoder.normParameterGradient(
            d, saved.feedForward.norm, at: LayerSite(layer, .outputNorm), adaptation)
        guard needs(below: .outputNorm) else { return false }
        encoder.normBackward(
            d, saved.feedForward.norm, own.outputNorm, at: LayerSite(layer, .outputNorm), adaptation)

        // The residual connection needs d itself, so masks and hooks change a copy.
        let dy = branch(
            d, mask: saved.feedForward.mask,
            acted: adaptation.acts(in: layer, at: .feedForwardResidual, .feedForward, .output))
        let du = workspace.matrix(d.rows, saved.feedForward.activation.columns)
        let startsAtResidual = acts(at: .feedForwardResidual)
        if startsAtResidual {
            du.fill(0)
            act(on: dy, sourceGradient: du, at: .feedForwardResidual)
        }
        guard needs(below: .feedForwardResidual) else { return false }
        if let mask = saved.feedForward.mask { multiplyElements(of: dy, by: mask) }
        act(on: dy, sourceGradient: needs(below: .feedForward) ? d : nil, at: .feedForward)
        guard needs(below: .feedForward) else { return false }
        linear(
            dy, saved.feedForward.activation, own.output, at: .output, into: needs(below: .output) ? du : nil,
            accumulate: startsAtResidual)
        guard needs(below: .output) else { return false }
        act(on: du, at: .activation)
        guard needs(below: .activation) else { return false }
        encoder.weights.configuration.activation.backward(du, derivative: saved.feedForward.derivative)
        linear(
            du, saved.feedForward.input, own.intermediate, at: .intermediate,
            into: needs(below: .intermediateInput) ? d : nil, accumulate: true)
        guard needs(below: .intermediateInput) else { return false }
        act(on: d, at: .attentionOutput)
        guard needs(below: .attentionOutput), let saved = saved.projection else { return false }
        encoder.normParameterGradient(d, saved.norm, at: LayerSite(layer, .attentionNorm), adaptation)
        guard needs(below: .attentionNorm) else { return false }
        encoder.normBackward(
            d, saved.norm, own.attentionNorm, at: LayerSite(layer, .attentionNorm), adaptation)
        return true
    }

    /// Computes dx from d = d(dropout(o) + x), which it overwrites; false if nothing below the layer needs
    /// it.
    ///
    /// dx may be d.
    func attention(_ d: Matrix, into dx: Matrix) -> Bool {
        guard let projection = saved.projection else { return false }
        let (tokens, hidden) = (d.rows, d.columns)
        // Maps and hooks read x, but only layers below need dx.
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
        guard needs(below: .heads), let attention = saved.attention else { return false }

        let gradient = QueriesKeysValues(
            q: workspace.matrix(tokens, hidden), k: workspace.matrix(dx.rows, hidden),
            v: workspace.matrix(dx.rows, hidden))
        timed(.attentionBackward) {
            encoder.attentionBackward(
                da, attention.projected, attention.probabilities, prefix: adaptation.prefix(in: layer),
                biasGradient: adaptation.embeddings?.gradients?.distances, batch, queries: saved.queries,
                into: gradient, workspace)
        }
        guard needs(below: .prefix) else { return false }
        let all = reaches ? dx : nil
        linear(
            gradient.q, attention.queryInput, own.query, at: .query, into: reaches ? d : nil, accumulate: true
        )
        if reaches, tokens < dx.rows {
            dx.fill(0)
            batch.addToFirst(d, of: dx)
        }
        linear(gradient.k, attention.keyInput, own.key, at: .key, into: all, accumulate: true, batch)
        linear(gradient.v, attention.valueInput, own.value, at: .value, into: all, accumulate: true, batch)
        return reaches
    }

    private func needs(below site: Site) -> Bool { lowest < LayerSite(layer, site) }

    private func acts(at site: Site) -> Bool { adaptation.acts(at: LayerSite(layer, site)) }

    private func act(on gradient: Matrix, sourceGradient: Matrix? = nil, at site: Site) {
        if acts(at: site) {
            timed(.adapterBackward) {
                adaptation.backward(
                    gradient, sourceGradient: sourceGradient, at: LayerSite(layer, site), saved.queries,
                    workspace)
            }
        }
    }

    private func linear(
        _ dy: Matrix, _ input: Matrix, _ frozen: LinearWeights, at site: Site, into dx: Matrix?,
        accumulate: Bool, _ sequences: PackedBatch? = nil
    ) {
        encoder.adaptedLinearBackward(
            dy, input: input, frozen, at: LayerSite(layer, site), adaptation, into: dx,
            accumulate: accumulate,
            sequences ?? saved.queries, workspace)
    }

    /// d itself, or a copy if the branch's gradient will differ from the residual connection's.
    private func branch(_ d: Matrix, mask: Matrix?, acted: Bool) -> Matrix {
        mask != nil || acted ? workspace.copy(of: d) : d
    }
}
