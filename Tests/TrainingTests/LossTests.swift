import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("Losses against PyTorch")
struct LossTests {
    // Losses are computed in double precision from float logits; both results are rounded to floats once.
    static let tolerance = Tolerance(absolute: 1e-7, relative: 2e-7)

    @Test("Cross-entropy and its gradient", arguments: ["two", "three", "large"])
    func crossEntropy(_ name: String) throws {
        let golden = try Golden("kernels/kernels")
        let labels = try golden.integers("crossentropy.\(name).labels")
        let losses = try golden.floats("crossentropy.\(name).losses")
        let z = try golden.matrix("crossentropy.\(name).logits")
        for row in labels.indices {
            let single = try golden.matrix("crossentropy.\(name).logits")
            let loss = lossAndGradient(single.view.rows(row..<row + 1), [.label(labels[row])])
            #expect(mismatch([Float(loss)], [losses[row]], Self.tolerance) == nil)
        }
        let total = lossAndGradient(z.view, labels.map { .label($0) })
        let expected = losses.map { Double($0) }.reduce(0, +)
        #expect(mismatch([total], [expected], Tolerance(relative: 1e-6)) == nil)
        let gradient = try golden.floats("crossentropy.\(name).gradient.logits")
        #expect(mismatch(z.values, gradient, Self.tolerance) == nil)
        #expect(z.isIntact())
    }

    @Test("Squared error and its gradient")
    func squaredError() throws {
        let golden = try Golden("kernels/kernels")
        let predictions = try golden.floats("mse.predictions")
        let z = GuardedMatrix(predictions, rows: predictions.count)
        let targets = try golden.floats("mse.targets").map { Target.value(Double($0)) }
        let loss = lossAndGradient(z.view, targets)
        let expected = try golden.floats("mse.losses").map { Double($0) }.reduce(0, +)
        #expect(mismatch([loss], [expected], Tolerance(relative: 1e-6)) == nil)
        #expect(mismatch(z.values, try golden.floats("mse.gradient.predictions"), Self.tolerance) == nil)
    }

    @Test("A logit that is not finite gives a loss that is not finite")
    func nonFinite() {
        for bad in [Float.nan, .infinity] {
            #expect(!lossAndGradient(GuardedMatrix([bad, 0]).view, [.label(1)]).isFinite)
            #expect(!lossAndGradient(GuardedMatrix([bad]).view, [.value(1)]).isFinite)
        }
    }
}
