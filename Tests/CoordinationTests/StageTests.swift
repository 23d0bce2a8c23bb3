import Adapters
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Runs
import Studies
import Tasks
import TestSupport
import Testing
import Tokenizers
import Training

@Suite("Evaluation, the kept state, and stages")
struct StageTests {
    /// Every task's score with the adapters that a run has written.
    private func scores(_ study: TinyStudy, _ folder: TemporaryFolder) throws -> [String: Double] {
        let trained = try TrainedRun(study.study, study.context.model, directory: folder.path)
        let scores = try ThreadScores.evaluate(trained, study.context.data)
        return Dictionary(uniqueKeysWithValues: scores.map { ($0.task, $0.mean) })
    }

    /// The scores of a stage's evaluations, by task.
    private func scores(_ run: TinyStudy.Outcome, _ stage: StageName) -> [[String: Double]] {
        run.evaluations.filter { $0.stage == stage }.map {
            Dictionary(uniqueKeysWithValues: $0.scores.map { ($0.task, $0.score) })
        }
    }

    private func mean(_ scores: [String: Double]) -> Double {
        // In a fixed order, so that equal scores have equal means.
        scores.values.sorted().reduce(0, +) / Double(scores.count)
    }

    /// A schedule with rates so high that scores rise and fall.
    static let restless: [String: JSONValue] = [
        "evaluation.every": 1, "stages.adapter.learningRate": 0.1, "stages.adapter.steps": 10,
        "seed": 3, "sampler.draw": "random",
    ]

    @Test(
        "The result is each task's best, the best mean, or the last state",
        arguments: EvaluationSettings.KeptState.allCases)
    func kept(_ keep: EvaluationSettings.KeptState) throws {
        var changes = Self.restless
        changes["evaluation.keep"] = .string(keep.rawValue)
        let (study, folder) = (try TinyStudy(changes), try TemporaryFolder())
        let run = try study.train(ranks: 2, into: folder)
        let evaluations = scores(run, .adapter)
        try #require(evaluations.count == 10)
        let found = try scores(study, folder)
        let last = evaluations[9]
        let best = study.context.names.map { name in evaluations.compactMap { $0[name] }.max() ?? .nan }
        switch keep {
        case .best: #expect(study.context.names.map { found[$0] } == best)
        case .mean: #expect(mean(found) == evaluations.map(mean).max())
        case .last: #expect(found == last)
        }
        // Otherwise the three results would be equal.
        #expect(study.context.names.map { last[$0] } != best)
        #expect(mean(last) != evaluations.map(mean).max())
        // The last state has the last head, and so another course.
        if keep != .last { #expect(evaluations.map(mean).max() != best.reduce(0, +) / 3) }
    }

    @Test(
        "Reported scores are those of the adapters that were kept, to all digits",
        arguments: EvaluationSettings.KeptState.allCases, [0, 1, 2])
    func reported(_ keep: EvaluationSettings.KeptState, patience: Int) throws {
        for sharing in ["all", "private"] {
            var changes = Self.restless
            changes["evaluation.keep"] = .string(keep.rawValue)
            changes["evaluation.patience"] = .integer(patience)
            changes["sharing"] = ["weight": .string(sharing), "bias": .string(sharing)]
            let (study, folder) = (try TinyStudy(changes), try TemporaryFolder())
            let run = try study.train(ranks: 2, into: folder)
            let trained = try TrainedRun(study.study, study.context.model, directory: folder.path)
            let stage = try #require(run.results?.stages.last)
            // Each task's best step has a copy of a shared tensor.
            let steps = study.context.names.map { (stage.tasks[$0] ?? nil)?.step }
            let kept = study.context.store.blocks.filter { $0.slice.kind != .head }
                .reduce(0) { sum, block in sum + block.range.count * Set(block.tasks.map { steps[$0] }).count
                }
            #expect(run.results?.parameters?.adapterAllTasks == kept)
            for found in try ThreadScores.evaluate(trained, study.context.data) {
                let reported = try #require(stage.tasks[found.task] ?? nil)
                #expect(reported.score == found.mean, "\(found.task) of \(sharing)")
                for entry in found.entries {
                    for score in entry.scores.entries {
                        let value = reported.splits[entry.split.rawValue]?[score.metric.rawValue]
                        #expect(value == score.value)
                    }
                }
                let evaluations = run.evaluations.filter { $0.stage == .adapter }
                let seen = evaluations.flatMap { evaluation in
                    evaluation.scores.filter { $0.task == found.task }.map { ($0.score, evaluation.step) }
                }
                let best = seen.reduce((-Double.infinity, 0)) { $1.0 > $0.0 ? $1 : $0 }
                #expect(reported.best?.score == best.0)
                #expect(reported.best?.step == best.1)
                if keep == .last { #expect(reported.step == run.steps.last?.step) }
                if keep == .best { #expect(reported.step == best.1) }
            }
        }
    }

    @Test("A mean is over the scores of one state, including tasks that are no longer drawn")
    func meanOfOneState() throws {
        var changes = Self.restless
        changes["evaluation.patience"] = 1
        changes["evaluation.keep"] = "mean"
        let run = try TinyStudy(changes).train(into: TemporaryFolder())
        let evaluations = run.evaluations.filter { $0.stage == .adapter }
        let stopped = evaluations.firstIndex { $0.scores.contains { $0.stops } }
        #expect((stopped ?? 9) < evaluations.count - 1, "a task stops before the others")
        // All parameters but the heads are shared, so all tasks change until the last one stops.
        #expect(evaluations.allSatisfy { $0.scores.count == 3 })
        for task in ["colour", "pair", "size"] {
            let stops = evaluations.filter { $0.scores.contains { $0.task == task && $0.stops } }
            #expect(stops.count <= 1, "a task stops once")
        }
    }

    @Test("Evaluating a finished run gives the same scores on any number of ranks")
    func evaluating() throws {
        let (study, folder) = (try TinyStudy(), try TemporaryFolder())
        _ = try study.train(into: folder)
        let trained = try TrainedRun(study.study, study.context.model, directory: folder.path)
        let expected = try ThreadScores.evaluate(trained, study.context.data)
        for ranks in 2...4 {
            let found = try ThreadScores.evaluate(trained, study.context.data, ranks: ranks)
            #expect(found.map(\.mean) == expected.map(\.mean))
        }
        let failure = #expect(throws: Failure.self) { _ = try trained.task(named: "colours") }
        #expect(failure?.remedy == "did you mean 'colour'?")
    }

    @Test("A coordinator that computes nothing learns how far an evaluation is")
    func evaluationOfOthers() throws {
        let study = try TinyStudy(["coordinator": "dedicated"])
        let run = try study.train(ranks: 3, into: TemporaryFolder())
        var parts: Set<Int> = []
        for case .evaluating(let done, let total) in run.events {
            #expect(total > 0 && done <= total)
            parts.insert(10 * done / total)
        }
        #expect(parts.isSuperset(of: [0, 5, 10]), "\(parts)")
    }

    @Test("Predictions of a task's dev texts are those that were scored")
    func predicting() throws {
        let (study, folder) = (try TinyStudy(), try TemporaryFolder())
        _ = try study.train(into: folder)
        let trained = try TrainedRun(study.study, study.context.model, directory: folder.path)
        let tokenizer = try TokenizerFolder.load(TinyModel.directory)
        let task = try trained.task(named: "colour")
        func predict(_ examples: [Example], ranks: Int = 1) throws -> Predictions {
            try ThreadWorld.run(ranks) { try trained.predict(task, examples, tokenizer, $0) }[ranks - 1]
        }
        let texts = (0..<99).map {
            Example(
                first: ["the red cat runs", "a dog", "not a blue stone"][$0 % 3], index: $0, line: $0 + 1)
        }
        let together = try predict(texts)
        #expect(together.count == 99 && together.width == 2)
        #expect(try predict(texts, ranks: 3) == together)
        for (index, text) in texts.prefix(3).enumerated() {
            let alone = try predict([text])
            // The bits of a row may depend on the shape of its matrix product.
            #expect(
                mismatch(
                    alone.logits, Array(together.logits[2 * index..<2 * index + 2]), Tolerance(relative: 1e-5)
                ) == nil)
        }
    }

    @Test("The adapter stage begins with each task's best head", arguments: ["best", "mean"])
    func handover(keep: String) throws {
        let folder = try TemporaryFolder()
        // A stage at rate 0 keeps its initial parameters.
        let run = try TinyStudy([
            "stages.head": ["steps": 10, "learningRate": 0.5], "evaluation.every": 1,
            "evaluation.keep": .string(keep), "stages.adapter.learningRate": 0, "stages.adapter.steps": 1,
        ]).train(into: folder)
        let head = scores(run, .head)
        let handed = try #require(scores(run, .adapter).first)
        #expect(head.count == 10)
        if keep == "best" {
            for (task, score) in handed {
                #expect(abs(score - (head.compactMap { $0[task] }.max() ?? 9)) < 1e-6)
            }
        } else {
            #expect(abs(mean(handed) - (head.map(mean).max() ?? 9)) < 1e-6)
        }
        #expect(abs(mean(handed) - mean(head[9])) > 1e-3, "the last head was not the best")
    }

    @Test("With rate 0 no parameter changes, whatever the decay")
    func rateZero() throws {
        let (study, folder) = (
            try TinyStudy(["stages.head.learningRate": 0, "stages.adapter.learningRate": 0]),
            try TemporaryFolder()
        )
        _ = try study.train(into: folder)
        let store = study.context.store
        for (task, name) in study.context.names.enumerated() {
            for (slice, range) in zip(store.layouts[task].slices, store.layouts[task].ranges) {
                let found = try TrainedFiles.floats(slice.name, of: name, in: folder)
                #expect(differingBits(found, Array(store.layouts[task].initial[range]), slice.name) == nil)
            }
        }
    }

    @Test("A kind at rate 0 keeps its initial values")
    func ratesByKind() throws {
        let (study, folder) = (
            try TinyStudy([
                "stages.adapter.learningRate": ["weight": 0.05, "bias": 0, "norm": 0.01],
                "evaluation.keep": "last",
            ]), try TemporaryFolder()
        )
        let run = try study.train(into: folder)
        let layout = study.context.store.layouts[0]
        for slice in layout.slices where slice.kind != .head {
            let moved = try TrainedFiles.floats(slice.name, of: "colour", in: folder) != slice.initial
            #expect(moved == (slice.kind != .bias), "\(slice.name)")
        }
        // A kind without a rate has the rate of weights.
        let rates = try #require(run.steps.first { $0.stage == .adapter && $0.stageStep == 2 }).learningRates
        #expect(rates["head"] != nil && rates["head"] == rates["weight"])
    }

    @Test("A task without a better score is no longer drawn, and a stage without tasks is over")
    func patience() throws {
        let run = try TinyStudy([
            "evaluation.every": 1, "evaluation.patience": 2, "stages.head.steps": 60,
            "stages.adapter.steps": 60, "sampler": ["name": "uniform"],
        ]).train(into: TemporaryFolder())
        for stage in [StageName.head, .adapter] {
            var (best, stale, stopped) = ([String: Double](), [String: Int](), [String: Int]())
            for evaluation in run.evaluations where evaluation.stage == stage {
                for score in evaluation.scores {
                    #expect(stopped[score.task] == nil, "a task that stopped is no longer scored")
                    #expect(score.isBest == (score.score > best[score.task] ?? -.infinity))
                    stale[score.task] = score.isBest ? 0 : (stale[score.task] ?? 0) + 1
                    if score.isBest { best[score.task] = score.score }
                    #expect(score.stops == (stale[score.task] == 2))
                    if score.stops { stopped[score.task] = evaluation.step }
                }
            }
            #expect(stopped.count == 3 && Set(stopped.values).count > 1, "tasks stop at different steps")
            let steps = run.steps.filter { $0.stage == stage }
            for step in steps {
                for microBatch in step.microBatches { #expect(step.step <= stopped[microBatch.task] ?? 0) }
            }
            #expect(steps.last?.step == stopped.values.max() && steps.count < 60)
        }
    }

    @Test("Held-out examples are never trained on, and are the ones scored")
    func heldOut() throws {
        let study = try TinyStudy(["evaluation.heldOut": 0.3, "stages.head.steps": 20])
        let run = try study.train(into: TemporaryFolder())
        for (task, data) in study.context.data.enumerated() {
            let held = Set(data.evaluationSets[0].indices)
            #expect(data.evaluationSets.count == 1 && data.evaluationSets[0].split == .train)
            #expect(
                held.isDisjoint(with: data.trainingIndices)
                    && held.count + data.trainingIndices.count == data.train.count)
            let trained = run.steps.flatMap(\.microBatches).filter { $0.task == study.context.names[task] }
                .flatMap(\.examples)
            #expect(!trained.isEmpty && held.isDisjoint(with: trained))
        }
        let other = try TinyStudy(["evaluation.heldOut": 0.3, "seed": 99])
        #expect(
            other.context.data.map { $0.evaluationSets[0].indices }
                == study.context.data.map { $0.evaluationSets[0].indices })
    }

    @Test("Epochs become steps, and a stage without steps is left out")
    func stepCounts() throws {
        // 43 examples, 12 per step.
        let run = try TinyStudy([
            "stages.head": ["epochs": 0], "stages.adapter": ["epochs": 1.5, "learningRate": 0.01],
        ]).train(into: TemporaryFolder())
        #expect(run.steps.map(\.stage) == [StageName](repeating: .adapter, count: 6))
        let failure = #expect(throws: Failure.self) {
            _ = try TinyStudy(["stages.head.steps": 0, "stages.adapter.steps": 0])
        }
        #expect(failure?.location == "stages")
    }

    @Test("Results have each task's requested and realised share")
    func results() throws {
        let run = try TinyStudy().train(ranks: 2, into: TemporaryFolder())
        let results = try #require(run.results)
        #expect(results.steps == 12 && results.keep == "best")
        #expect(results.stages.map(\.stage) == [.head, .adapter])
        #expect(results.parameters?.adapterPerTask == 288)
        #expect(results.parameters?.headsAllTasks == 150)
        for (stage, steps) in zip(results.stages, [5, 7]) {
            #expect(stage.drawn.names == ["colour", "pair", "size"])
            #expect(stage.drawn.values.reduce(0) { $0 + $1.examples } == steps * 12)
            for (name, size) in [("colour", 21.0), ("pair", 13), ("size", 9)] {
                #expect(abs((stage.drawn[name]?.requested ?? 0) - size / 43) < 1e-12)
            }
        }
    }

    @Test("The timeline has the work and the waiting of every rank in every step", arguments: [1, 3])
    func timeline(_ ranks: Int) throws {
        let outcome = try TinyStudy().train(ranks: ranks, into: TemporaryFolder())
        let timelines = outcome.events.compactMap {
            if case .timeline(let timeline, let isLast) = $0 { (timeline, isLast) } else { nil }
        }
        #expect(timelines.map(\.0.rank) == Array(0..<ranks) && timelines.allSatisfy { $0.0.leftOut == 0 })
        #expect(timelines.map(\.1) == (0..<ranks).map { $0 == ranks - 1 })
        let isResult: (RunEvent) -> Bool = { if case .finished = $0 { true } else { false } }
        let isTimeline: (RunEvent) -> Bool = { if case .timeline = $0 { true } else { false } }
        #expect(
            (outcome.events.firstIndex(where: isResult) ?? 9999)
                < (outcome.events.firstIndex(where: isTimeline) ?? 0), "results come first")
        for (rank, (timeline, _)) in timelines.enumerated() {
            let own = timeline.spans
            func count(_ name: String) -> Int { own.count { $0.name == name } }
            #expect(count("compute") == outcome.steps.count && count("evaluate") == outcome.evaluations.count)
            #expect(count("pool") > 0)
            // All of these end with an exchange.
            for name in ["wait", "sum"] {
                #expect(count(name) == count("compute") + count("evaluate") + count("pool"))
            }
            // Spans of a rank do not overlap, up to rounding to a microsecond.
            for (span, next) in zip(own, own.dropFirst()) {
                #expect(span.start + span.duration <= next.start + 2, "\(span), \(next)")
            }
            #expect((own.contains { $0.name == "checkpoint" }) == (rank == 0))
            #expect(own.allSatisfy { $0.duration >= 0 })
        }
        for report in outcome.evaluations {
            #expect(report.secondsWaiting > 0)
            #expect(report.secondsWaiting + report.secondsCommunicating < report.seconds)
        }
    }

    @Test("Epochs of a stage that has steps make no other run")
    func epochsWithoutEffect() throws {
        func identity(_ changes: [String: JSONValue]) throws -> RunIdentity {
            try TinyStudy(changes).identity
        }
        let earlier = try identity(["stages.adapter.epochs": 2])
        #expect(try earlier.resumed(as: identity([:])) == earlier)
        #expect(throws: Failure.self) {
            try earlier.resumed(as: identity(["stages.adapter.steps": nil]))
        }
    }
}
