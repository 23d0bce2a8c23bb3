import Adapters
import Encoders
import Foundation
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("A term of the loss that depends on the parameters alone")
struct PenaltyTests {
    /// The loss and gradient of some sequences, at a given regularization of fusion.
    private func lossAndGradient(
        _ regularization: Double, _ sequences: [Int], stage: AdaptedModel.Stage
    ) throws -> (loss: Double, gradient: [Float], layout: ParameterLayout) {
        let tiny = try TinyModel()
        let text = """
            {"method": "fusion", "regularization": \(regularization), "valueStart": "normal", "adapters":
             ["\(TrainedAdapters.folder)/gelu", "\(TrainedAdapters.folder)/swish"]}
            """
        let method = try JSONDecoder().decode(AdapterSettings.self, from: Data(text.utf8)).method
        let model = try AdaptedModel(tiny.weights, method, HeadSettings(pooling: .mean, dropout: 0))
        let layout = model.layout(for: .classes(["a", "b"]), headOwner: "all", seed: 1)
        let (values, gradient) = (
            GuardedMatrix(layout.initial), GuardedMatrix(1, layout.count, filledWith: 0)
        )
        let loss = model.lossAndGradient(
            LabelledBatch(tiny.batch(of: sequences), sequences.map { .label($0 % 2) }), stage: stage,
            BoundParameters(layout, values: values.base, gradient: gradient.base), .none, Workspace())
        return (loss, gradient.values, layout)
    }

    @Test("It counts once for each example, whatever the stage trains", arguments: [[0, 1, 2, 3], [2]])
    func countsOnceForEachExample(_ sequences: [Int]) throws {
        for trainHead in [true, false] {
            let stage = AdaptedModel.Stage.adapter(trainHead: trainHead)
            let (without, with) = (
                try lossAndGradient(0, sequences, stage: stage),
                try lossAndGradient(0.5, sequences, stage: stage)
            )
            var (term, gradient) = (0.0, without.gradient)
            for (slice, range) in zip(with.layout.slices, with.layout.ranges)
            where slice.name.hasSuffix("value.weight") {
                for (index, value) in slice.initial.enumerated() {
                    let difference = value - (index / 24 == index % 24 ? 1 : 0)
                    term += 0.5 * Double(difference * difference) * Double(sequences.count)
                    gradient[range.lowerBound + index] += difference * Float(sequences.count)
                }
            }
            #expect(mismatch([with.loss], [without.loss + term], Tolerance(relative: 1e-5)) == nil)
            #expect(mismatch(with.gradient, gradient, Tolerance(absolute: 1e-5, relative: 1e-5)) == nil)
        }
        let (without, with) = (
            try lossAndGradient(0, sequences, stage: .head), try lossAndGradient(0.5, sequences, stage: .head)
        )
        #expect(without.loss == with.loss && without.gradient == with.gradient)
    }
}
