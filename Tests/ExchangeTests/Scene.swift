import Adapters
import Encoders
import Exchange
import Formats
import Foundation
import Kernels
import Tasks
import TestSupport
import Training

/// A trained adapter on a tiny encoder, with a head of two classes, and its answers.
struct Scene {
    /// The heads of a study: each pooling, and each dense layer on the two that take one.
    static let heads: [HeadSettings] = Pooling.allCases.flatMap { pooling in
        HeadDense.allCases.filter { pooling != .pooler || $0 == .none }.map {
            HeadSettings(pooling: pooling, dense: $0, dropout: 0)
        }
    }

    let tiny: TinyModel
    let trained: TrainedAdapter
    /// The logits [B, C] of the tiny batch.
    let logits: [Float]

    /// The head reads the pooler if the method trains it.
    init(
        _ adapter: JSONValue, pooling: Pooling, _ output: TaskOutput = .classes(["warm", "cold"]),
        isPaired: Bool = false
    ) throws {
        let weights = try TinyModel().weights
        // A pooler that the head doesn't read can't be trained.
        let trainsPooler = try AdapterSettings(json: adapter).method.slices(on: weights, seed: 1).contains {
            $0.tensor.site == .pooler
        }
        try self.init(
            adapter, HeadSettings(pooling: trainsPooler ? .pooler : pooling, dropout: 0), output,
            isPaired: isPaired)
    }

    init(
        _ adapter: JSONValue, _ head: HeadSettings, _ output: TaskOutput = .classes(["warm", "cold"]),
        isPaired: Bool = false, on family: EncoderFamily = .bert, directory: String? = nil
    ) throws {
        tiny = try TinyModel(family, directory: directory)
        let method = try AdapterSettings(json: adapter).method
        let model = try AdaptedModel(tiny.weights, method, head)
        let layout = model.layout(for: output, headOwner: "colour", seed: 1)
        let random = CounterRandom(seed: 3, .initialization)
        let values = layout.initial.enumerated().map {
            $1 + 0.2 * Float(2 * random.uniform(UInt64($0)) - 1)
        }
        trained = TrainedAdapter(
            model, task: "colour", output, isPaired: isPaired, maximumTokens: 24, layout, values: values)
        let batch = tiny.batch
        logits = values.withUnsafeBufferPointer { values in
            values.baseAddress.map {
                model.logits(
                    batch, BoundParameters(layout, values: $0, gradient: nil), adapted: true, Workspace())
            } ?? []
        }
    }
}

extension EncoderFamily {
    /// Whether its tiny encoder can have a head.
    func has(_ head: HeadSettings) -> Bool { head.pooling != .pooler || tensors.pooler != nil }

    /// Whether its sequence classifier in transformers computes a head.
    func classifies(with head: HeadSettings) -> Bool {
        let own = classes.head.activation
        switch (head.pooling, head.dense) {
        case (.mean, _): return false
        case (.pooler, _): return own == .tanh
        case (.cls, .none): return own != .relu
        case (.cls, let dense): return dense == HeadDense(own)
        }
    }
}
