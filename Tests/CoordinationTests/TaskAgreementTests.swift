import Adapters
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import TestSupport
import Testing
import Training

/// The measured agreement of tasks, computed again from the gradient of each example.
@Suite("Agreement of tasks")
struct TaskAgreementTests {
    /// A rate that moves no parameter, so that all steps have the gradients of the initial ones.
    private static let changes: [String: JSONValue] = [
        "sharing": [
            "weight": "groups", "bias": "all", "norm": "all", "groups": ["two": ["colour", "size"]],
        ],
        "dropout": ["hidden": 0, "attention": 0], "head.dropout": 0, "sampler.name": "roundrobin",
        "optimizer": ["weightDecay": 0, "clip": 0], "evaluation": ["every": 0, "keep": "last"],
        "stages": [
            "head": ["steps": 0], "adapter": ["learningRate": 1e-30, "trainHead": false, "warmup": 0.5],
        ],
    ]

    private static func study(steps: Int, examples: Int, microBatch: Int) throws -> TinyStudy {
        var all = changes
        all["stages.adapter.steps"] = .integer(steps)
        all["batch"] = ["examples": .integer(examples), "microBatch": .integer(microBatch)]
        all["debug"] = ["dumpGradients": .integer(examples == 1 ? steps : 0)]
        return try TinyStudy(all)
    }

    /// The gradient of each example's loss: by task and example, a vector for each block of the store.
    private static func gradients(_ store: ParameterStore) throws -> [String: [Int: [[Double]]]] {
        let folder = try TemporaryFolder()
        let steps = try study(steps: 63, examples: 1, microBatch: 1).train(into: folder).steps
        var all: [String: [Int: [[Double]]]] = [:]
        for step in steps {
            let task = step.microBatches[0].task
            let file = try SafetensorsFile(path: folder.file("reference/step-\(step.step).safetensors"))
            all[task, default: [:]][step.microBatches[0].examples[0]] = try store.blocks.map { block in
                let name = "gradients/\(task)/\(block.slice.name)"
                return try file.names.contains(name) ? file.floats(name).map { Double($0) } : []
            }
        }
        return all
    }

    /// Sums over steps for one part, as plainly as they can be written.
    private struct Plain {
        var cosines = 0.0, affinities = 0.0, steps = 0.0
        var products = 0.0, pairs = 0.0
        var own = [0.0, 0.0], ownPairs = [0.0, 0.0]
        var squares = [0.0, 0.0], squaredCounts = 0.0, examples = 0.0

        /// Whether a squared norm is so near to 0 that rounding errors make it.
        var isUnclear: Bool { zip(own, squares).contains { abs($0) < 1e-2 * $1 } }
    }

    private static func product(_ a: [[Double]], _ b: [[Double]], _ blocks: [Int]) -> Double {
        var total = 0.0
        for block in blocks { for (x, y) in zip(a[block], b[block]) { total += x * y } }
        return total
    }

    private static func sum(_ vectors: [[[Double]]]) -> [[Double]] {
        var total = vectors[0]
        for vector in vectors.dropFirst() {
            for block in total.indices {
                for i in total[block].indices { total[block][i] += vector[block][i] }
            }
        }
        return total
    }

    /// The sums for tasks i and j on the blocks that are in the part and that both share.
    private static func plain(
        _ i: String, _ j: String, _ blocks: [Int], _ steps: [StepReport], _ kinds: [ParameterKind],
        _ gradients: [String: [Int: [[Double]]]]
    ) throws -> Plain {
        var plain = Plain()
        for step in steps {
            func contributions(_ task: String) throws -> [(count: Double, gradient: [[Double]])] {
                try step.microBatches.filter { $0.task == task }.map { microBatch in
                    let own = try microBatch.examples.map { try #require(gradients[task]?[$0]) }
                    return (Double(own.count), sum(own))
                }
            }
            let both = try [contributions(i), contributions(j)]
            for (index, own) in both.enumerated() where !own.isEmpty {
                let total = sum(own.map(\.gradient))
                let squares = own.reduce(0) { $0 + product($1.gradient, $1.gradient, blocks) }
                let count = own.reduce(0) { $0 + $1.count }
                let squaredCounts = own.reduce(0) { $0 + $1.count * $1.count }
                plain.own[index] += product(total, total, blocks) - squares
                plain.ownPairs[index] += count * count - squaredCounts
                plain.squares[index] += squares
                if index == 0 {
                    plain.squaredCounts += squaredCounts
                    plain.examples += count
                }
            }
            if both.contains(where: \.isEmpty) { continue }
            let totals = both.map { sum($0.map(\.gradient)) }
            let counts = both.map { $0.reduce(0) { $0 + $1.count } }
            let dot = product(totals[0], totals[1], blocks)
            plain.products += dot
            plain.pairs += counts[0] * counts[1]
            let norms = totals.map { product($0, $0, blocks).squareRoot() }
            if norms.contains(0) { continue }
            plain.cosines += dot / (norms[0] * norms[1])
            var rated = 0.0
            for block in blocks {
                let rate = try #require(step.learningRates[kinds[block].rawValue])
                rated += rate * product(totals[0], totals[1], [block])
            }
            let loss = try #require(step.losses[j])
            plain.affinities += rated / (counts[0] * counts[1] * loss)
            plain.steps += 1
        }
        return plain
    }

    private func check(_ found: Double?, _ expected: Double?, _ name: String) {
        guard let found, let expected else {
            #expect(found == nil && expected == nil, "\(name): \(String(describing: (found, expected)))")
            return
        }
        #expect(abs(found - expected) <= 2e-3 * abs(expected) + 1e-6, "\(name): \(found), not \(expected)")
    }

    @Test(
        "Cosines, affinities and noise scales are those of the examples' gradients, in every part and third")
    func numbers() throws {
        let study = try Self.study(steps: 9, examples: 16, microBatch: 2)
        let store = study.context.store
        let gradients = try Self.gradients(store)
        let outcome = try study.train(ranks: 2, into: TemporaryFolder())
        let agreement = try #require(outcome.results?.stages.last?.agreement)
        #expect(agreement.tasks == ["colour", "pair", "size"] && agreement.thirds.count == 3)
        let kinds = store.blocks.map(\.slice.kind)
        var noisy = 0
        var periods: [(TaskAgreement.Period, [StepReport])] = [(agreement.whole, outcome.steps)]
        for (third, period) in agreement.thirds.enumerated() {
            periods.append((period, Array(outcome.steps[3 * third..<3 * third + 3])))
        }
        for (period, steps) in periods {
            #expect(
                period.parts.map(\.name)
                    == ["all", "weight", "bias", "norm", "layer.0", "layer.1", "layer.2"])
            for part in period.parts {
                let blocks = store.blocks.indices.filter { index in
                    let slice = store.blocks[index].slice
                    if store.blocks[index].tasks.count < 2 { return false }
                    if let kind = part.kind { return kind == slice.kind.rawValue }
                    return part.layer == nil || part.layer == slice.layer
                }
                for (i, task) in agreement.tasks.enumerated() {
                    for (j, other) in agreement.tasks.enumerated() {
                        let shared = blocks.filter { Set(store.blocks[$0].tasks).isSuperset(of: [i, j]) }
                        let name = "\(part.name): \(task), \(other)"
                        let plain = try Self.plain(task, other, shared, steps, kinds, gradients)
                        let norms = zip(plain.own, plain.ownPairs).map { $0 / $1 }
                        if i == j {
                            let square = norms[0]
                            let noise = (plain.squares[0] - plain.squaredCounts * square) / plain.examples
                            if !shared.isEmpty, plain.isUnclear { continue }
                            noisy += 1
                            check(part.noiseScale[i], noise > 0 && square > 0 ? noise / square : nil, name)
                            continue
                        }
                        let joint = steps.count { $0.losses[task] != nil && $0.losses[other] != nil }
                        #expect(period.steps[i][j] == joint)
                        let hasAny = !shared.isEmpty && plain.steps > 0
                        check(part.cosine[i][j], hasAny ? plain.cosines / plain.steps : nil, name)
                        check(
                            part.affinity[i][j].map { $0 * 1e30 },
                            hasAny ? plain.affinities / plain.steps * 1e30 : nil, name)
                        if hasAny, plain.isUnclear { continue }
                        let isKnown = hasAny && norms.allSatisfy { $0 > 0 }
                        let corrected = plain.products / plain.pairs / (norms[0] * norms[1]).squareRoot()
                        check(part.correctedCosine[i][j], isKnown ? corrected : nil, name)
                    }
                }
            }
        }
        #expect(noisy > 20)
        let pairAlone = try #require(agreement.whole.parts.first { $0.kind == "weight" })
        #expect(pairAlone.cosine[0][1] == nil && pairAlone.cosine[0][2] != nil)
    }

    @Test("Equal examples have no noise, so correcting for it changes nothing")
    func withoutNoise() throws {
        let folder = try TemporaryFolder()
        for (name, text) in [("one", "the red cat"), ("an-other", "a dog runs")] {
            for split in ["train", "dev"] {
                let lines = (0..<20).map { _ in "\(text)\twarm" }
                try folder.write(
                    (["text\tlabel"] + lines).joined(separator: "\n") + "\n", to: "\(name).\(split).tsv")
            }
        }
        func task(_ name: String) -> JSONValue {
            [
                "name": .string(name), "train": .string("\(name).train.tsv"),
                "dev": .string("\(name).dev.tsv"), "labels": ["warm", "cold"],
            ]
        }
        var changes = Self.changes
        changes.removeValue(forKey: "sharing")
        changes["data"] = .string(folder.path)
        changes["tasks"] = [task("one"), task("an-other")]
        changes["stages.adapter.steps"] = 3
        changes["batch"] = ["examples": 8, "microBatch": 2]
        let outcome = try TinyStudy(changes).train(into: TemporaryFolder())
        let agreement = try #require(outcome.results?.stages.last?.agreement)
        for part in agreement.whole.parts {
            let (raw, corrected) = (part.cosine[0][1] ?? 9, part.correctedCosine[0][1] ?? 99)
            #expect(abs(raw - corrected) < 1e-5, "\(part.name): \(raw), \(corrected)")
            #expect(part.noiseScale.allSatisfy { ($0 ?? 0) < 1e-4 }, "\(part.noiseScale)")
        }
        let curves = try #require(outcome.steps.last?.agreement)
        #expect(curves.cosines.names == ["one+an-other"])
        #expect(abs((curves.cosines["one+an-other"] ?? 9) - (agreement.whole.all?.cosine[0][1] ?? 99)) < 1e-5)
    }

    @Test("A pruned adapter's removed entries do not count, and any number of ranks reports the same")
    func pruned() throws {
        var changes: [String: JSONValue] = ["adapter": PruningTests.adapter()]
        changes["checkpoint"] = ["every": 2, "keep": 9]
        let expected = try TinyStudy(changes).train(into: TemporaryFolder()).results
        #expect(expected?.stages.last?.agreement?.whole.all?.cosine[0][1] != nil)
        let folder = try TemporaryFolder()
        _ = try TinyStudy(changes).train(ranks: 3, into: folder, stopAfter: 8)
        let resumed = try TinyStudy(changes).train(ranks: 2, into: folder, resuming: true)
        #expect(resumed.results == expected)
    }

    @Test("Nothing is measured where nothing is shared, or where the study asks for nothing")
    func unmeasured() throws {
        for changes: [String: JSONValue] in [
            ["combination.agreement": "off"],
            ["sharing": ["weight": "private", "bias": "private", "norm": "private"]],
        ] {
            let outcome = try TinyStudy(changes).train(into: TemporaryFolder())
            #expect(outcome.results?.stages.allSatisfy { $0.agreement == nil } == true)
            #expect(outcome.steps.allSatisfy { $0.gramian == nil })
        }
        // Heads are private, so the head stage has no agreement.
        let stages = try TinyStudy().train(into: TemporaryFolder()).results?.stages
        #expect(stages?.map { $0.agreement == nil } == [true, false])
    }
}
