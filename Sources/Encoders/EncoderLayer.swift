import Kernels

// One post-norm layer, x [T, d] → h2 [T, d], forward and backward:
//
//   q, k, v = x W_Q + b_Q, …      a = attention(q, k, v)             site heads acts on a
//   o = a W_O + b_O                                                  site projection acts on o
//   h1 = LN1(dropout(o) + x)                                         site attentionNorm gives γ, β
//   z = h1 W_1 + b_1    u = GELU(z)
//   h2 = LN2(dropout(u W_2 + b_2) + h1)                              site outputNorm gives γ, β
//
// Backward goes from dh2 down to the lowest trained place and stops there.

/// What the forward of one layer keeps for its backward: nothing that backward does not read.
struct LayerActivations {
    let q, k, v: Matrix
    let probabilities: AttentionProbabilities
    let projectionMask: Matrix?
    let attentionNorm: NormActivations
    /// GELU'(z) [T, f].
    let geluDerivative: Matrix
    let outputMask: Matrix?
    let outputNorm: NormActivations
}

/// x̂ [T, d] and the reciprocal deviations [T] of a LayerNorm.
struct NormActivations {
    let normalized: Matrix
    let reciprocalDeviation: UnsafeMutablePointer<Float>
}

extension Encoder {
    /// Replaces x by the layer's output h2; keeps what backward reads when told to.
    func layerForward(
        _ layer: Int, _ x: Matrix, _ batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, keep: Bool,
        _ workspace: Workspace
    ) -> LayerActivations? {
        let (tokens, d, f) = (x.rows, weights.configuration.hidden, weights.configuration.intermediate)
        let own = weights.layers[layer]
        let mark = workspace.mark

        let q = workspace.matrix(tokens, d)
        let k = workspace.matrix(tokens, d)
        let v = workspace.matrix(tokens, d)
        linear(x, own.query.weight, own.query.bias, into: q)
        linear(x, own.key.weight, own.key.bias, into: k)
        linear(x, own.value.weight, own.value.bias, into: v)
        let a = workspace.matrix(tokens, d)
        let probabilities = attention(q: q, k: k, v: v, layer: layer, batch, into: a, workspace)
        act(adaptation, on: a, at: Place(layer, .heads), batch, workspace)

        let o = workspace.matrix(tokens, d)
        linear(a, own.projection.weight, own.projection.bias, into: o)
        act(adaptation, on: o, at: Place(layer, .projection), batch, workspace)
        let projectionMask = dropout.applyHidden(to: o, layer: layer, place: 0, batch, workspace)
        add(x, to: o)
        let h1 = workspace.matrix(tokens, d)
        let attentionNorm = normForward(
            o, own.attentionNorm, at: Place(layer, .attentionNorm), adaptation, into: h1, keep: keep,
            workspace)

        let z = workspace.matrix(tokens, f)
        linear(h1, own.intermediate.weight, own.intermediate.bias, into: z)
        let u = workspace.matrix(tokens, f)
        gelu(z, into: u, keepDerivative: keep)
        let y = workspace.matrix(tokens, d)
        linear(u, own.output.weight, own.output.bias, into: y)
        let outputMask = dropout.applyHidden(to: y, layer: layer, place: 1, batch, workspace)
        add(h1, to: y)
        let outputNorm = normForward(
            y, own.outputNorm, at: Place(layer, .outputNorm), adaptation, into: x, keep: keep, workspace)

        guard keep, let attentionNorm, let outputNorm else {
            workspace.release(to: mark)
            return nil
        }
        return LayerActivations(
            q: q, k: k, v: v, probabilities: probabilities, projectionMask: projectionMask,
            attentionNorm: attentionNorm, geluDerivative: z, outputMask: outputMask, outputNorm: outputNorm)
    }

    /// Replaces d = dh2 by dx, or stops where nothing below needs a gradient; says whether it reached x.
    func layerBackward(
        _ layer: Int, _ d: Matrix, _ kept: LayerActivations, _ batch: PackedBatch,
        _ adaptation: any EncoderAdaptation,
        lowest: Place, _ workspace: Workspace
    ) -> Bool {
        let (tokens, hidden, f) = (d.rows, weights.configuration.hidden, weights.configuration.intermediate)
        let own = weights.layers[layer]
        let mark = workspace.mark
        defer { workspace.release(to: mark) }

        let outputNorm = Place(layer, .outputNorm)
        normParameterGradient(d, kept.outputNorm, at: outputNorm, adaptation)
        if lowest == outputNorm { return false }
        normBackward(d, kept.outputNorm, own.outputNorm, at: outputNorm, adaptation)

        // The residual keeps d itself, so dropout's mask acts on a copy.
        let dy = masked(d, kept.outputMask, workspace)
        let du = workspace.matrix(tokens, f)
        linearBackward(dy, own.output.weight, into: du)
        geluBackward(du, derivative: kept.geluDerivative)
        linearBackward(du, own.intermediate.weight, into: d, accumulate: true)

        let attentionNorm = Place(layer, .attentionNorm)
        normParameterGradient(d, kept.attentionNorm, at: attentionNorm, adaptation)
        if lowest == attentionNorm { return false }
        normBackward(d, kept.attentionNorm, own.attentionNorm, at: attentionNorm, adaptation)

        let projection = Place(layer, .projection)
        let acts = adaptation.acts(at: projection)
        let dropped = masked(d, kept.projectionMask, workspace)
        let dO = acts && kept.projectionMask == nil ? copy(of: dropped, workspace) : dropped
        if acts { adaptation.backward(dO, at: projection, batch, workspace) }
        if lowest == projection { return false }

        let da = workspace.matrix(tokens, hidden)
        linearBackward(dO, own.projection.weight, into: da)
        let heads = Place(layer, .heads)
        if adaptation.acts(at: heads) { adaptation.backward(da, at: heads, batch, workspace) }
        if lowest == heads { return false }

        let dq = workspace.matrix(tokens, hidden)
        let dk = workspace.matrix(tokens, hidden)
        let dv = workspace.matrix(tokens, hidden)
        attentionBackward(
            da: da, q: kept.q, k: kept.k, v: kept.v, kept.probabilities, batch, dq: dq, dk: dk, dv: dv,
            workspace)
        linearBackward(dq, own.query.weight, into: d, accumulate: true)
        linearBackward(dk, own.key.weight, into: d, accumulate: true)
        linearBackward(dv, own.value.weight, into: d, accumulate: true)
        return true
    }

    private func act(
        _ adaptation: (any EncoderAdaptation)?, on value: Matrix, at place: Place, _ batch: PackedBatch,
        _ workspace: Workspace
    ) {
        if let adaptation, adaptation.acts(at: place) {
            adaptation.forward(value, at: place, batch, workspace)
        }
    }

    private func masked(_ d: Matrix, _ mask: Matrix?, _ workspace: Workspace) -> Matrix {
        guard let mask else { return d }
        let product = copy(of: d, workspace)
        multiplyElements(of: product, by: mask)
        return product
    }

    private func copy(of matrix: Matrix, _ workspace: Workspace) -> Matrix {
        let copy = workspace.matrix(matrix.rows, matrix.columns)
        copy.copy(from: matrix)
        return copy
    }

    // MARK: LayerNorm at a site

    /// LN with the adaptation's γ and β where it has any.
    ///
    /// x̂ takes x's place.
    private func normForward(
        _ x: Matrix, _ frozen: NormWeights, at place: Place, _ adaptation: (any EncoderAdaptation)?,
        into y: Matrix,
        keep: Bool, _ workspace: Workspace
    ) -> NormActivations? {
        let trained = adaptation?.norm(at: place)
        let deviation = keep ? workspace.floats(x.rows) : nil
        layerNorm(
            x, scale: trained?.scale ?? frozen.scale, shift: trained?.shift ?? frozen.shift,
            epsilon: weights.configuration.layerNormEpsilon, into: y, normalized: keep ? x : nil,
            reciprocalDeviation: deviation)
        return deviation.map { NormActivations(normalized: x, reciprocalDeviation: $0) }
    }

    private func normParameterGradient(
        _ dy: Matrix, _ kept: NormActivations, at place: Place, _ adaptation: any EncoderAdaptation
    ) {
        guard let gradient = adaptation.norm(at: place)?.gradient else { return }
        layerNormParameterGradient(
            dy, normalized: kept.normalized, scale: gradient.scale, shift: gradient.shift)
    }

    private func normBackward(
        _ dy: Matrix, _ kept: NormActivations, _ frozen: NormWeights, at place: Place,
        _ adaptation: any EncoderAdaptation
    ) {
        layerNormBackward(
            dy, scale: adaptation.norm(at: place)?.scale ?? frozen.scale, normalized: kept.normalized,
            reciprocalDeviation: kept.reciprocalDeviation)
    }
}
