import Adapters
import Diagnostics
package import Formats
import Foundation
package import Runs

/// Writes a run's events to its directory: journal, TensorBoard events, the ranks' timeline, the results.
package final class RunJournal: RunObserver {
    private let journal: Journal
    private let directory: RunDirectory
    private let began = Date()
    /// Of earlier starts and this one, but for this one's seconds.
    private var counters = RunCounters()
    /// How many events an earlier start left that this one goes through again; nil for a first start.
    private var superseded: Int?
    private var timeline: TimelineFile?
    private var balance: RankBalance?

    /// Observes a run for its journal.
    package init(_ journal: Journal, _ directory: RunDirectory) {
        self.journal = journal
        self.directory = directory
    }

    /// Writes an event.
    package func observe(_ event: RunEvent) throws {
        switch event {
        case .began(let facts, let resumedFrom):
            let own: [(String, JSONValue)] = superseded.map { [("superseded", .integer($0))] } ?? []
            try journal.record(
                "began",
                [("resumedFrom", resumedFrom.map { .integer($0) } ?? .null)] + own + [("facts", facts)])
        case .warned(let failure): try journal.record("warning", [("text", .string("\(failure)"))])
        case .stage(let name, let steps):
            try journal.record("stage", [("stage", .string(name)), ("steps", .integer(steps))])
        case .pruned(let report): try pruned(report)
        case .cache(let report): try journal.record("cache", [("decision", report.json)])
        case .pooled(let done, let total):
            if done == total { try journal.record("pooled", [("chunks", .integer(total))]) }
        case .step(let report): try step(report)
        case .evaluated(let report): try evaluated(report)
        case .checkpoint(let step): try journal.record("checkpoint", [("step", .integer(step))])
        case .stalled(let text): try journal.record("stalled", [("text", .string(text))])
        case .balance(let balance):
            self.balance = balance
            try journal.record("balance", [("balance", balance.json)])
        case .timeline(let timeline, let isLast): try add(timeline, isLast: isLast)
        case .stageEnded(let scores):
            try journal.record("stageEnded", [("result", scores)])
            try kept(scores)
        case .finished(let results): try finished(results)
        case .stopped(let step): try journal.record("stopped", [("step", .integer(step))])
        }
    }

    // MARK: Going on

    /// The journal is on disk, and how long it was is known, before a checkpoint says that its events have happened.
    package func save() throws -> JSONValue {
        try journal.synchronize()
        return ["journal": .integer(journal.position), "counters": counters(untilNow: true).json]
    }

    /// Counts on from the checkpoint, and moves away the events that will come again.
    package func resume(after step: Int, _ saved: JSONValue) throws {
        counters = RunCounters(saved["counters"] ?? .null)
        var position = step == 0 ? 0 : saved["journal"]?.int
        if let known = position, try !journal.isWhole(at: known) { position = nil }
        superseded = try journal.goOn(after: step, position: position) { event in
            guard let kind = event["kind"]?.string, Self.repeated.contains(kind) else { return false }
            if let own = event["step"]?.int, own <= step, kind == "checkpoint" || position == nil {
                return false
            }
            return position != nil || event["step"] != nil
        }
    }

    /// Events that a run comes to again where it goes on from an earlier state.
    private static let repeated: Set<String> = [
        "stage", "pruned", "step", "evaluated", "checkpoint", "stageEnded", "finished",
    ]

    private func counters(untilNow: Bool) -> RunCounters {
        var counters = counters
        if untilNow { counters.seconds += Date().timeIntervalSince(began) }
        return counters
    }

    // MARK: Events

    /// Adds a rank's spans to the trace of this start; a trace that can't be written stops nothing.
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

    /// The scores of what a stage kept, as points beside the curves.
    private func kept(_ stage: JSONValue) throws {
        for (task, kept) in stage["tasks"]?.object ?? [] {
            guard let score = kept["score"]?.double, let step = kept["step"]?.int else { continue }
            try journal.scalar("\(task)/kept score", score, step: step)
        }
    }

    private func pruned(_ report: PruningReport) throws {
        let matrices = report.matrices.map { matrix -> JSONValue in
            [
                "name": .string(matrix.name), "owner": .string(matrix.owner), "kept": .integer(matrix.kept),
                "removed": .integer(matrix.removed),
            ]
        }
        try journal.record(
            "pruned",
            [
                ("score", .string(report.score.rawValue)), ("threshold", .string(report.threshold.rawValue)),
                ("examples", .integer(report.examples)), ("asked", .number(report.asked)),
                ("reached", .number(report.reached)), ("kept", .integer(report.kept)),
                ("removed", .integer(report.removed)), ("matrices", .array(matrices)),
            ])
    }

    private func step(_ report: StepReport) throws {
        counters.count(report)
        try journal.record(
            "step",
            [
                ("stage", .string(report.stage)), ("step", .integer(report.step)),
                (
                    "units",
                    .array(
                        report.units.map {
                            ["task": .string($0.task), "examples": .array($0.examples.map { .integer($0) })]
                        })
                ),
                ("losses", .object(report.losses.map { ($0.task, .number($0.loss)) })),
                ("learningRates", .object(report.learningRates.map { ($0.kind.rawValue, .number($0.rate)) })),
                ("gradientNorm", .number(report.gradientNorm)), ("tokens", .integer(report.tokens)),
                ("bytes", .integer(report.bytes)), ("seconds", .number(report.seconds)),
                ("secondsWaiting", .number(report.secondsWaiting)),
                ("secondsCommunicating", .number(report.secondsCommunicating)),
            ])
        for (task, loss) in report.losses { try journal.scalar("\(task)/loss", loss, step: report.step) }
        try journal.scalar(
            "system/examples per second", Double(report.examples) / report.seconds, step: report.step)
    }

    private func evaluated(_ report: EvaluationReport) throws {
        try journal.record(
            "evaluated",
            [
                ("stage", .string(report.stage)), ("step", .integer(report.step)),
                (
                    "tasks",
                    .object(
                        report.scores.map {
                            (
                                $0.task,
                                [
                                    "score": .number($0.score), "best": .bool($0.isBest),
                                    "stops": .bool($0.stops),
                                    "splits": $0.detail,
                                ]
                            )
                        })
                ), ("seconds", .number(report.seconds)),
                ("secondsWaiting", .number(report.secondsWaiting)),
                ("secondsCommunicating", .number(report.secondsCommunicating)),
            ])
        for score in report.scores {
            try journal.scalar("\(score.task)/score", score.score, step: report.step)
        }
    }

    private func finished(_ results: JSONValue) throws {
        let (members, all) = (results.object ?? [], counters(untilNow: true))
        let own: [(String, JSONValue)] = [
            ("bytesPerStep", .integer(all.bytesPerStep)),
            (
                "examplesPerSecond",
                .number(all.stepSeconds > 0 ? Double(all.examples) / all.stepSeconds : 0)
            ),
            ("seconds", .number(all.seconds)),
            ("balance", balance?.json ?? .null),
        ]
        let text = JSONValue.object(members + own).encodedForReading()
        try AtomicFile.write(Data(text.utf8), to: directory.resultsFile)
        try journal.record("finished", [("results", results)])
        if let last = results["stages"]?.array?.last { try kept(last) }
    }
}
