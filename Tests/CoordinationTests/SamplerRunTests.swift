import Collectives
import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Sampling
import Studies
import TestSupport
import Testing
import Training

/// Runs with every sampler, drawn in both ways.
@Suite("Samplers in runs")
struct SamplerRunTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let sampler: String
        let draw: SamplerSettings.DrawMode
        var testDescription: String { "\(sampler), \(draw.rawValue)" }

        static let all = SamplerTable.all.flatMap { sampler in
            SamplerSettings.DrawMode.allCases.map { Case(sampler: sampler.name, draw: $0) }
        }

        var isAdaptive: Bool { SamplerTable.sampler(named: sampler)?.init().isAdaptive == true }

        /// A study in which scores and losses move the shares.
        var changes: [String: JSONValue] {
            let numbers: JSONValue = ["colour": 0.9, "pair": 0.5, "size": 0.7]
            let keys: [String: JSONValue] =
                switch sampler {
                case "weighted": ["weights": numbers]
                case "gap": ["reference": numbers]
                case "reference-loss": ["reference": ["colour": 0.1, "pair": 0.9, "size": 3]]
                case "bandit": ["scale": 1]
                case "stop-and-go": ["patience": 0]
                default: [:]
                }
            return [
                "sampler": .object(
                    [("name", .string(sampler)), ("draw", .string(draw.rawValue))]
                        + keys.map { ($0.key, $0.value) }),
                "batch": ["examples": 11, "microBatch": 3], "evaluation.every": 1,
                "stages.head.steps": 3, "stages.adapter.steps": 5, "evaluation.patience": 3,
            ]
        }
    }

    private func train(
        _ changes: [String: JSONValue], ranks: Int, into folder: TemporaryFolder
    ) throws -> TrainedFiles {
        #expect(try TinyStudy(changes).train(ranks: ranks, into: folder).ending == .finished)
        return try TrainedFiles(folder)
    }

    @Test("Any number of ranks and a stop in between give the same bits", arguments: Case.all)
    func oneResult(_ test: Case) throws {
        let folder = try TemporaryFolder()
        let outcome = try TinyStudy(test.changes).train(into: folder)
        let expected = try TrainedFiles(folder)
        for ranks in 2...4 {
            let found = try train(test.changes, ranks: ranks, into: TemporaryFolder())
            #expect(found.difference(from: expected) == nil, "\(ranks) ranks")
        }
        for stop in [2, 4, 5] {
            let folder = try TemporaryFolder()
            _ = try TinyStudy(test.changes).train(ranks: 3, into: folder, stopAfter: stop)
            let resumed = try TinyStudy(test.changes).train(ranks: 2, into: folder, resuming: true)
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "stopped after \(stop)")
            #expect(resumed.results == outcome.results)
        }
        // The losses or scores have moved an adaptive sampler's shares.
        let shares = outcome.evaluations.compactMap { $0.probabilities?.values }
        if test.isAdaptive { #expect(Set(shares).count > 1, "\(shares)") }
    }

    @Test("A checkpoint between an evaluation and the next step has the scores of the evaluation")
    func stoppedAfterEvaluation() throws {
        let reference: JSONValue = ["colour": 1, "pair": 0.4, "size": 0.9]
        let changes: [String: JSONValue] = [
            "sampler": ["name": "gap", "reference": reference], "evaluation.every": 2,
            // The checkpoint of a step is written after its evaluation, and before the next step is drawn.
            "checkpoint": ["every": 2, "keep": 9], "stages.head.steps": 0, "stages.adapter.steps": 8,
        ]
        let whole = try TemporaryFolder()
        let outcome = try TinyStudy(changes).train(into: whole)
        let expected = try TrainedFiles(whole)
        for step in [2, 4, 6] {
            // A copy as a kill right after the checkpoint leaves it.
            let folder = try TemporaryFolder(copying: whole.path)
            try FileManager.default.removeItem(atPath: folder.file("adapters"))
            for later in try Checkpoint.steps(in: folder.file("checkpoints")) where later > step {
                try FileManager.default.removeItem(atPath: folder.file("checkpoints/step-\(later)"))
            }
            let checkpoint = try #require(Checkpoint.newest(in: folder.file("checkpoints")).checkpoint)
            let facts: JSONValue = try checkpoint.facts()
            #expect(checkpoint.step == step && facts["progress"]?["evaluatedAt"]?.int == step)
            #expect(facts["sampler"]?["updates"]?.int == step / 2)
            let resumed = try TinyStudy(changes).train(ranks: 3, into: folder, resuming: true)
            #expect(resumed.evaluations.first?.step == step + 2, "the evaluation is not repeated")
            #expect(try TrainedFiles(folder).difference(from: expected) == nil, "after step \(step)")
            #expect(resumed.results == outcome.results)
        }
        // The plan drawn ahead of the evaluation is not the one that was taken.
        let deaf = try TemporaryFolder()
        _ = try TinyStudy(changes.merging(["sampler": "uniform"]) { $1 }).train(into: deaf)
        #expect(try TrainedFiles(deaf).adapters != expected.adapters)
    }

    @Test("After each evaluation the gap sampler asks for the distances to the reference")
    func gap() throws {
        let reference = ["colour": 1.5, "pair": 2.0, "size": 3.0]
        let run = try TinyStudy([
            "sampler": [
                "name": "gap", "reference": .object(reference.map { ($0.key, .number($0.value)) }),
            ], "evaluation.every": 2,
        ]).train(into: TemporaryFolder())
        #expect(run.evaluations.count == 7)
        for report in run.evaluations {
            let gaps = report.scores.map { abs((reference[$0.task] ?? 0) - $0.score) }
            let expected = gaps.map { $0 / gaps.reduce(0, +) }
            let found = try #require(report.probabilities).values
            #expect(mismatch(found, expected, Tolerance(absolute: 1e-12)) == nil)
        }
        // Each stage begins with equal shares.
        let first = try #require(run.evaluations.first { $0.stage == .adapter }?.drawn)
        #expect(first.values.allSatisfy { abs($0.requested - 1 / 3) < 1e-12 })
    }

    @Test("Each evaluation reports the shares so far, and the last those of the results")
    func shares() throws {
        let run = try TinyStudy().train(ranks: 2, into: TemporaryFolder())
        for (stage, steps) in [(StageName.head, 5), (.adapter, 7)] {
            let reports = run.evaluations.filter { $0.stage == stage }
            let before = stage == .head ? 0 : 5
            for report in reports {
                let drawn = try #require(report.drawn)
                #expect(drawn.names == ["colour", "pair", "size"])
                let done = report.step - before
                #expect(drawn.values.reduce(0) { $0 + $1.examples } == 12 * done)
                for (share, size) in zip(drawn.values, [21.0, 13, 9]) {
                    #expect(abs(share.requested - size / 43) < 1e-12)
                    // Micro-batches of 3 examples.
                    #expect(abs(Double(share.examples) - 12 * Double(done) * share.requested) < 3)
                }
            }
            let result = run.results?.stages.first { $0.stage == stage }
            #expect(reports.last?.step == before + steps && reports.last?.drawn == result?.drawn)
        }
    }

    // MARK: References

    /// A study whose reference is a run in `folder`, read as the program reads it.
    private func referring(
        to folder: TemporaryFolder, _ sampler: String, _ changes: [String: JSONValue] = [:]
    ) throws -> Study {
        let section: JSONValue = ["name": .string(sampler), "reference": .string(folder.path)]
        return try TinyStudy.decode(changes.merging(["sampler": section]) { $1 }).readingReferences()
    }

    /// Trains a run whose directory is read as a reference, with its journal and results.
    private func reference(_ changes: [String: JSONValue] = [:]) throws -> TemporaryFolder {
        let (study, folder) = (try TinyStudy(changes), try TemporaryFolder())
        let (context, identity, path) = (study.context, study.identity, folder.path)
        _ = try ThreadWorld.run(1) { communicator in
            let directory = RunDirectory(path: path)
            let journal = RunJournal(try Journal(directory: directory, appending: false), directory)
            let run = try TrainingRun(
                context, communicator, output: RunOutput(directory, observers: [journal]))
            try run.begin(identity: identity, resuming: false)
            return try run.run()
        }
        return folder
    }

    private func numbers(_ study: Study) -> TaskReferences? {
        (study.sampler.sampler as? any ReferencedSampler)?.reference
    }

    @Test("Scores of a finished run become numbers of the study")
    func scores() throws {
        let folder = try reference()
        let results = try RunResults.ofFinished(RunDirectory(path: folder.path))
        let tasks = try #require(results.stages.last?.tasks)
        let scores = Dictionary(
            uniqueKeysWithValues: tasks.entries.map { ($0.name, $0.value?.score ?? .nan) })
        let study = try referring(to: folder, "gap")
        #expect(numbers(study) == TaskReferences(scores) && numbers(study)?.isRead == true)
        // They are part of the identity, so a run that is started again with others is refused.
        let again = try JSONDecoder().decode(Study.self, from: JSONEncoder().encode(study))
        #expect(numbers(again) == numbers(study))
    }

    @Test("A reference loss is the mean over a task's last epoch")
    func losses() throws {
        let changes: [String: JSONValue] = ["stages.adapter.steps": 9]
        let folder = try reference(changes)
        let outcome = try TinyStudy(changes).train(into: TemporaryFolder())
        for (name, size) in [("colour", 21), ("pair", 13), ("size", 9)] {
            var (sum, count) = (0.0, 0)
            for step in outcome.steps.reversed() where step.stage == .adapter && count < size {
                let examples = step.microBatches.reduce(0) { $0 + ($1.task == name ? $1.examples.count : 0) }
                sum += Double(examples) * (step.losses[name] ?? 0)
                count += examples
            }
            guard case .number(let found) = try numbers(referring(to: folder, "reference-loss"))?.tasks[name]
            else {
                Issue.record("\(name) has no number")
                continue
            }
            #expect(abs(found - sum / Double(count)) < 1e-12 && count >= size)
        }
    }

    @Test("A reference that does not fit is refused at its key")
    func wrongReferences() throws {
        let folder = try reference()
        func refusal(_ changes: [String: JSONValue], _ sampler: String = "gap") -> String {
            do {
                _ = try referring(to: folder, sampler, changes)
                return "none"
            } catch let failure as Failure { return "\(failure)" } catch { return "\(error)" }
        }
        #expect(refusal([:]) == "none")
        let metrics = refusal(["tasks.0.metrics": ["macro-f1"]])
        #expect(metrics.hasPrefix("sampler.reference: \(folder.path) scored colour by accuracy on dev, "))
        #expect(metrics.contains("but this study scores it by macro-f1 on dev"))
        #expect(refusal(["evaluation.heldOut": 0.3]).contains("scores it by accuracy on held-out"))
        for sampler in ["gap", "reference-loss"] {
            let tasks = refusal(["tasks.0.name": "hue"], sampler)
            #expect(tasks.contains("of 'hue'; its tasks are colour, pair, size; name a run"), "\(tasks)")
        }
        try FileManager.default.removeItem(atPath: folder.file("results.json"))
        #expect(refusal([:]).contains("the run has no results yet"))
        let nowhere = #expect(throws: Failure.self) {
            _ = try TinyStudy.decode([
                "sampler": ["name": "gap", "reference": ["colour": "nowhere", "pair": 1, "size": 1]]
            ]).readingReferences()
        }
        #expect(nowhere?.location == "sampler.reference.colour")
        #expect(nowhere?.message == "nowhere: no such run directory")
    }

    @Test("A run that is started again with another reference is refused")
    func otherReference() throws {
        func identity(_ score: Double) throws -> RunIdentity {
            let reference: JSONValue = ["colour": .number(score), "pair": 1, "size": 1]
            return try TinyStudy(["sampler": ["name": "gap", "reference": reference]]).identity
        }
        let failure = #expect(throws: Failure.self) { _ = try identity(0.5).resumed(as: identity(0.75)) }
        #expect(failure?.location == "sampler.reference.colour")
        #expect(failure?.message == "was 0.5 when this run began and is now 0.75")
    }

    @Test("A run that was not read is no reference")
    func unread() throws {
        let failure = #expect(throws: Failure.self) {
            _ = try TinyStudy(["sampler": ["name": "gap", "reference": "nowhere"]])
        }
        #expect(failure?.location == "sampler.reference")
    }
}
