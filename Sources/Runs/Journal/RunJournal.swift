import Diagnostics
import Formats
import Foundation

/// Writes a run's events to its directory: journal, TensorBoard curves, the ranks' timeline, results.
package final class RunJournal: RunObserver {
    private let journal: Journal
    private let directory: RunDirectory
    private let began = MonotonicClock.seconds
    /// Of all starts, without the seconds of this one.
    private var counters = RunCounters()
    /// The number of earlier events that this start repeats; nil for a first start.
    private var superseded: Int?
    private var timeline: TimelineFile?
    private var balance: RankBalance?

    package init(_ journal: Journal, _ directory: RunDirectory) {
        (self.journal, self.directory) = (journal, directory)
    }

    package func observe(_ event: RunEvent) throws {
        switch event {
        case .began(let facts, let resumedFrom):
            let own: [(String, JSONValue)] = superseded.map { [("superseded", .integer($0))] } ?? []
            try journal.record(
                "began",
                [("resumedFrom", resumedFrom.map { .integer($0) } ?? .null)] + own
                    + [("facts", JSONValue(encoding: facts))])
        case .warned(let failure): try journal.record("warning", [("text", .string("\(failure)"))])
        case .stage(let name, let steps):
            try journal.record("stage", [("stage", .string(name)), ("steps", .integer(steps))])
        case .pruned(let report): try journal.record("pruned", report)
        case .cache(let report): try journal.record("cache", [("decision", try JSONValue(encoding: report))])
        case .pooled(let done, let total):
            if done == total { try journal.record("pooled", [("chunks", .integer(total))]) }
        case .step(let report): try step(report)
        case .evaluated(let report): try evaluated(report)
        case .checkpoint(let step): try journal.record("checkpoint", [("step", .integer(step))])
        case .stalled(let text): try journal.record("stalled", [("text", .string(text))])
        case .balance(let balance):
            self.balance = balance
            try journal.record("balance", [("balance", JSONValue(encoding: balance))])
        case .timeline(let timeline, let isLast): try add(timeline, isLast: isLast)
        case .stageEnded(let result):
            try journal.record("stageEnded", [("result", JSONValue(encoding: result))])
            try kept(result)
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

    /// Plots the scores of the kept state.
    private func kept(_ stage: StageResult) throws {
        for entry in stage.tasks.entries {
            guard let kept = entry.value else { continue }
            try journal.scalar("\(entry.name)/kept score", kept.score, step: kept.step)
        }
    }

    private func step(_ report: StepReport) throws {
        counters.count(report)
        try journal.record("step", report)
        for loss in report.losses.entries {
            try journal.scalar("\(loss.name)/loss", loss.value, step: report.step)
        }
        try journal.scalar(
            "system/examples per second", Double(report.examples) / report.seconds, step: report.step)
    }

    private func evaluated(_ report: EvaluationReport) throws {
        try journal.record("evaluated", report)
        for score in report.scores {
            try journal.scalar("\(score.task)/score", score.score, step: report.step)
        }
    }

    private func finished(_ results: RunResults) throws {
        let all = currentCounters
        var whole = results
        whole.bytesPerStep = all.bytesPerStep
        whole.examplesPerSecond = all.stepSeconds > 0 ? Double(all.examples) / all.stepSeconds : 0
        whole.seconds = all.seconds
        whole.balance = balance
        try whole.write(to: directory)
        try journal.record("finished", [("results", JSONValue(encoding: results))])
        if let last = results.stages.last { try kept(last) }
    }
}
