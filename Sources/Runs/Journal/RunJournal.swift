import Diagnostics
import Formats
import Foundation

/// Writes a run's events to its directory: journal, TensorBoard curves, the ranks' timeline, results.
package final class RunJournal: RunObserver {
    private let journal: Journal
    private let directory: RunDirectory
    private let study: RunStudy?
    /// The study file with all defaults, for TensorBoard.
    private let studyText: String?
    private let began = MonotonicClock.seconds
    /// The counts of all starts, without the seconds of this one.
    private var counters = RunCounters()
    /// The number of earlier events that this start repeats; nil for a first start.
    private var superseded: Int?
    /// Steps of the run so far.
    private var steps = 0
    /// The latest step at which the shares of a stage were plotted.
    private var sharesPlotted: Int?
    private var timeline: TimelineFile?
    private var balance: RankBalance?

    package init(
        _ journal: Journal, _ directory: RunDirectory, study: RunStudy? = nil, studyText: String? = nil
    ) {
        (self.journal, self.directory) = (journal, directory)
        (self.study, self.studyText) = (study, studyText)
    }

    package func observe(_ event: RunEvent) throws {
        switch event {
        case .began(let facts, let resumedFrom):
            let own: [(String, JSONValue)] = superseded.map { [("superseded", .integer($0))] } ?? []
            try journal.record(
                "began",
                [("resumedFrom", resumedFrom.map { .integer($0) } ?? .null)] + own
                    + [("facts", JSONValue(encoding: facts))])
            if superseded == nil, let studyText {
                try journal.show("study", markdown: "```yaml\n\(studyText)\n```")
            }
        case .warned(let failure): try journal.record("warning", [("text", .string("\(failure)"))])
        case .stage(let name, let steps):
            try journal.record("stage", [("stage", .string(name.rawValue)), ("steps", .integer(steps))])
        case .pruned(let report): try journal.record("pruned", report)
        case .cache(let report): try journal.record("cache", [("decision", try JSONValue(encoding: report))])
        case .pooled(let done, let total):
            if done == total { try journal.record("pooled", [("chunks", .integer(total))]) }
        case .step(let report): try step(report)
        case .evaluating, .scoring: break
        case .evaluated(let report): try evaluated(report)
        case .checkpoint(let step): try journal.record("checkpoint", [("step", .integer(step))])
        case .stalled(let text): try journal.record("stalled", [("text", .string(text))])
        case .balance(let balance):
            self.balance = balance
            try journal.record("balance", [("balance", JSONValue(encoding: balance))])
        case .timeline(let timeline, let isLast): try add(timeline, isLast: isLast)
        case .stageEnded(let result):
            try journal.record("stageEnded", [("result", JSONValue(encoding: result))])
            try plotShares(result.drawn)
        case .finished(let results): try finished(results)
        case .stopped(let step): try journal.record("stopped", [("step", .integer(step))])
        }
    }

    // MARK: Checkpoints

    /// Flushes the journal to disk before the checkpoint that presumes its events.
    package func save() throws -> RunNote? {
        try journal.synchronize()
        return RunNote(journal: journal.position, counters: currentCounters)
    }

    /// Restores the counters, and moves the events that will be repeated.
    package func resume(after step: Int, _ note: RunNote?) throws {
        steps = step
        counters = note?.counters ?? RunCounters()
        var position = step == 0 ? 0 : note?.journal
        if let known = position, try !journal.isWhole(at: known) { position = nil }
        // A resumed study of which nothing was recorded yet begins a run.
        let isFirst = journal.position == 0
        let moved = try journal.resume(after: step, position: position) { event in
            guard let kind = event["kind"]?.string, Self.repeated.contains(kind) else { return false }
            if let own = event["step"]?.int, own <= step, kind == "checkpoint" || position == nil {
                return false
            }
            return position != nil || event["step"] != nil
        }
        superseded = isFirst ? nil : moved
    }

    /// The kinds of events that a run repeats when it resumes from an earlier state.
    private static let repeated: Set<String> = [
        "stage", "pruned", "step", "evaluated", "checkpoint", "stageEnded", "finished",
    ]

    private var currentCounters: RunCounters {
        var counters = counters
        counters.seconds += MonotonicClock.seconds - began
        return counters
    }

    // MARK: Events

    /// Appends a rank's spans to the trace of this start; if that fails, the run continues without a trace.
    private func add(_ own: Timeline, isLast: Bool) throws {
        do {
            if own.rank == 0 { timeline = try TimelineFile(path: directory.nextTimelineFile) }
            try timeline?.append(own)
            if isLast {
                try timeline?.finish()
                timeline = nil
            }
        } catch let failure as Failure {
            timeline = nil
            try journal.record("warning", [("text", .string("\(failure)"))])
        }
    }

    /// Plots each task's share of a stage's examples so far.
    private func plotShares(_ drawn: NamedValues<DrawnShare>) throws {
        // A stage often ends with an evaluation, which has plotted them.
        if sharesPlotted == steps { return }
        sharesPlotted = steps
        try journal.plot(
            NamedValues(
                drawn.entries.flatMap { task in
                    [
                        ("share/\(task.name)/requested", task.value.requested),
                        ("share/\(task.name)/realised", task.value.realised),
                    ]
                }), step: steps)
    }

    private func step(_ report: StepReport) throws {
        counters.count(report)
        try journal.record("step", report)
        steps = report.step
        let seconds = max(1e-9, report.seconds)
        var points: [(String, Double)] = []
        points += report.losses.entries.map { ("train/\($0.name)/loss", $0.value) }
        points += report.learningRates.entries.map { ("train/learning_rate/\($0.name)", $0.value) }
        points += report.agreement?.points ?? []
        points += [
            ("train/gradient_norm", report.gradientNorm),
            ("system/waiting", report.secondsWaiting / seconds),
            ("system/bytes_per_step", Double(report.bytes)),
        ]
        if report.passesEncoder {
            points += [
                ("system/examples_per_second", Double(report.examples) / seconds),
                ("system/tokens_per_second", Double(report.tokens) / seconds),
            ]
        }
        points += Self.points(report.effect)
        try journal.plot(NamedValues(points), step: steps)
    }

    private static func points(_ effect: CombinationEffect?) -> [(String, Double)] {
        guard let effect else { return [] }
        return [("gradient", effect.gradient), ("update", effect.update)].flatMap { name, change in
            [("ratio", change.ratio), ("cosine", change.cosine)].compactMap { number, value in
                value.map { ("combination/\(name)_\(number)", $0) }
            }
        }
    }

    private func evaluated(_ report: EvaluationReport) throws {
        try journal.record("evaluated", report)
        var points: [(String, Double)] = []
        for task in report.scores {
            for split in task.splits.entries {
                let label = EvaluationReport.label(ofSplit: split.name)
                points += split.value.entries.map { ("\(label)/\(task.task)/\($0.name)", $0.value) }
            }
        }
        if let mean = report.mean, let split = report.scores.first?.splits.names.first {
            points.append(("\(EvaluationReport.label(ofSplit: split))/mean", mean))
        }
        points += (report.probabilities?.entries ?? []).map { ("share/\($0.name)/probability", $0.value) }
        try journal.plot(NamedValues(points), step: report.step)
        if let drawn = report.drawn { try plotShares(drawn) }
    }

    private func finished(_ results: RunResults) throws {
        let all = currentCounters
        var whole = results
        whole.bytesPerStep = all.bytesPerStep
        whole.examplesPerSecond = all.stepSeconds > 0 ? Double(all.examples) / all.stepSeconds : nil
        whole.seconds = all.seconds
        whole.balance = balance
        whole.study = study
        try whole.write(to: directory)
        try journal.record("finished", [("results", JSONValue(encoding: results))])
        if let last = results.stages.last { try plotShares(last.drawn) }
    }
}
