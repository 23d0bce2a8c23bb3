import Adapters
import Encoders
import Foundation
import Kernels
import TestSupport

/// A method's settings on a tiny encoder, with a vector of parameters.
///
/// Its outputs are the last hidden states [T, d] and, after them, the pooled vectors [B, d] where there is a
/// pooler.
struct AdaptedModel {
    let tiny: TinyModel
    let method: any AdapterMethod
    let bound: any BoundMethod
    let layout: ParameterLayout
    /// The weights of the outputs in a loss.
    let upstream: [Float]

    init(_ settings: String, with extra: [ParameterSlice] = [], seed: UInt64 = 5) throws {
        try self.init(AdaptedModel.decode(settings).method, with: extra, seed: seed)
    }

    init(_ test: MethodOnFamily, with extra: [ParameterSlice] = []) throws {
        let folder = try TemporaryFolder()
        try self.init(Self.decode(test.settings(in: folder)).method, on: test.family, with: extra)
        withExtendedLifetime(folder) {}
    }

    init(
        _ method: any AdapterMethod, on family: EncoderFamily = .bert, with extra: [ParameterSlice] = [],
        seed: UInt64 = 5
    ) throws {
        tiny = try TinyModel(family)
        self.method = method
        bound = try method.bind(to: tiny.weights)
        layout = ParameterLayout(bound.slices(seed: seed) + extra)
        let hidden = try tiny.golden.floats("upstream")
        let pooled = tiny.weights.pooler == nil ? 0 : tiny.batch.count * tiny.weights.configuration.hidden
        upstream = hidden + hidden.prefix(pooled)
    }

    /// The settings of an `adapter` section that is JSON.
    static func decode(_ settings: String) throws -> AdapterSettings {
        try JSONDecoder().decode(AdapterSettings.self, from: Data(settings.utf8))
    }

    /// The initial parameters, each moved by up to `distance`.
    func parameters(movedBy distance: Float) -> [Float] {
        let random = CounterRandom(seed: 9, .initialization)
        return layout.initial.enumerated().map { $1 + distance * Float(2 * random.uniform(UInt64($0)) - 1) }
    }

    /// The parameters that BERT's goldens were computed with, or on other families initial ones that were
    /// moved as far: small enough for finite differences.
    func parameters(of test: MethodOnFamily) throws -> [Float] {
        test.family == .bert ? try test.method.goldenParameters(layout) : parameters(movedBy: 0.2)
    }

    /// The outputs with these parameters, or of the frozen backbone.
    func outputs(
        _ parameters: [Float]?, of batch: PackedBatch? = nil, dropout: EncoderDropout = .none,
        _ context: HookContext = .none
    ) -> [Float] {
        guard let parameters else { return outputs(of: batch ?? tiny.batch, nil, on: tiny.weights, dropout) }
        let values = GuardedMatrix(parameters)
        let adaptation = bound.hooks(BoundParameters(layout, values: values.base, gradient: nil), context)
        return outputs(of: batch ?? tiny.batch, adaptation, on: tiny.weights, dropout)
    }

    /// The outputs of the backbone that these parameters were folded into.
    func mergedOutputs(_ parameters: [Float]) -> [Float] {
        let values = GuardedMatrix(parameters)
        let merged = method.merged(
            BoundParameters(layout, values: values.base, gradient: nil), into: tiny.weights)
        return outputs(of: tiny.batch, nil, on: merged.weights, .none)
    }

    /// The outputs with an adaptation of any origin.
    func outputs(
        of batch: PackedBatch, _ adaptation: (any EncoderAdaptation)?, on weights: EncoderWeights,
        _ dropout: EncoderDropout
    ) -> [Float] {
        let workspace = Workspace()
        let encoder = Encoder(weights, dropout: dropout)
        let hidden = encoder.forward(batch, adaptation, workspace).hidden
        if weights.pooler == nil { return withExtendedLifetime(workspace) { hidden.values } }
        let pooled = pool(hidden, batch, encoder, adaptation, workspace)
        return withExtendedLifetime(workspace) { hidden.values + pooled.p.values }
    }

    private func pool(
        _ hidden: Matrix, _ batch: PackedBatch, _ encoder: Encoder, _ adaptation: (any EncoderAdaptation)?,
        _ workspace: Workspace
    ) -> (first: Matrix, p: Matrix) {
        let first = workspace.matrix(batch.count, hidden.columns)
        for sequence in 0..<batch.count {
            first.row(sequence).update(from: hidden.row(batch.offsets[sequence]), count: hidden.columns)
        }
        let p = workspace.matrix(batch.count, hidden.columns)
        encoder.pool(first, adaptation, into: p)
        return (first, p)
    }

    /// The gradient of Σ outputs ⊙ upstream, added to `start`.
    func gradient(
        _ parameters: [Float], _ upstream: [Float], dropout: EncoderDropout = .none, addedTo start: Float = 0,
        _ context: HookContext = .none
    ) -> [Float] {
        let (values, gradient) = (
            GuardedMatrix(parameters), GuardedMatrix(1, layout.count, filledWith: start)
        )
        let adaptation = bound.hooks(
            BoundParameters(layout, values: values.base, gradient: gradient.base), context)
        let (batch, workspace) = (tiny.batch, Workspace())
        let encoder = Encoder(tiny.weights, dropout: dropout)
        let activations = encoder.forward(batch, adaptation, workspace)
        let dh = GuardedMatrix(Array(upstream.prefix(activations.hidden.count)), rows: batch.tokens)
        if upstream.count > dh.view.count {
            let (first, p) = pool(activations.hidden, batch, encoder, adaptation, workspace)
            let dp = GuardedMatrix(Array(upstream.dropFirst(dh.view.count)), rows: batch.count)
            let dFirst = workspace.matrix(batch.count, first.columns)
            encoder.poolBackward(dp.view, first: first, p: p, adaptation, into: dFirst)
            for sequence in 0..<batch.count {
                let token = batch.offsets[sequence]
                add(dFirst.rows(sequence..<sequence + 1), to: dh.view.rows(token..<token + 1))
            }
        }
        encoder.backward(dh.view, activations, batch, adaptation, workspace)
        withExtendedLifetime(workspace) {}
        precondition(values.isIntact() && gradient.isIntact(), "written outside of the vectors")
        precondition(values.values.elementsEqual(parameters), "the parameters were changed")
        return gradient.values
    }
}
