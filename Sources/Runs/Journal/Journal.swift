import Diagnostics
package import Formats
import Foundation

/// A run's record, written while it trains: events as JSON lines, curves and a text for TensorBoard.
///
/// When `record` returns, the operating system has the whole event: killing the process loses
/// nothing, a failing machine may lose the events since ``synchronize()``.
package final class Journal {
    private let lines: JSONLines
    private let curves: EventFile
    private let directory: RunDirectory

    /// Creates the journal of a run, or appends after its last whole line.
    package init(directory: RunDirectory, appending: Bool) throws {
        self.directory = directory
        lines = try JSONLines(path: directory.journalFile, appending: appending)
        try Directory.create(directory.tensorboard)
        curves = try EventFile(directory: directory.tensorboard)
    }

    /// Writes an event: the time in seconds since 1970, its kind, and its fields in order.
    package func record(_ kind: String, _ fields: [(String, JSONValue)] = []) throws {
        let time = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
        let members = [("time", .number(time)), ("kind", .string(kind))] + fields
        var names: Set<String> = []
        for (name, _) in members where !names.insert(name).inserted {
            throw Failure.data("an event of kind '\(kind)' has two fields '\(name)'", at: lines.path)
        }
        try lines.append(.object(members))
    }

    /// Writes an event with the fields of a report.
    package func record(_ kind: String, _ report: some Encodable) throws {
        try record(kind, JSONValue(encoding: report).object ?? [])
    }

    /// Writes a point of each curve.
    package func plot(_ points: NamedValues<Double>, step: Int) throws {
        try curves.scalars(points, step: step)
    }

    /// Writes a text, in Markdown, beside the curves.
    package func show(_ tag: String, markdown: String) throws { try curves.text(tag, markdown, step: 0) }

    /// Flushes the events to disk, so that a checkpoint never outlives events that precede it.
    package func synchronize() throws { try lines.synchronize() }

    /// The length of the journal in bytes.
    package var position: Int { lines.length }

    /// Continues after `step`: events that the run will repeat move to ``RunDirectory/supersededFile``, and
    /// curves continue after the step.
    ///
    /// - Parameters:
    ///   - step: the step of the checkpoint
    ///   - position: the length of the journal at that checkpoint; nil if unknown
    ///   - isSuperseded: whether an event after `position`, or any event if that is nil, will be repeated
    /// - Returns: the number of moved events
    /// - Throws: a failure if a file cannot be read or written
    package func resume(
        after step: Int, position: Int?, where isSuperseded: (JSONValue) -> Bool
    ) throws -> Int {
        let start = position ?? 0
        let later = try lines.lines(after: start)
        let moved = later.filter(isSuperseded)
        if !moved.isEmpty {
            let superseded = try JSONLines(path: directory.supersededFile, appending: true)
            for event in moved { try superseded.append(event) }
            try superseded.synchronize()
            try lines.replace(after: start, with: later.filter { !isSuperseded($0) })
            try lines.synchronize()
        }
        try curves.sessionStart(step: step + 1)
        return moved.count
    }

    /// Whether a line ends at `position`.
    package func isWhole(at position: Int) throws -> Bool { try lines.hasLine(at: position) }

    /// Every event of a run, oldest first.
    package static func read(_ directory: RunDirectory) throws -> [JSONValue] {
        do {
            return try JSONLines.read(path: directory.journalFile)
        } catch let failure as Failure {
            throw failure.with(
                remedy: "restore the line or remove it; the run's scores are in results.json")
        }
    }
}
