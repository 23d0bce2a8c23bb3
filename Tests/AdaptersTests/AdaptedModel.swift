import Adapters
import Encoders
import Foundation
import Kernels
import TestSupport

/// A method's settings on the tiny BERT, with a vector of parameters.
struct AdaptedModel {
    let tiny: TinyModel
    let method: any AdapterMethod
    let layout: ParameterLayout

    init(_ settings: String, with extra: [ParameterSlice] = []) throws {
        tiny = try TinyModel()
        method = try AdaptedModel.decode(settings).method
        layout = ParameterLayout(try method.slices(on: tiny.weights) + extra)
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

    /// The last hidden states [T, d] with these parameters.
    func hidden(_ parameters: [Float], dropout: EncoderDropout = .none) -> [Float] {
        parameters.withUnsafeBufferPointer { values in
            // An adapter always has a parameter.
            values.baseAddress.map {
                tiny.hidden(nil, method.adaptation(layout, values: $0, gradient: nil), dropout: dropout)
            } ?? []
        }
    }

    /// The gradient of Σ hidden ⊙ upstream, added to `start`.
    func gradient(
        _ parameters: [Float], _ upstream: [Float], dropout: EncoderDropout = .none, addedTo start: Float = 0
    ) -> [Float] {
        let (values, gradient) = (
            GuardedMatrix(parameters), GuardedMatrix(1, layout.count, filledWith: start)
        )
        let adaptation = method.adaptation(layout, values: values.base, gradient: gradient.base)
        tiny.backward(upstream, adaptation, dropout: dropout)
        precondition(values.isIntact() && gradient.isIntact(), "written outside of the vectors")
        precondition(values.values.elementsEqual(parameters), "the parameters were changed")
        return gradient.values
    }
}
