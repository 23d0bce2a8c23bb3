import Kernels

// A LayerNorm with frozen or replaced γ and β; x and y [T, d].

/// x̂ [T, d] and the reciprocal deviations [T] of a LayerNorm.
struct NormActivations {
    let normalized: Matrix
    let reciprocalDeviation: UnsafeMutablePointer<Float>
}

extension Encoder {
    /// y = LN(x) or LN(x + residual); if saved for backward, x̂ overwrites x.
    func normForward(
        _ x: Matrix, plus residual: Matrix? = nil, _ frozen: NormWeights, at site: LayerSite,
        _ adaptation: (any EncoderAdaptation)?,
        into y: Matrix, save: Bool, _ workspace: Workspace
    ) -> NormActivations? {
        let trained = adaptation?.norm(at: site)
        let deviation = save ? workspace.floats(x.rows) : nil
        layerNorm(
            x, plus: residual, scale: trained?.scale ?? frozen.scale, shift: trained?.shift ?? frozen.shift,
            epsilon: weights.configuration.layerNormEpsilon, into: y, normalized: save ? x : nil,
            reciprocalDeviation: deviation)
        return deviation.map { NormActivations(normalized: x, reciprocalDeviation: $0) }
    }

    /// Adds dγ and dβ where there is memory for them.
    func normParameterGradient(
        _ dy: Matrix, _ saved: NormActivations, at site: LayerSite, _ adaptation: any EncoderAdaptation
    ) {
        let trained = adaptation.norm(at: site)
        switch (trained?.scaleGradient, trained?.shiftGradient) {
        case (let scale?, let shift?):
            layerNormParameterGradient(dy, normalized: saved.normalized, scale: scale, shift: shift)
        case (let scale?, nil): addColumnSums(ofProduct: dy, saved.normalized, to: scale)
        case (nil, let shift?): addColumnSums(of: dy, to: shift)
        case (nil, nil): break
        }
    }

    /// Overwrites dy with dx.
    func normBackward(
        _ dy: Matrix, _ saved: NormActivations, _ frozen: NormWeights, at site: LayerSite,
        _ adaptation: any EncoderAdaptation
    ) {
        layerNormBackward(
            dy, scale: adaptation.norm(at: site)?.scale ?? frozen.scale, normalized: saved.normalized,
            reciprocalDeviation: saved.reciprocalDeviation)
    }
}
