import Combination
import Diagnostics
import Foundation
import TestSupport
import Testing

/// The weights of every loss weighting, against TorchJD and the sources' formulas.
@Suite("Loss weightings")
struct WeightingTests {
    /// Losses of some steps, and by weighting the weights of each step.
    struct Case: Sendable, Decodable, CustomTestStringConvertible {
        let name: String
        let losses, after, normals: [[Double]]
        let epochs: [Int]
        let weights: [String: [[Double]]]
        var testDescription: String { name }
    }

    private struct Smoothed: Decodable {
        let weights, average: [Double]
    }

    private struct File: Decodable {
        let cases: [Case]
        let smoothing: [Smoothed]
    }

    private static let file: File? = {
        let data = FileManager.default.contents(atPath: "\(Golden.folder)/combination/weightings.json")
        return data.flatMap { try? JSONDecoder().decode(File.self, from: $0) }
    }()

    static let cases = file?.cases ?? []

    private static func tasks(_ test: Case, _ step: Int) -> TaskLosses {
        let losses = test.losses[step]
        return TaskLosses(
            names: losses.indices.map { "\($0)" }, losses: losses,
            shares: losses.map { _ in 1 / Double(losses.count) }, epoch: test.epochs[step],
            normals: test.normals[step])
    }

    /// The weights of each step of a case.
    private static func weights(_ weighting: any LossWeighting, _ test: Case) -> [[Double]] {
        var memory = test.losses[0].map { _ in weighting.start }
        return test.losses.indices.map { step in
            let weights = weighting.weights(tasks(test, step), memory: &memory)
            (weighting as? any HindsightWeighting)?.learn(
                before: test.losses[step], after: test.after[step], memory: &memory)
            return weights
        }
    }

    @Test("Every weighting of the table has its file, its golden and a description of its own")
    func table() throws {
        let folder = URL(filePath: Golden.folder).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Combination/Weightings").path(percentEncoded: false)
        let files = Set(
            try FileManager.default.contentsOfDirectory(atPath: folder).map { $0.dropLast(6).lowercased() })
        let names = WeightingTable.all.map { $0.name }
        let plain = names.map { $0.replacing("-", with: "") }
        #expect(files == Set(plain + [Given.name]) && files.count == names.count + 1)
        for test in Self.cases { #expect(Set(test.weights.keys).union(["examples"]) == Set(names)) }
        #expect(Self.cases.count == 6)
        #expect(Set(WeightingTable.all.map { $0.summary }).count == names.count)
        #expect(WeightingTable.all.allSatisfy { !$0.source.isEmpty })
    }

    @Test("The weights of each step are those of the reference", arguments: cases)
    func golden(_ test: Case) throws {
        for (name, expected) in test.weights {
            let weighting = try #require(WeightingTable.weighting(named: name)).init()
            for (step, (found, expected)) in zip(Self.weights(weighting, test), expected).enumerated() {
                // One formula in double precision; Adam's first steps divide rounding by ε.
                #expect(
                    mismatch(found, expected, Tolerance(absolute: 1e-12, relative: 1e-9), "\(name) \(step)")
                        == nil)
            }
        }
    }

    @Test("Examples weighs by shares, given numbers by task")
    func stateless() {
        let tasks = TaskLosses(
            names: ["a", "b", "c"], losses: [1, 2, 3], shares: [0.5, 0.3, 0.2], epoch: 0, normals: [0, 0, 0])
        var memory: [[Double]] = [[], [], []]
        let examples = WeightingTable.weighting(named: "examples")?.init()
        #expect(examples?.weights(tasks, memory: &memory) == [0.5, 0.3, 0.2])
        #expect(Given(["b": 2.5]).weights(tasks, memory: &memory) == [1, 2.5, 1])
    }

    @Test("A loss of 0 gives finite weights")
    func zeroLoss() {
        let test = Case(
            name: "zero", losses: [[0, 1], [0, 1], [0, 1]], after: [[0, 1], [0, 1], [0, 1]],
            normals: [[0, 0], [0, 0], [0, 0]], epochs: [0, 1, 2], weights: [:])
        for type in WeightingTable.all {
            let weights = Array(Self.weights(type.init(), test).joined())
            #expect(weights.allSatisfy { $0.isFinite }, "\(type.name): \(weights)")
        }
    }

    @Test("Smoothing averages weights as CR-MOGM does")
    func smoothing() throws {
        var average: [Double?] = [nil, nil, nil]
        for step in try #require(Self.file?.smoothing) {
            let found = Smoothing(share: 0.9).average(step.weights, after: average)
            #expect(mismatch(found, step.average, Tolerance(absolute: 1e-14)) == nil)
            average = found
        }
    }
}
