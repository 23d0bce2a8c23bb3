import Adapters
import Diagnostics
import Formats
import Foundation
public import Journal

/// Writes a run's events to its directory: journal, TensorBoard events, the ranks' timeline, the results.
public final class RunJournal: RunObserver {
    private let journal: Journal
    private let directory: RunDirectory
    private let began = Date()
    private var bytesPerStep = 0
    private var examples = 0
    private var stepSeconds = 0.0
    private var balance: RankBalance?

    /// Observes a run for its journal.
    public init(_ journal: Journal, _ directory: RunDirectory) {
        self.journal = journal
        self.directory = directory
    }

    /// Writes an event.
    public func observe(_ event: RunEvent) throws {
        switch event {
        case .began(let facts, let resumedFrom):
            try journal.record(
                "began", [("resumedFrom", resumedFrom.map { .integer($0) } ?? .null), ("facts", facts)])
        case .warned(let failure): try journal.record("warning", [("text", .string("\(failure)"))])
        case .stage(let name, let steps):
            try journal.record("stage", [("stage", .string(name)), ("steps", .integer(steps))])
        case .pruned(let report): try pruned(report)
        case .frozenPrefix(let report): try journal.record("frozenPrefix", [("decision", report.json)])
        case .features(let done, let total):
            if done == total { try journal.record("features", [("chunks", .integer(total))]) }
        case .featuresFound(let examples):
            try journal.record("featuresFound", [("examples", .integer(examples))])
        case .prefixFound(let examples):
            try journal.record("prefixFound", [("examples", .integer(examples))])
        case .step(let report): try step(report)
        case .evaluated(let report): try evaluated(report)
        case .checkpoint(let step): try journal.record("checkpoint", [("step", .integer(step))])
        case .stalled(let text): try journal.record("stalled", [("text", .string(text))])
        case .balance(let balance):
            self.balance = balance
            try journal.record("balance", [("balance", balance.json)])
        case .timeline(let timeline): try timeline.write(to: directory.timelineFile)
        case .stageEnded(let scores): try journal.record("stageEnded", [("result", scores)])
        case .finished(let results): try finished(results)
        case .stopped(let step): try journal.record("stopped", [("step", .integer(step))])
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
        bytesPerStep = max(bytesPerStep, report.bytes)
        examples += report.examples
        stepSeconds += report.seconds
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
        let members = results.object ?? []
        let own: [(String, JSONValue)] = [
            ("bytesPerStep", .integer(bytesPerStep)),
            ("examplesPerSecond", .number(stepSeconds > 0 ? Double(examples) / stepSeconds : 0)),
            ("seconds", .number(Date().timeIntervalSince(began))),
            ("balance", balance?.json ?? .null),
        ]
        let text = JSONValue.object(members + own).encodedForReading()
        try AtomicFile.write(Data(text.utf8), to: directory.resultsFile)
        try journal.record("finished", [("results", results)])
    }
}
