import Coordination
import Encoders
import Formats
import Foundation
import Runs
import TestSupport
import Testing
import Training

/// Properties of a run of every method in the table, in every setting of its cases.
@Suite("Runs of every method")
struct MethodRunTests {
    /// The study of a case, with some kinds of parameters shared by all tasks and others private.
    private func changes(_ test: MethodCase) -> [String: JSONValue] {
        [
            "adapter": test.section, "stages.head.steps": 2, "stages.adapter.steps": 4,
            "sharing": ["weight": "all", "bias": "private", "norm": "all"],
            "checkpoint": ["every": 2, "keep": 9],
            // A trained pooler is refused if the head does not read it.
            "head.pooling": test.trainsPooler ? "pooler" : "mean",
        ]
    }

    @Test("Any number of ranks and a stop in between give the same bits", arguments: MethodCase.all)
    func oneResult(_ test: MethodCase) throws {
        let changes = changes(test)
        let folder = try TemporaryFolder()
        let outcome = try TinyStudy(changes).train(into: folder)
        #expect(outcome.ending == .finished)
        let expected = try TrainedFiles(folder)
        for ranks in 2...4 {
            let folder = try TemporaryFolder()
            _ = try TinyStudy(changes).train(ranks: ranks, into: folder)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "\(ranks) ranks")
        }
        for stop in [2, 4] {
            let folder = try TemporaryFolder()
            let run = try TinyStudy(changes).train(ranks: 3, into: folder, stopAfter: stop)
            #expect(run.ending == .stopped)
            _ = try TinyStudy(changes).train(ranks: 2, into: folder, resuming: true)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "stopped after \(stop)")
        }
    }

    @Test(
        "BF16 weights give the same bits where they lie and as floats",
        arguments: MethodCase.all.filter { !$0.readsTrainedAdapters })
    func weightsInPlace(_ test: MethodCase) throws {
        var changes = changes(test)
        let backbone = try TemporaryFolder(copying: TinyModel.directory)
        let file = "model.safetensors"
        try backbone.write(Data(contentsOf: URL(filePath: "\(TinyModel.variant("bf16"))/\(file)")), to: file)
        changes["backbone"] = .string(backbone.path)
        changes["arithmetic"] = "bfloat16"
        let (mapped, converted) = (try TemporaryFolder(), try TemporaryFolder())
        let study = try TinyStudy(changes)
        #expect(study.context.model.weights.mappedBytes > 0)
        _ = try study.train(into: mapped)
        _ = try TinyStudy(changes, converted: true).train(into: converted)
        #expect(try TrainedFiles(mapped).difference(from: TrainedFiles(converted)) == nil)
    }

    @Test("The adapter stage lowers the losses of what it trains", arguments: MethodCase.all)
    func learns(_ test: MethodCase) throws {
        var changes = changes(test)
        changes["sharing"] = ["weight": "private", "bias": "private", "norm": "private"]
        changes["stages.adapter.steps"] = 30
        changes["stages.head.steps"] = 0
        changes["stages.adapter.trainHead"] = true
        changes["dropout"] = ["hidden": 0, "attention": 0]
        let steps = try TinyStudy(changes).train(into: TemporaryFolder()).steps
        func mean(_ reports: ArraySlice<StepReport>) -> Double {
            let losses = reports.flatMap { $0.losses.values }
            return losses.reduce(0, +) / Double(losses.count)
        }
        #expect(mean(steps.suffix(8)) < mean(steps.prefix(8)))
    }
}
