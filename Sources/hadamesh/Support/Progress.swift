import Diagnostics
import Formats
import Foundation
import Runs

/// Displays a run on standard error, and its scores on standard output.
final class Progress: RunObserver {
    private let directory: RunDirectory
    private let status: StatusLine
    private var losses: [String: Double] = [:]
    private var order: [String] = []
    /// The pace of the current steps, and their numbers of steps and examples.
    private var timer = WorkTimer()
    private var (steps, examples) = (0, 0)
    /// The work between steps.
    private let work: WorkStatus
    private var isMarkExplained = false
    /// Steps between evaluations; 0 for those at the end of a stage alone.
    private let evaluatedEvery: Int
    /// Seconds of the stage's latest evaluation.
    private var evaluationSeconds = 0.0

    /// Whether the scores are the command's output.
    private let printsScores: Bool
    /// The command that continues after a stop.
    private let resumption: String

    init(
        directory: RunDirectory, evaluatedEvery: Int, printsScores: Bool, resumption: String? = nil,
        _ status: StatusLine
    ) {
        self.directory = directory
        self.resumption = resumption ?? directory.resumption
        self.printsScores = printsScores
        self.evaluatedEvery = evaluatedEvery
        self.status = status
        work = WorkStatus(status)
    }

    func observe(_ event: RunEvent) throws {
        switch event {
        case .began(let facts, let resumedFrom): began(facts, resumedFrom)
        case .warned(let failure): status.say(wrapping: "warning: \(failure)", isUrgent: true)
        case .stage(let name, let steps):
            status.say("\(name) stage: \(steps.grouped) \(steps == 1 ? "step" : "steps")")
            evaluationSeconds = 0
            begin()
        case .pruned(let report):
            status.say(
                "pruned by \(report.score): "
                    + "\(report.kept.grouped) of \((report.kept + report.removed).grouped) entries remain, "
                    + "\(format(100 * report.reached, 2)) % removed")
            begin()
        case .cache(let report): cache(report)
        case .pooled(let done, let total): show("pooled vectors", done, of: total)
        case .evaluating(let done, let total): show("evaluating", done, of: total)
        case .scoring(let done, let total): show("pruning", done, of: total)
        case .step(let report): step(report)
        case .evaluated(let report): evaluated(report)
        case .checkpoint(let step): status.show { "checkpoint at step \(step.grouped)" }
        case .stalled, .timeline: break
        case .balance(let balance): if balance.ranks > 1 { status.say(wrapping: balance.line) }
        case .stageEnded(let result): sampled(result)
        case .finished(let results):
            results.stages.last.map(sampled)
            status.close()
            guard printsScores else { return status.say("done: \(directory.path)") }
            // One stream: mpirun mixes the lines of two.
            print("\(ScoreTable(results).text)\ndone: \(directory.path)")
            fflush(nil)
        case .stopped(let step):
            // The command has a line of its own, to be copied.
            status.say(
                "stopped after the checkpoint at step \(step.grouped)\nresume with: \(resumption)",
                isUrgent: true)
        }
    }

    private func began(_ facts: RunFacts, _ resumedFrom: Int?) {
        let parameters = facts.parameters
        status.say("run: \(directory.path)", isUrgent: true)
        status.say(wrapping: trained(parameters, tasks: facts.tasks.count))
        status.say(
            wrapping: "largest micro-batch: \(facts.activations.tokens.grouped) tokens "
                + "(about \((facts.activations.bytes >> 20).grouped) MB of activations per rank)")
        for file in facts.tasks.flatMap(\.dropped) {
            let lines = file.lines.map(String.init).joined(separator: ", ")
            status.say(
                wrapping: "warning: \(file.file): lines \(lines) have too few columns and are skipped",
                isUrgent: true)
        }
        if let resumedFrom {
            status.say("resuming from the checkpoint at step \(resumedFrom.grouped)")
        }
    }

    private func trained(_ parameters: ParameterCounts, tasks: Int) -> String {
        let heads = "heads: \(parameters.headsAllTasks.grouped)"
        let (one, all) = (parameters.adapterPerTask, parameters.adapterAllTasks)
        if all == 0 { return "\(parameters.method): trains no adapter; \(heads)" }
        let sharing =
            tasks == 1
            ? "" : all == one ? ", shared by \(tasks) tasks" : ", \(all.grouped) for \(tasks) tasks"
        let backbone =
            parameters.backbone < 1_000_000
            ? parameters.backbone.grouped : "\(format(Double(parameters.backbone) / 1e6, 1))M"
        return "\(parameters.method): \(one.grouped) trainable parameters per task "
            + "(\(format(100 * parameters.shareOfBackbone, 3)) % of "
            + "\(backbone))\(sharing); \(heads)"
    }

    private func cache(_ report: ActivationCacheReport) {
        let part =
            switch report.point {
            case .input, .pooled: "layer \(report.layer) of \(report.layers)"
            case .heads: "layer \(report.layer)'s attention heads"
            case .feedForwardInput: "layer \(report.layer)'s feed-forward input"
            }
        if let refusal = report.refusal {
            status.say(
                wrapping: "warning: frozen activations up to \(part) are not cached: \(refusal); "
                    + "lower cache.megabytes, or give the job more memory", isUrgent: true)
        } else if report.given > 0 {
            let of = report.given < report.needed ? " of \((report.needed >> 20).grouped)" : ""
            status.say(
                wrapping:
                    "caching frozen activations up to \(part): \((report.given >> 20).grouped)\(of) "
                    + "MB per node, "
                    + "saves \(format(100 * report.saves, 0)) % of FLOPs")
        }
        for (name, count) in [("activations", report.found), ("pooled vectors", report.foundPooled)]
        where count > 0 { status.say("\(name) of \(count.grouped) examples were stored by an earlier run") }
    }

    private func begin() {
        timer = WorkTimer()
        (steps, examples) = (0, 0)
        work.end()
        status.begin()
    }

    // MARK: Work

    private func show(_ name: String, _ done: Int, of total: Int) {
        work.show(name, done, of: total)
        if done == total, done > 0 { begin() }
    }

    private func step(_ report: StepReport) {
        for loss in report.losses.entries {
            if losses[loss.name] == nil { order.append(loss.name) }
            losses[loss.name] = losses[loss.name].map { 0.9 * $0 + 0.1 * loss.value } ?? loss.value
        }
        steps += 1
        examples += report.examples
        status.show(isLast: report.stageStep == report.stageSteps) { line(report) }
    }

    /// The most informative line that fits the terminal.
    private func line(_ report: StepReport) -> String {
        let stage = "\(report.stage) \(report.stageStep.grouped)/\(report.stageSteps.grouped)"
        // Evaluations and kept scores are named by the run's step.
        let position = "step \(report.step.grouped) (\(stage))"
        let each = "loss " + order.map { "\($0) \(format(losses[$0] ?? 0, 3))" }.joined(separator: " ")
        let mean = "loss \(format(Array(losses.values).mean ?? 0, 3)) (mean of \(order.count) tasks)"
        let rate =
            !report.passesEncoder
            ? "" : ", \(Int((Double(examples) / timer.seconds).rounded()).grouped) examples/s"
        // The adapter's kinds come before the head.
        let learning = report.learningRates.values.first.map { String(format: ", lr %.2g", $0) } ?? ""
        let end = timer.left(
            report.stageSteps - report.stageStep, after: steps,
            other: evaluationSeconds * Double(evaluationsLeft(report)))
        let lines = [
            "\(position): \(each)\(learning)\(rate)\(end)", "\(position): \(each)\(rate)\(end)",
            "\(position): \(each)\(end)", "\(stage): \(each)\(end)",
            "\(position): \(mean)\(learning)\(rate)\(end)",
            "\(position): \(mean)\(rate)\(end)", "\(stage): \(mean)\(rate)\(end)",
        ]
        let width = status.liveWidth
        return lines.first { $0.count <= width } ?? "\(position)\(end)"
    }

    /// Evaluations to come in the stage; there is always one at its end.
    private func evaluationsLeft(_ report: StepReport) -> Int {
        guard evaluatedEvery > 0 else { return 1 }
        return (report.stageSteps - 1) / evaluatedEvery - report.stageStep / evaluatedEvery + 1
    }

    // MARK: Results

    private func evaluated(_ report: EvaluationReport) {
        evaluationSeconds = report.seconds
        let splits = report.scores.map { EvaluationReport.label(ofSplits: $0.splits.names) }
        let isCommon = Set(splits).count == 1
        var items = zip(report.scores, splits).map { score, split in
            "\(isCommon ? "" : "\(split) ")\(score.task) \(format(score.score, 4))\(score.isBest ? "*" : "")"
                + (score.stops ? " (stopped early)" : "")
        }
        if let mean = report.mean, report.scores.count > 1 { items.append("mean \(format(mean, 4))") }
        if !isMarkExplained, report.scores.contains(where: \.isBest) {
            isMarkExplained = true
            items[items.count - 1] += " (* best of the stage so far)"
        }
        if let first = items.first {
            items[0] = "step \(report.step.grouped): \(isCommon ? "\(splits[0]) " : "")\(first)"
        }
        status.say(items, separator: ",")
        begin()
    }

    /// Each task's share of the examples, sampled and requested.
    private func sampled(_ stage: StageResult) {
        func percent(_ share: Double) -> String { format(100 * share, 1) }
        var items = stage.drawn.entries.map { task in
            "\(task.name) \(percent(task.value.realised)) % (target \(percent(task.value.requested)) %)"
        }
        if let first = items.first { items[0] = "\(stage.stage) stage sampled \(first)" }
        status.say(items, separator: ",")
    }

    private func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
