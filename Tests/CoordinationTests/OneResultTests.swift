import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Runs
import TestSupport
import Testing
import Training

/// A study's result depends on the study and its data, not on ranks or interruptions.
@Suite("One result")
struct OneResultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let changes: [String: JSONValue]
        init(_ name: String, _ changes: [String: JSONValue]) {
            (testDescription, self.changes) = (name, changes)
        }
    }

    static let cases =
        [
            Case("standard", [:]),
            Case(
                "everything private, uniform, no dropout, cls",
                [
                    "sharing": ["weight": "private", "bias": "private", "norm": "private"],
                    "sampler": ["name": "uniform"], "dropout.hidden": 0, "dropout.attention": 0,
                    "head": ["pooling": "cls", "dropout": 0],
                ]),
            Case(
                "groups, round robin, pooler, best mean",
                [
                    "sharing": [
                        "weight": "groups", "bias": ["0": "all", "1-2": "private"],
                        "groups": ["texts": ["size", "colour"]],
                    ], "sampler": ["name": "roundrobin"], "head": ["pooling": "pooler"],
                    "evaluation.keep": "mean",
                ]),
            Case(
                "annealed, held-out examples, both norms at the projection",
                [
                    "sampler": ["name": "annealed"], "evaluation.heldOut": 0.3, "evaluation.keep": "last",
                    "adapter": ["method": "hadamard", "site": "projection", "norm": "both"],
                ]),
            Case(
                "temperature, patience, uneven micro-batches",
                [
                    "sampler": ["name": "temperature", "temperature": 2, "cap": 15], "batch.examples": 11,
                    "evaluation.patience": 1, "evaluation.every": 1,
                ]),
            Case(
                "weighted, one stage",
                [
                    "sampler": ["name": "weighted", "weights": ["colour": 1, "pair": 0.2, "size": 3]],
                    "stages.head.steps": 0, "stages.adapter.trainHead": false,
                ]),
            Case(
                "in groups, without agreement",
                [
                    "combination.agreement": "off",
                    "sharing": ["weight": "groups", "groups": ["texts": ["size", "colour"]]],
                ]),
            Case(
                "heads with a tanh layer, activations cached",
                [
                    "head": ["pooling": "cls", "dense": "tanh", "dropout": 0.2], "sharing.weight": "private",
                    "dropout.hidden": 0, "dropout.attention": 0, "stages.adapter.trainHead": true,
                ]),
            Case(
                "heads with a ReLU layer that the adapter stage leaves alone",
                ["head": ["dense": "relu"], "stages.adapter.trainHead": false]),
            Case("products in bfloat16", ["arithmetic": "bfloat16"]),
            Case(
                "products in bfloat16, dropout nowhere, activations cached",
                [
                    "arithmetic": "bfloat16", "dropout.hidden": 0, "dropout.attention": 0,
                    "adapter": ["method": "lora", "layers": "2"],
                ]),
            Case("pruned by SNIP", ["adapter": PruningTests.adapter()]),
            Case("the published pruned adapter", ["adapter": ["method": "sparse", "examples": 9]]),
            Case(
                "private adapters, twice as wide, pruned by GraSP",
                [
                    "adapter": PruningTests.adapter(["score": "grasp", "largeSparse": 2]),
                    "sharing.weight": "private",
                ]),
        ] + families

    /// Every computation of the families, fully tuned, since that trains what is theirs alone.
    private static let families = TinyModel.families.map { family in
        Case(
            "fully tuned \(family)",
            [
                "backbone": .string(TinyModel.directory(of: family)), "adapter": ["method": "full"],
                "head": ["pooling": "mean"],
            ])
    }

    private func train(
        _ changes: [String: JSONValue], ranks: Int, into folder: TemporaryFolder
    ) throws -> TrainedFiles {
        #expect(try TinyStudy(changes).train(ranks: ranks, into: folder).ending == .finished)
        return try TrainedFiles(folder)
    }

    @Test(
        "Any number of ranks, with or without a dedicated coordinator, gives the same bits", arguments: cases)
    func ranks(_ test: Case) throws {
        let expected = try train(test.changes, ranks: 1, into: TemporaryFolder())
        for (ranks, role) in [2, 3, 4].map({ ($0, "computes") }) + [2, 3, 4, 5].map({ ($0, "dedicated") }) {
            var changes = test.changes
            changes["coordinator"] = .string(role)
            let found = try train(changes, ranks: ranks, into: TemporaryFolder())
            #expect(found.difference(from: expected) == nil, "\(ranks) ranks, rank 0 \(role)")
        }
    }

    @Test("Summed before they travel, gradients of shared parameters give the same bits in fewer bytes")
    func summed() throws {
        let measured = try TemporaryFolder()
        let apart = try TinyStudy().train(into: measured)
        let expected = try TrainedFiles(measured)
        #expect(apart.results?.sharedGradients == .perTask)
        for ranks in 1...4 {
            let folder = try TemporaryFolder()
            let outcome = try TinyStudy(["combination.agreement": "off"]).train(ranks: ranks, into: folder)
            #expect(try TrainedFiles(folder).adapters == expected.adapters, "\(ranks) ranks")
            #expect(outcome.results?.sharedGradients == .summed)
            for (found, apart) in zip(outcome.steps, apart.steps) {
                // The three tasks share 288 values of 8 bytes in the adapter stage; heads are private.
                let rows = found.stage == .adapter ? found.losses.names.count : 0
                // The squared norm of each of 12 shared tensors has an exponent of 4 bytes, and 8 bytes.
                let bytes = max(0, rows - 1) * 288 * 8 + rows * 12 * (4 + 8)
                #expect(apart.bytes - found.bytes == bytes, "step \(found.step)")
                #expect(found.losses == apart.losses && found.gradientNorm == apart.gradientNorm)
            }
        }
    }

    @Test("Each step's report is the same on any number of ranks")
    func events() throws {
        let expected = try TinyStudy().train(into: TemporaryFolder())
        let found = try TinyStudy().train(ranks: 3, into: TemporaryFolder())
        #expect(expected.steps.count == 12 && found.steps.count == 12)
        for (a, b) in zip(found.steps, expected.steps) {
            #expect(
                a.losses == b.losses)
            #expect(a.microBatches.map(\.task) == b.microBatches.map(\.task))
            #expect(a.microBatches.map(\.examples) == b.microBatches.map(\.examples))
            #expect(a.gradientNorm == b.gradientNorm && a.tokens == b.tokens)
        }
        for (a, b) in zip(found.evaluations, expected.evaluations) {
            #expect(a.scores.map(\.score) == b.scores.map(\.score))
        }
        #expect(found.results == expected.results && found.results != nil)
    }

    @Test("Losses of millions and more are summed to the same bits on any number of ranks")
    func largeLosses() throws {
        let data = try TinyData()
        try data.replace("label\n", by: "label\na red cat\t90000\nthe dog\t2000000\n", in: "size.train.tsv")
        func run(_ ranks: Int) throws -> [StepReport] {
            let study = try TinyStudy(
                ["tasks.2.range": [0, 2_000_000], "sampler": ["name": "roundrobin"]], data: data)
            let outcome = try study.train(ranks: ranks, into: TemporaryFolder())
            #expect(outcome.ending == .finished)
            return outcome.steps
        }
        let expected = try run(1)
        let losses = expected.compactMap { $0.losses["size"] }
        #expect((losses.max() ?? 0) > 1e9, "a loss is an error's square")
        for ranks in 2...4 {
            for (found, expected) in zip(try run(ranks), expected) {
                #expect(found.losses.values == expected.losses.values)
                #expect(found.gradientNorm == expected.gradientNorm)
            }
        }
    }

    @Test(
        "A checkpoint contains no state that cannot become the result", arguments: ["best", "mean", "last"])
    func tensors(keep: String) throws {
        let folder = try TemporaryFolder()
        _ = try train(["evaluation.keep": .string(keep)], ranks: 1, into: folder)
        let newest = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let names = newest.tensors.map(\.name)
        #expect(names.contains("best mean") == (keep == "mean"))
        #expect(names.contains("best.colour") == (keep == "best"))
    }

    @Test("Another seed gives other bits")
    func seeds() throws {
        let first = try train([:], ranks: 1, into: TemporaryFolder())
        let second = try train(["seed": 43], ranks: 1, into: TemporaryFolder())
        #expect(second.difference(from: first) != nil)
    }

    // MARK: Interruptions

    @Test("Stopped after any step and resumed on other ranks, a run ends in the same bits", arguments: 0..<12)
    func stopped(after steps: Int) throws {
        let whole = try TemporaryFolder()
        let results = try TinyStudy().train(into: whole).results
        let expected = try TrainedFiles(whole)
        for (first, second) in [(1, 3), (3, 1), (2, 4)] {
            let folder = try TemporaryFolder()
            let run = try TinyStudy().train(ranks: first, into: folder, stopAfter: steps)
            #expect(run.ending == .stopped && run.steps.count == steps)
            #expect(!FileManager.default.fileExists(atPath: folder.file("adapters")))
            let resumed = try TinyStudy().train(ranks: second, into: folder, resuming: true)
            #expect(resumed.ending == .finished && resumed.steps.count == 12 - steps)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "\(first), then \(second)")
            #expect(resumed.results == results)
        }
    }

    @Test("The same holds for every kind of study", arguments: cases)
    func stoppedCases(_ test: Case) throws {
        let expected = try train(test.changes, ranks: 2, into: TemporaryFolder())
        for steps in [1, 4, 5] {
            let folder = try TemporaryFolder()
            let run = try TinyStudy(test.changes).train(ranks: 2, into: folder, stopAfter: steps)
            #expect(run.ending == .stopped)
            var changes = test.changes
            changes["coordinator"] = "dedicated"
            #expect(try train(resuming: changes, ranks: 3, folder).difference(from: expected) == nil)
        }
    }

    private func train(
        resuming changes: [String: JSONValue], ranks: Int, _ folder: TemporaryFolder
    ) throws -> TrainedFiles {
        #expect(try TinyStudy(changes).train(ranks: ranks, into: folder, resuming: true).ending == .finished)
        return try TrainedFiles(folder)
    }

    @Test("Paused at points of its adapter stage and continued on other ranks, a run ends in the same bits")
    func paused() throws {
        let whole = try TemporaryFolder()
        let results = try TinyStudy().train(into: whole).results
        let folder = try TemporaryFolder()
        let points: [(PausePoint, steps: Int)] = [
            (.beforeAdapters, 5), (.adapterSteps(2), 2), (.adapterSteps(4), 2), (.adapterSteps(4), 0),
        ]
        for (index, (point, steps)) in points.enumerated() {
            let run = try TinyStudy().train(
                ranks: 1 + index % 3, into: folder, resuming: index > 0, pausePoint: point)
            #expect(run.ending == .paused && run.steps.count == steps, "\(point)")
        }
        // A point beyond the last step is never reached.
        let last = try TinyStudy().train(
            ranks: 2, into: folder, resuming: true, pausePoint: .adapterSteps(100))
        #expect(last.ending == .finished && last.results == results)
        #expect(try TrainedFiles(folder).difference(from: TrainedFiles(whole)) == nil)
    }

    @Test("A stop request on another rank stops all ranks after that step")
    func stoppedByAnother() throws {
        let expected = try train([:], ranks: 1, into: TemporaryFolder())
        let folder = try TemporaryFolder()
        let run = try TinyStudy().train(ranks: 3, into: folder, stopAfter: 4, stopper: 2)
        #expect(run.ending == .stopped && run.steps.count == 4)
        #expect(try train(resuming: [:], ranks: 2, folder).difference(from: expected) == nil)
    }

    @Test("A stop request after the last step stops before the results, which resuming then writes")
    func stoppedAtTheEnd() throws {
        let expected = try train([:], ranks: 1, into: TemporaryFolder())
        let folder = try TemporaryFolder()
        #expect(try TinyStudy().train(ranks: 2, into: folder, stopAfter: 12).ending == .stopped)
        #expect(!FileManager.default.fileExists(atPath: folder.file("adapters")))
        #expect(try train(resuming: [:], ranks: 3, folder).adapters == expected.adapters)
    }

    @Test("Stopped again and again, a run ends in the same bits")
    func stoppedOften() throws {
        let expected = try train([:], ranks: 1, into: TemporaryFolder())
        let folder = try TemporaryFolder()
        for ranks in [1, 2, 3, 4, 2] {
            let run = try TinyStudy().train(
                ranks: ranks, into: folder, resuming: true, stopAfter: ranks == 4 ? 0 : 2)
            #expect(run.ending == .stopped)
        }
        #expect(try train(resuming: [:], ranks: 1, folder).difference(from: expected) == nil)
    }

    @Test("After a crash, a run resumes from the checkpoint before it", arguments: [3, 6, 9])
    func crashed(after step: Int) throws {
        let whole = try TemporaryFolder()
        let expected = try train([:], ranks: 1, into: whole)
        let folder = try TemporaryFolder(copying: whole.path)
        try FileManager.default.removeItem(atPath: folder.file("adapters"))
        for later in try Checkpoint.steps(in: folder.file("checkpoints")) where later > step {
            try FileManager.default.removeItem(atPath: folder.file("checkpoints/step-\(later)"))
        }
        let run = try TinyStudy().train(ranks: 3, into: folder, resuming: true)
        #expect(run.steps.first?.step == step + 1)
        #expect(try TrainedFiles(folder).difference(from: expected) == nil)
    }

    @Test("A damaged checkpoint is reported and skipped")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let expected = try train([:], ranks: 1, into: folder)
        let newest = "checkpoints/step-12/state.safetensors"
        try folder.write(try folder.read(newest).dropLast(), to: newest)
        let run = try TinyStudy().train(ranks: 2, into: folder, resuming: true)
        let warnings = run.events.compactMap { if case .warned(let failure) = $0 { failure } else { nil } }
        // The second is about copies of the shared adapter.
        #expect(warnings.map(\.location) == [folder.file(newest), "evaluation.keep"])
        #expect(run.steps.map(\.step) == [10, 11, 12])
        #expect(try TrainedFiles(folder).difference(from: expected) == nil)
    }

    @Test("A run without an undamaged checkpoint fails on every rank")
    func allDamaged() throws {
        let folder = try TemporaryFolder()
        _ = try train([:], ranks: 1, into: folder)
        for step in try Checkpoint.steps(in: folder.file("checkpoints")) {
            try folder.write("", to: "checkpoints/step-\(step)/checkpoint.json")
        }
        for failure in try TinyStudy().failures(ranks: 2, into: folder, resuming: true) {
            #expect(failure.kind == .data && failure.message.hasPrefix("holds no whole checkpoint: "))
        }
    }

    @Test("A finished run that is resumed takes no step and leaves the same files")
    func finishedAgain() throws {
        let folder = try TemporaryFolder()
        let expected = try train([:], ranks: 2, into: folder)
        let run = try TinyStudy().train(ranks: 3, into: folder, resuming: true)
        #expect(run.ending == .finished && run.steps.isEmpty)
        #expect(try TrainedFiles(folder).difference(from: expected) == nil)
    }
}
