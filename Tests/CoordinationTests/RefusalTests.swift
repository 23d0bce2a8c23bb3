import Coordination
import Diagnostics
import Formats
import Runs
import TestSupport
import Testing
import Training

@Suite("Refused runs")
struct RefusalTests {
    // MARK: Divergence

    @Test(
        "A step that is not finite fails on every rank, names task and step, and saves the state before it",
        arguments: [
            ("head", ["stages.head.learningRate": 1e30]), ("adapter", ["stages.adapter.learningRate": 1e30]),
        ] as [(String, [String: JSONValue])], [1, 3])
    func diverging(_ test: (String, [String: JSONValue]), ranks: Int) throws {
        let folder = try TemporaryFolder()
        var changes = test.1
        changes["evaluation.every"] = 0
        let study = try TinyStudy(changes)
        let failures = try study.failures(ranks: ranks, into: folder)
        #expect(failures.count == ranks && failures.allSatisfy { $0 == failures[0] })
        let failure = failures[0]
        #expect(failure.kind == .data && failure.message.hasSuffix("is not finite"))
        #expect(study.context.names.contains { failure.message.contains("of \($0)") })
        #expect(failure.remedy?.contains("learning rate") == true)
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        // Rates are 0 in the first step of a stage, so the second step is the first that can fail.
        #expect((test.0 == "head" ? 1...3 : 6...8).contains(saved.step))
        #expect(failure.location == "step \(saved.step + 1)")
        let count = study.context.store.count
        #expect(try saved.floats("parameters", count: count).allSatisfy(\.isFinite))

        // Resuming from there with the same study fails in the same step.
        let again = try study.failures(ranks: 2, into: folder, resuming: true)
        #expect(again == [failure, failure])
    }

    @Test("An evaluation that is not finite fails on every rank, and names task and step", arguments: [1, 3])
    func divergingEvaluation(ranks: Int) throws {
        let folder = try TemporaryFolder()
        let study = try TinyStudy([
            "adapter": ["method": "houlsby", "bottleneck": 4], "stages.adapter.learningRate": 1e30,
            "evaluation.every": 1,
        ])
        let failures = try study.failures(ranks: ranks, into: folder)
        #expect(failures.count == ranks && failures.allSatisfy { $0 == failures[0] })
        let failure = failures[0]
        #expect(failure.kind == .data && failure.location?.hasPrefix("step ") == true, "\(failure)")
        #expect(
            study.context.names.contains {
                failure.message == "a logit of \($0) is not finite in the evaluation"
            }, "\(failure)")
    }

    // MARK: Texts

    @Test("Texts that the backbone has no embeddings for are refused")
    func textsBeyondTheTables() throws {
        let folder = try TinyModel.withOneSegment()
        let failure = #expect(throws: Failure.self) {
            _ = try TinyStudy(["backbone": .string(folder.path)])
        }
        #expect(failure?.message == "segment id 1 is outside the backbone's 1 segment")
        #expect(failure?.location == "pair/train")
    }

    // MARK: Ranks

    @Test(
        "More ranks than a step has micro-batches are refused",
        arguments: [("computes", 4, 5), ("dedicated", 5, 6)])
    func tooManyRanks(role: String, most: Int, tooMany: Int) throws {
        let context = try TinyStudy(["coordinator": .string(role)]).context
        #expect(try context.computingRanks(of: most) == Array((role == "dedicated" ? 1 : 0)..<most))
        let failure = #expect(throws: Failure.self) { _ = try context.computingRanks(of: tooMany) }
        #expect(failure?.location == "batch" && failure?.kind == .usage)
        #expect(
            failure?.message.hasPrefix("5 ranks would compute, but a step has only 4 micro-batches") == true)
        #expect(failure?.remedy == "start fewer ranks, or set batch.microBatch to 2 or less")
    }

    @Test("A dedicated coordinator alone is refused")
    func dedicatedAlone() throws {
        let context = try TinyStudy(["coordinator": "dedicated"]).context
        let failure = #expect(throws: Failure.self) { _ = try context.computingRanks(of: 1) }
        #expect(failure?.location == "coordinator")
    }

    // MARK: Another study

    private func stopped() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        _ = try TinyStudy().train(into: folder, stopAfter: 2)
        return folder
    }

    @Test(
        "Resuming with another study names the key",
        arguments: [
            (["seed": 43], "seed", "was 42 when this run began and is now 43"),
            (
                ["stages.adapter.learningRate": 0.5], "stages.adapter.learningRate",
                "was 0.02 when this run began and is now 0.5"
            ),
            (["stages.head.steps": 6, "batch.microBatch": 2], "batch.microBatch", "(and 1 more key)"),
            (["optimizer": ["clip": 2]], "optimizer.clip", "is now 2"),
            (["tasks.0.labels": ["cold", "warm"]], "tasks", "when this run began"),
        ] as [([String: JSONValue], String, String)])
    func otherStudy(changes: [String: JSONValue], place: String, what: String) throws {
        for failure in try TinyStudy(changes).failures(ranks: 2, into: stopped(), resuming: true) {
            #expect(failure.kind == .usage && failure.location == place)
            #expect(failure.message.contains(what), "\(failure)")
        }
    }

    @Test("Resuming with another backbone or other data is refused")
    func otherFiles() throws {
        let backbone = try TinyStudy(backbone: 8).failures(ranks: 2, into: stopped(), resuming: true)
        #expect(backbone.allSatisfy { $0.kind == .data && $0.location == "backbone" })
        let changed = try TinyData()
        try changed.replace("\twarm", by: "\tcold", in: "colour.train.tsv")
        try changed.replace("\n", by: "\na cloud\t1.5\n", in: "size.train.tsv")
        // The evaluation data decide which state is kept.
        try changed.replace("\tnone", by: "\tone", in: "pair.dev.tsv")
        let failures = try TinyStudy(data: changed).failures(ranks: 2, into: stopped(), resuming: true)
        for failure in failures {
            #expect(failure.kind == .data && failure.location == "data")
            #expect(failure.message == "the data of colour, pair, size changed since this run began")
        }
    }

    @Test(
        "Settings that change no bit may differ",
        arguments: [
            ["coordinator": "dedicated"], ["checkpoint.every": 1, "checkpoint.keep": 1],
            ["debug": ["dumpGradients": 2]],
        ] as [[String: JSONValue]])
    func freeKeys(changes: [String: JSONValue]) throws {
        let expected = try TemporaryFolder()
        _ = try TinyStudy().train(into: expected)
        let folder = try stopped()
        #expect(try TinyStudy(changes).train(ranks: 3, into: folder, resuming: true).ending == .finished)
        #expect(try TrainedFiles(folder).adapters == TrainedFiles(expected).adapters)
    }

    @Test("A checkpoint of a run with other tasks or sizes is refused")
    func otherShape() throws {
        let folder = try stopped()
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        // The identity agrees but the values do not: a manipulated file.
        let short = try Checkpoint(
            step: saved.step,
            tensors: saved.tensors.map { tensor in
                guard tensor.name == "parameters" else { return tensor }
                return NamedTensor(name: tensor.name, shape: [1], values: .float([0]))
            }, facts: saved.facts(as: JSONValue.self))
        try short.write(into: folder.file("checkpoints"), keep: 1)
        for failure in try TinyStudy().failures(ranks: 2, into: folder, resuming: true) {
            #expect(failure.message.hasPrefix("the checkpoint of step 2 has no 'parameters' of"))
        }
    }

    @Test("Counts that could overflow are refused", arguments: ["stepCounts", "step"])
    func endlessCounts(name: String) throws {
        let folder = try stopped()
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let tensors = saved.tensors.map { tensor in
            guard tensor.name == name, case .int64(let values) = tensor.values else { return tensor }
            return NamedTensor(
                name: name, shape: tensor.shape, values: .int64(values.map { _ in .max }))
        }
        try Checkpoint(
            step: name == "step" ? .max : saved.step, tensors: tensors, facts: saved.facts(as: JSONValue.self)
        )
        .write(into: folder.file("checkpoints"), keep: 1)
        for failure in try TinyStudy().failures(ranks: 2, into: folder, resuming: true) {
            #expect(
                failure.kind == .data && failure.message.hasSuffix("has no usable '\(name)'"), "\(failure)")
        }
    }

    @Test(
        "Sums for the agreement of tasks that no run makes are refused",
        arguments: [0, 1], [Double.nan, .infinity, -1, 1e300])
    func impossibleAgreement(place: Int, value: Double) throws {
        let folder = try TemporaryFolder()
        let changes: [String: JSONValue] = ["stages.head.steps": 0]
        _ = try TinyStudy(changes).train(into: folder, stopAfter: 2)
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        // The first number counts steps, the last is a sum of squares.
        let tensors = saved.tensors.map { tensor in
            guard tensor.name == "agreement", case .double(var values) = tensor.values else { return tensor }
            values[place == 0 ? 0 : values.count - 1] = value
            return NamedTensor(name: tensor.name, shape: tensor.shape, values: .double(values))
        }
        try Checkpoint(step: saved.step, tensors: tensors, facts: saved.facts(as: JSONValue.self))
            .write(into: folder.file("checkpoints"), keep: 1)
        let study = try TinyStudy(changes)
        if place == 1, value.isFinite {
            #expect(try study.train(into: folder, resuming: true).ending == .finished)
            return
        }
        for failure in try study.failures(ranks: 2, into: folder, resuming: true) {
            #expect(failure.kind == .data && failure.message.hasSuffix("has no usable 'agreement'"))
        }
    }

    @Test("A checkpoint without the sums that the study asks for is refused, as is one with others")
    func otherAgreement() throws {
        let (folder, changes) = (try TemporaryFolder(), ["stages.head.steps": 0] as [String: JSONValue])
        _ = try TinyStudy(changes).train(into: folder, stopAfter: 2)
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let without = saved.tensors.filter { $0.name != "agreement" }
        #expect(without.count == saved.tensors.count - 1)
        func failures(_ tensors: [NamedTensor], stageStep: Int) throws -> [Failure] {
            let facts = try saved.facts(as: JSONValue.self)
                .setting(["progress", "stageStep"], to: .integer(stageStep))
            try Checkpoint(step: saved.step, tensors: tensors, facts: facts)
                .write(into: folder.file("checkpoints"), keep: 1)
            return try TinyStudy(changes).failures(ranks: 2, into: folder, resuming: true)
        }
        for failure in try failures(without, stageStep: 2) {
            #expect(failure.message.hasPrefix("the checkpoint of step 2 has no 'agreement' of"))
            #expect(failure.remedy?.contains("remove step-2") == true)
        }
        for failure in try failures(saved.tensors, stageStep: 0) {
            #expect(failure.message.hasSuffix("has no usable 'agreement'"))
        }
    }

    @Test("Seeds beyond 2^63 are distinguished to the last digit")
    func largeSeeds() throws {
        let folder = try TemporaryFolder()
        _ = try TinyStudy(["seed": .unsigned(.max)]).train(into: folder, stopAfter: 2)
        for failure in try TinyStudy(["seed": .unsigned(.max - 1)]).failures(
            ranks: 1, into: folder, resuming: true)
        {
            #expect(failure.location == "seed")
            #expect(
                failure.message.hasPrefix(
                    "was 18446744073709551615 when this run began and is now 18446744073709551614"))
        }
    }

    @Test(
        "Facts out of range are refused",
        arguments: [
            ("progress.stage", 7), ("progress.stage", -1), ("progress.stageStep", -3),
            ("progress.tasks", []), ("progress.tasks.0.isActive", nil),
            ("progress.evaluatedAt", .integer(.max)), ("progress.evaluatedAt", -1),
            ("progress.tasks.0.evaluationsSinceBest", .integer(.max)),
            ("progress.tasks.1.evaluationsSinceBest", -1), ("history", nil),
            ("positions", [-1, 0, 0]), ("positions", [0, 0]), ("microBatches", -1),
            ("requested", ["inf", 0, 0]), ("requested", [-1, 0, 0]),
        ] as [(String, JSONValue)])
    func tampered(key: String, value: JSONValue) throws {
        let folder = try stopped()
        let saved = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
        let path = key.split(separator: ".")
        let facts = try saved.facts(as: JSONValue.self).setting(path[...], to: value)
        try Checkpoint(step: saved.step, tensors: saved.tensors, facts: facts)
            .write(into: folder.file("checkpoints"), keep: 1)
        for failure in try TinyStudy().failures(ranks: 2, into: folder, resuming: true) {
            #expect(failure.kind == .data && failure.message.contains("\(path.last ?? "")'"), "\(failure)")
        }
    }
}
