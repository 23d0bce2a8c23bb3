import Adapters
import Encoders
import Exchange
import Formats
import Foundation
import Kernels
import Tasks
import TestSupport
import Training

/// A trained adapter on the tiny BERT, with a head of two classes, and its answers.
struct Scene {
    let tiny: TinyModel
    let trained: TrainedAdapter
    /// The logits [B, C] of the tiny batch.
    let logits: [Float]

    init(
        _ adapter: JSONValue, pooling: Pooling, _ output: TaskOutput = .classes(["warm", "cold"]),
        isPaired: Bool = false
    ) throws {
        tiny = try TinyModel()
        let method = try AdapterSettings(json: adapter).method
        // A pooler that the head doesn't read can't be trained.
        let trainsPooler = try method.slices(on: tiny.weights, seed: 1).contains {
            $0.tensor.site == .pooler
        }
        let model = try AdaptedModel(
            tiny.weights, method, HeadSettings(pooling: trainsPooler ? .pooler : pooling, dropout: 0))
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
                model.logits(batch, layout, values: $0, adapted: true, Workspace())
            } ?? []
        }
    }
}
