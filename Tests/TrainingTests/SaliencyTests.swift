import Adapters
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Tasks
import TestSupport
import Testing
import Training

@Suite("Scores of prunable matrices")
struct SaliencyTests {
    /// A case of `Tests/Golden/pruning`: a base on the tiny BERT with the golden head and labels.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let settings: String

        static let all: [Case] = {
            let path = "\(Golden.folder)/pruning/cases.json"
            let cases = try? JSONValue(
                parsing: FileManager.default.contents(atPath: path) ?? Data(), at: path)
            return (cases?.array ?? []).map {
                Case(
                    testDescription: $0["name"]?.string ?? "", settings: $0["adapter"]?.encoded() ?? "")
            }
        }()
    }

    /// The prunable matrices of a case, end to end, with the loss's gradient.
    private struct Model {
        let (golden, name): (Golden, String)
        let task: TinyTask
        let model: AdaptedModel
        let layout: ParameterLayout
        let values: [Float]

        init(_ test: Case) throws {
            golden = try Golden("pruning/saliency")
            name = test.testDescription
            task = try TinyTask("classification")
            let settings = try JSONDecoder().decode(AdapterSettings.self, from: Data(test.settings.utf8))
            model = try AdaptedModel(task.tiny.weights, settings.method, task.model.head)
            layout = model.layout(
                for: .classes(["none", "some", "all"]), headOwner: "task:classification", seed: 1)
            var values: [Float] = []
            for slice in layout.slices {
                values +=
                    slice.kind == .head
                    ? task.slice(slice.name, of: task.start)
                    : try golden.floats("\(name).parameters.\(slice.name)")
            }
            self.values = values
        }

        var matrices: [Range<Int>] {
            zip(layout.slices, layout.ranges).filter { $0.0.isPrunable }.map(\.1)
        }

        /// The matrices' values from the golden file or from a vector.
        func expected(_ what: String) throws -> [Float] {
            try layout.slices.filter(\.isPrunable).flatMap { try golden.floats("\(name).\(what).\($0.name)") }
        }
        func prunable(_ vector: [Float]) -> [Float] { matrices.flatMap { vector[$0] } }

        /// The gradient of the mean loss at these values of the matrices.
        func gradient(_ moved: [Float]) -> [Float] {
            var all = values
            var rest = moved[...]
            for range in matrices {
                all.replaceSubrange(range, with: rest.prefix(range.count))
                rest = rest.dropFirst(range.count)
            }
            let (vector, gradient) = (GuardedMatrix(all), GuardedMatrix(1, layout.count, filledWith: 0))
            _ = model.lossAndGradient(
                LabelledBatch(task.tiny.batch, task.targets), stage: .adapter(trainHead: false),
                BoundParameters(layout, values: vector.base, gradient: gradient.base), .none, Workspace())
            return prunable(gradient.values).map { $0 / Float(task.targets.count) }
        }
    }

    @Test("SNIP's scores are PyTorch's", arguments: Case.all)
    func snip(_ test: Case) throws {
        let model = try Model(test)
        let values = model.prunable(model.values)
        let gradient = model.gradient(values)
        #expect(mismatch(gradient, try model.expected("gradient"), Tolerance(relative: 1e-5)) == nil)
        let scores = Saliency.snip(values, gradient: gradient)
        #expect(
            mismatch(scores.map { Float($0) }, try model.expected("snip"), Tolerance(relative: 1e-5)) == nil)
    }

    @Test("GraSP's scores by a difference of gradients are those of the exact Hessian", arguments: Case.all)
    func grasp(_ test: Case) throws {
        let model = try Model(test)
        let scores = Saliency.grasp(model.prunable(model.values), gradient: model.gradient)
        // The error of the difference, which grows with the square of its step.
        let tolerance = Tolerance(relative: 1e-3)
        let wrong = mismatch(scores.map { Float($0) }, try model.expected("grasp"), tolerance)
        #expect(wrong == nil)
    }

    @Test("On a quadratic loss GraSP's difference is exact up to rounding")
    func graspOnQuadratic() {
        // L = ½ xᵀ A x − bᵀ x, so g = A x − b and H = A.
        let a: [[Double]] = [[2, 0.5, 0], [0.5, -1, 0.25], [0, 0.25, 4]]
        let b: [Double] = [1, -2, 0.5]
        let x: [Float] = [0.5, -1.5, 2]
        func times(_ v: [Double]) -> [Double] { a.map { zip($0, v).reduce(0) { $0 + $1.0 * $1.1 } } }
        func gradient(_ x: [Float]) -> [Float] {
            zip(times(x.map { Double($0) }), b).map { Float($0 - $1) }
        }
        let g = gradient(x).map { Double($0) }
        let expected = zip(times(g), x).map { $0 * Double($1) }
        #expect(mismatch(Saliency.grasp(x, gradient: gradient), expected, Tolerance(relative: 1e-4)) == nil)
    }

    @Test("If values or gradient are 0, every score is 0")
    func zero() {
        #expect(Saliency.grasp([0, 0]) { _ in [1, 1] } == [0, 0])
        #expect(Saliency.grasp([1, 2]) { _ in [0, 0] } == [0, 0])
        #expect(Saliency.snip([0, 2, -3], gradient: [1, 0.5, 2]) == [0, 1, 6])
    }
}

@Suite("A mask of parameters")
struct ParameterMaskTests {
    @Test(
        "Removed parameters are cleared, and the words decode to the mask", arguments: [1, 63, 64, 65, 200])
    func words(count: Int) throws {
        var mask = ParameterMask(count: count)
        #expect(mask.removedCount(in: 0..<count) == 0 && mask.words.count == ParameterMask.wordCount(count))
        let removed = Set((0..<count).filter { $0 % 3 == 0 || $0 == count - 1 })
        for index in removed { mask.remove(index) }
        var values = (0..<count).map { Float($0 + 1) }
        mask.clear(&values)
        for index in 0..<count {
            #expect(mask.keeps(index) == !removed.contains(index))
            #expect(values[index] == (removed.contains(index) ? 0 : Float(index + 1)))
        }
        // Values outside the range do not change.
        var parts = (0..<count).map { Float($0 + 1) }
        let range = count / 3..<count - count / 4
        mask.clear(&parts, in: range)
        for index in 0..<count {
            #expect(parts[index] == (range.contains(index) ? values[index] : Float(index + 1)))
        }
        #expect(mask.removedCount(in: 0..<count) == removed.count)
        #expect(mask.removedCount(in: count - 1..<count) == 1)
        #expect(ParameterMask(count: count, words: mask.words) == mask)
    }

    @Test("Words of another length, or with bits past the end, are refused")
    func foreign() {
        #expect(ParameterMask(count: 65, words: [0]) == nil)
        #expect(ParameterMask(count: 64, words: [0, 0]) == nil)
        #expect(ParameterMask(count: 65, words: [0, 2]) == nil)
        #expect(ParameterMask(count: 65, words: [-1, 1]) != nil)
        #expect(ParameterMask(count: 64, words: [-1]) != nil)
    }
}
