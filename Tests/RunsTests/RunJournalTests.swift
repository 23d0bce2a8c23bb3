import Formats
import Foundation
import Runs
import TestSupport
import Testing

/// The files that a run's events become.
@Suite struct RunJournalTests {
    private func journal(_ run: RunDirectory, resuming step: Int? = nil) throws -> RunJournal {
        let study = try RunStudy(
            file: "mine.yaml", seed: 7, adapter: ["method": "lora", "rank": 4] as JSONValue)
        let file = try Journal(directory: run, appending: step != nil)
        let journal = RunJournal(file, run, study: study, studyText: "tasks: [rte]")
        if let step { try journal.resume(after: step, nil) }
        let counts = ParameterCounts(
            method: "lora", backbone: 100, adapterPerTask: 4, adapterAllTasks: 4, headsAllTasks: 2)
        let facts = RunFacts(
            ranks: 1, coordinator: "participating", tasks: [], parameters: counts,
            activations: RunFacts.Activations(tokens: 1, bytes: 1), sharedGradients: nil)
        try journal.observe(.began(facts, resumedFrom: step))
        return journal
    }

    private func step(_ number: Int) -> RunEvent {
        .step(
            StepReport(
                stage: .adapter, step: number, stageStep: number, stageSteps: 9, microBatches: [],
                losses: NamedValues([("rte", 0.5)]), learningRates: NamedValues([("weight", 1e-3)]),
                gradientNorm: 2, combination: Self.combination,
                agreement: AgreementCurves(
                    gramians: NamedValues([("layer.0", [[2], [nil, 1]])]),
                    cosines: NamedValues([("cola+rte", 0.5)]), parts: NamedValues([("layer.0", 0.25)]),
                    correctedCosines: NamedValues([("cola+rte", 0.75)]),
                    affinities: NamedValues([("rte+cola", 0.125)]), noiseScales: NamedValues([("rte", 70)])),
                tokens: 30, bytes: 8, seconds: 0.5, secondsWaiting: 0.25,
                secondsCommunicating: 0))
    }

    private static let combination = {
        var report = CombinationReport(
            parts: NamedValues([]), lossWeights: NamedValues([]), unsolved: [])
        report.effect = CombinationEffect(numbers: [2, 0.5, nil, nil])
        return report
    }()

    private func evaluated(split: String) -> RunEvent {
        let splits = NamedValues([(split, NamedValues([("accuracy", 0.75), ("f1", 0.5)]))])
        let score = TaskEvaluation(task: "rte", score: 0.625, isBest: true, stops: false, splits: splits)
        return .evaluated(
            EvaluationReport(
                stage: .adapter, step: 1, scores: [score], mean: 0.625,
                drawn: NamedValues([("rte", DrawnShare(requested: 1, realised: 1, examples: 3))]),
                probabilities: NamedValues([("rte", 1)]), seconds: 1, secondsWaiting: 0,
                secondsCommunicating: 0))
    }

    private func bytes(of folder: String) throws -> Data {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().reduce(into: Data()) {
            $0 += try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($1)"))
        }
    }

    @Test func curvesHaveTheTagsThatReadersExpect() throws {
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.file("run"))
        let journal = try journal(run)
        try journal.observe(step(1))
        try journal.observe(evaluated(split: "dev"))
        try journal.observe(evaluated(split: "train"))
        let share = DrawnShare(requested: 1, realised: 1, examples: 3)
        let stage = StageResult(
            stage: .adapter, steps: 1, tasks: NamedValues([("rte", nil)]),
            drawn: NamedValues([("rte", share)]))
        try journal.observe(.finished(RunResults(stages: [stage])))
        let bytes = try bytes(of: run.tensorboard)
        for tag in [
            "train/rte/loss", "train/learning_rate/weight", "train/gradient_norm", "dev/rte/accuracy",
            "dev/rte/f1", "dev/mean", "held-out/rte/f1", "combination/gradient_ratio",
            "combination/gradient_cosine", "share/rte/requested", "share/rte/realised",
            "share/rte/probability",
            "system/examples_per_second", "system/tokens_per_second", "system/waiting",
            "system/bytes_per_step", "agreement/cosine/cola+rte", "agreement/noise_scale/rte",
            "agreement/part/layer.0", "agreement/corrected_cosine/cola+rte", "agreement/affinity/rte+cola",
            "```yaml\ntasks: [rte]\n```",
        ] {
            #expect(bytes.range(of: Data(tag.utf8)) != nil, "\(tag)")
        }
        let event = try #require(Journal.read(run).first { $0["kind"] == "evaluated" })
        #expect(event["mean"]?.double == 0.625 && event["probabilities"]?["rte"]?.double == 1)
        #expect(event["drawn"]?["rte"]?["requested"]?.double == 1)
        #expect(bytes.range(of: Data("combination/update".utf8)) == nil)
    }

    @Test func theStudyIsShownOnceOverAllStarts() throws {
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.file("run"))
        _ = try journal(run)
        _ = try journal(run, resuming: 0)
        let text = String(decoding: try bytes(of: run.tensorboard), as: UTF8.self)
        #expect(text.components(separatedBy: "tasks: [rte]").count == 2)
    }

    @Test func theAgreementOfTasksIsReadAsItWasWritten() throws {
        let part = TaskAgreement.Part(
            name: "layer.3", kind: nil, layer: 3, cosine: [[nil, 0.25], [0.25, nil]],
            correctedCosine: [[nil, 1.5], [1.5, nil]], affinity: [[1e-3, -2e-9], [nil, 0]],
            noiseScale: [nil, 12])
        #expect(part.meanCosine == 0.25 && part.meanCorrectedCosine == 1.5)
        let period = TaskAgreement.Period(steps: [[3, 2], [2, 4]], parts: [part])
        let stage = StageResult(
            stage: .adapter, steps: 5, tasks: NamedValues([]), drawn: NamedValues([]),
            agreement: TaskAgreement(tasks: ["a", "b"], whole: period, thirds: [period]))
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.file("run"))
        try RunResults(stages: [stage], sharedGradients: .perTask).write(to: run)
        let found = try #require(try RunResults.read(run))
        #expect(found.stages == [stage] && found.sharedGradients == .perTask)
    }

    @Test func resultsNameTheirStudy() throws {
        let place = try TemporaryFolder()
        let run = try RunDirectory.create(at: place.file("run"))
        try journal(run).observe(.finished(RunResults(stages: [])))
        let results = try JSONValue(
            parsing: Data(contentsOf: URL(fileURLWithPath: run.resultsFile)), at: run.resultsFile)
        let study: JSONValue = [
            "file": "mine.yaml", "seed": 7, "adapter": ["method": "lora", "rank": 4],
        ]
        #expect(results["study"] == study)
        #expect(try RunResults.read(run)?.study?.seed == 7)
    }
}
