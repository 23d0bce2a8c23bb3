import Kernels

// A LayerNorm with the adaptation's γ and β where it has any; x and y [T, d].

/// x̂ [T, d] and the reciprocal deviations [T] of a LayerNorm.
struct NormActivations {
    let normalized: Matrix
    let reciprocalDeviation: UnsafeMutablePointer<Float>
}

extension Encoder {
    /// Puts LN(x), or LN(x + residual), into y; when keeping, x̂ takes x's place.
    func normForward(
        _ x: Matrix, plus residual: Matrix? = nil, _ frozen: NormWeights, at place: Place,
        _ adaptation: (any EncoderAdaptation)?,
        into y: Matrix, keep: Bool, _ workspace: Workspace
    ) -> NormActivations? {
        let trained = adaptation?.norm(at: place)
        let deviation = keep ? workspace.floats(x.rows) : nil
        layerNorm(
            x, plus: residual, scale: trained?.scale ?? frozen.scale, shift: trained?.shift ?? frozen.shift,
            epsilon: weights.configuration.layerNormEpsilon, into: y, normalized: keep ? x : nil,
            reciprocalDeviation: deviation)
        return deviation.map { NormActivations(normalized: x, reciprocalDeviation: $0) }
    }

    /// Adds dγ and dβ where they are wanted.
    func normParameterGradient(
        _ dy: Matrix, _ kept: NormActivations, at place: Place, _ adaptation: any EncoderAdaptation
    ) {
        let trained = adaptation.norm(at: place)
        switch (trained?.scaleGradient, trained?.shiftGradient) {
        case (let scale?, let shift?):
            layerNormParameterGradient(dy, normalized: kept.normalized, scale: scale, shift: shift)
        case (let scale?, nil): addColumnSums(ofProduct: dy, kept.normalized, to: scale)
        case (nil, let shift?): addColumnSums(of: dy, to: shift)
        case (nil, nil): break
        }
    }

    /// Replaces dy by dx.
    func normBackward(
        _ dy: Matrix, _ kept: NormActivations, _ frozen: NormWeights, at place: Place,
        _ adaptation: any EncoderAdaptation
    ) {
        layerNormBackward(
            dy, scale: adaptation.norm(at: place)?.scale ?? frozen.scale, normalized: kept.normalized,
            reciprocalDeviation: kept.reciprocalDeviation)
    }
}
