import Diagnostics
import Formats
import Foundation
import Runs

/// Displays a run on standard error: a live line on a terminal, otherwise a plain line every few seconds.
final class Progress: RunObserver {
    private let directory: RunDirectory
    private let quiet: Bool
    /// Under mpirun standard error is a pipe: `launch/local` sets a variable if it leads to a terminal.
    private let isTerminal =
        isatty(STDERR_FILENO) == 1 || ProcessInfo.processInfo.environment["HADAMESH_TERMINAL"] == "1"
    private var stage = (name: "", steps: 0)
    private var losses: [String: Double] = [:]
    private var order: [String] = []
    /// The start of the current steps, and the steps and examples since.
    private var begun = MonotonicClock.seconds
    private var counted = (steps: 0, examples: 0)
    private var shown = -Double.infinity
    private var lineIsOpen = false

    init(directory: RunDirectory, quiet: Bool) {
        self.directory = directory
        self.quiet = quiet
    }

    func observe(_ event: RunEvent) throws {
        switch event {
        case .began(let facts, let resumedFrom): began(facts, resumedFrom)
        case .warned(let failure): say("warning: \(failure)", always: true)
        case .stage(let name, let steps):
            stage = (name, steps)
            restart()
            say("\(name) stage: \(steps) steps")
        case .pruned(let report):
            say(
                "pruned by \(report.score): "
                    + "\(report.kept) of \(report.kept + report.removed) entries remain, "
                    + "\(format(100 * report.reached, 2)) % removed")
            restart()
        case .cache(let report): cache(report)
        case .pooled(let done, let total):
            live("pooled vectors \(100 * done / max(1, total)) %")
            restart()
        case .step(let report): step(report)
        case .evaluated(let report):
            let scores = report.scores.map { score in
                "\(score.task) \(format(score.score, 4))\(score.isBest ? "*" : "")"
                    + (score.stops ? " (stops)" : "")
            }
            say("step \(report.step): \(scores.joined(separator: "  "))")
            restart()
        case .checkpoint(let step): live("checkpoint of step \(step)")
        case .stalled: break
        case .balance(let balance): say(balance.line)
        case .timeline: break
        case .stageEnded(let result): drawn(result)
        case .finished(let results): finished(results)
        case .stopped(let step):
            say(
                "stopped after the checkpoint at step \(step); resume with: \(directory.resumption)",
                always: true)
        }
    }

    private func began(_ facts: RunFacts, _ resumedFrom: Int?) {
        let parameters = facts.parameters
        say("run: \(directory.path)", always: true)
        say(
            "\(parameters.method) trains \(parameters.adapterPerTask) parameters per task, "
                + "\(format(100 * parameters.shareOfBackbone, 3)) % "
                + "of the backbone's \(parameters.backbone); "
                + "over \(facts.tasks.count) tasks \(parameters.adapterAllTasks), "
                + "heads \(parameters.headsAllTasks)")
        say(
            "a micro-batch has at most \(facts.activations.tokens) tokens, whose activations take about "
                + "\(facts.activations.bytes >> 20) MB on each rank")
        for file in facts.tasks.flatMap(\.dropped) {
            let lines = file.lines.map(String.init).joined(separator: ", ")
            say("warning: \(file.file): lines \(lines) have too few columns and are skipped", always: true)
        }
        if let resumedFrom { say("resumes from the checkpoint of step \(resumedFrom)") }
    }

    private func cache(_ report: ActivationCacheReport) {
        let part =
            switch report.point {
            case .input, .pooled: "the output of the lowest \(report.layer) of \(report.layers) layers"
            case .heads: "the output of the attention heads of layer \(report.layer)"
            case .feedForwardInput: "the feed-forward input of layer \(report.layer)"
            }
        if let refusal = report.refusal {
            say(
                "warning: \(part) is not cached: \(refusal); "
                    + "lower cache.megabytes, or give the job more memory", always: true)
        } else if report.given > 0 {
            let of = report.given < report.needed ? " of \(report.needed >> 20)" : ""
            say(
                "caches \(part) for each example: \(report.given >> 20)\(of) MB on each node, "
                    + "saving \(format(100 * report.saves, 0)) % of the operations")
        }
        for (name, count) in [("activations", report.found), ("pooled vectors", report.foundPooled)]
        where count > 0 { say("found the \(name) of \(count) examples, stored by an earlier run") }
    }

    private func restart() {
        begun = MonotonicClock.seconds
        counted = (0, 0)
    }

    private func step(_ report: StepReport) {
        for loss in report.losses.entries {
            if losses[loss.name] == nil { order.append(loss.name) }
            losses[loss.name] = losses[loss.name].map { 0.9 * $0 + 0.1 * loss.value } ?? loss.value
        }
        counted.steps += 1
        counted.examples += report.examples
        guard
            MonotonicClock.seconds - shown >= (isTerminal ? 0.2 : 10)
                || report.stageStep == report.stageSteps
        else { return }
        let seconds = max(1e-9, MonotonicClock.seconds - begun)
        let left = seconds / Double(counted.steps) * Double(report.stageSteps - report.stageStep)
        let texts = order.map { "\($0) \(format(losses[$0] ?? 0, 3))" }
        let text =
            "\(report.stage) \(report.stageStep)/\(report.stageSteps)  "
            + "loss \(texts.joined(separator: "  "))  "
            + "\(Int((Double(counted.examples) / seconds).rounded())) examples/s  \(duration(left)) left"
        if isTerminal { live(text) } else { say(text) }
        shown = MonotonicClock.seconds
    }

    /// Each task's share of the examples, drawn and requested.
    private func drawn(_ stage: StageResult) {
        func percent(_ share: Double) -> String { format(100 * share, 1) }
        let shares = stage.drawn.entries.map { task in
            "\(task.name) \(percent(task.value.realised)) % (requested \(percent(task.value.requested)) %)"
        }
        say("\(stage.stage) stage drew \(shares.joined(separator: ", "))")
    }

    private func finished(_ results: RunResults) {
        let stages = results.stages
        stages.last.map(drawn)
        let tasks = stages.last?.tasks.names ?? []
        let width = max(4, tasks.map(\.count).max() ?? 4)
        func cell(_ text: String) -> String { String(repeating: " ", count: max(0, 10 - text.count)) + text }
        var lines = [
            "task".padding(toLength: width, withPad: " ", startingAt: 0)
                + stages.map { cell($0.stage) }.joined()
        ]
        for task in tasks {
            let scores = stages.map { stage in
                cell((stage.tasks[task] ?? nil).map { format($0.score, 4) } ?? "–")
            }
            lines.append(task.padding(toLength: width, withPad: " ", startingAt: 0) + scores.joined())
        }
        closeLine()
        print(lines.joined(separator: "\n"))
        fflush(nil)
        say("done: \(directory.path)", always: true)
    }

    // MARK: Writing

    private func live(_ text: String) {
        guard isTerminal, !quiet else { return }
        write("\r\u{1B}[K\(text)")
        lineIsOpen = true
    }

    private func say(_ text: String, always: Bool = false) {
        if quiet && !always { return }
        closeLine()
        write("\(text)\n")
    }

    private func closeLine() {
        if lineIsOpen { write("\r\u{1B}[K") }
        lineIsOpen = false
    }

    private func write(_ text: String) { writeToStandardError(text) }

    private func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    private func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded())
        return whole >= 3600
            ? "\(whole / 3600) h \(whole % 3600 / 60) min"
            : whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }
}
