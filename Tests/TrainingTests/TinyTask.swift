import Adapters
import Diagnostics
import Encoders
import Foundation
import Kernels
import Tasks
import TestSupport
import Training

/// One task of the training goldens on the tiny BERT: its model, its targets and its parameters at start.
struct TinyTask {
    let tiny: TinyModel
    let model: AdaptedModel
    let layout: ParameterLayout
    let targets: [Target]
    /// Adapters that are not the identity, the backbone's norms, and the golden head.
    let start: [Float]

    init(
        _ task: String, site: Hadamard.ActingSite = .heads, norm: TrainedNorms = .both,
        layers: String = "all", pooling: Pooling = .mean
    ) throws {
        tiny = try TinyModel()
        let golden = try Golden("training/hadamard")
        let method = Hadamard().with {
            $0.site = site
            $0.norm = norm
            $0.layers = LayerSet(layers) ?? .all
        }
        model = try AdaptedModel(tiny.weights, method, HeadSettings(pooling: pooling, dropout: 0))
        let output: TaskOutput
        if task == "regression" {
            output = .regression(-5...5)
            targets = try golden.floats("labels.\(task)").map { .value(Double($0)) }
        } else {
            output = .classes(["none", "some", "all"])
            targets = try golden.integers("labels.\(task)").map { .label($0) }
        }
        layout = model.layout(for: output, headOwner: "task:\(task)", seed: 1)
        var start = layout.initial
        for (slice, range) in zip(layout.slices, layout.ranges) where slice.kind != .norm {
            let name = slice.kind == .head ? "parameters.\(task).\(slice.name)" : "parameters.\(slice.name)"
            start.replaceSubrange(range, with: try golden.floats(name))
        }
        self.start = start
    }

    /// The batch's summed losses, with their gradient.
    func lossAndGradient(
        _ values: [Float], stage: AdaptedModel.Stage = .adapter(trainHead: true),
        _ randomness: AdaptedModel.Randomness = .none, batch: PackedBatch? = nil, targets: [Target]? = nil,
        start: (any CachedStart)? = nil
    ) -> (loss: Double, gradient: [Float]) {
        let (vector, gradient) = (GuardedMatrix(values), GuardedMatrix(1, layout.count, filledWith: 0))
        let examples = LabelledBatch(batch ?? tiny.batch, targets ?? self.targets, start: start)
        let loss = model.lossAndGradient(
            examples, stage: stage,
            BoundParameters(layout, values: vector.base, gradient: gradient.base), randomness, Workspace())
        precondition(vector.isIntact() && vector.values.elementsEqual(values), "the parameters were changed")
        precondition(gradient.isIntact(), "written outside of the gradient")
        return (loss, gradient.values)
    }

    /// Logits [B, C] of the golden batch.
    func logits(_ values: [Float], adapted: Bool = true) -> [Float] {
        let vector = GuardedMatrix(values)
        return model.logits(
            tiny.batch, BoundParameters(layout, values: vector.base, gradient: nil), adapted: adapted,
            Workspace())
    }

    /// The part of a vector that belongs to one tensor.
    func slice(_ name: String, of vector: [Float]) -> [Float] {
        layout[name].map { Array(vector[$0]) } ?? []
    }
}
