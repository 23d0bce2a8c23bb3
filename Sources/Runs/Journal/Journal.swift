import Diagnostics
package import Formats
import Foundation

/// What happened in a run, written as it happens: events as JSON lines, curves as TensorBoard scalars.
///
/// Every event is the system's, whole, when ``record(_:_:)`` returns: a process that is killed later loses none of them.
/// A machine that fails may lose those since ``synchronize()``. Nobody reads the journal during a run, so that training never waits for a reader.
package final class Journal {
    private let lines: JSONLines
    private let scalars: EventFile
    private let directory: RunDirectory

    /// Starts the journal of a run, or goes on with it after its last whole line.
    package init(directory: RunDirectory, appending: Bool) throws {
        self.directory = directory
        lines = try JSONLines(path: directory.journalFile, appending: appending)
        scalars = try EventFile(directory: directory.path)
    }

    /// Writes one event: the time in seconds since 1970, its kind, and its fields in order.
    package func record(_ kind: String, _ fields: [(String, JSONValue)] = []) throws {
        let time = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
        let members = [("time", .number(time)), ("kind", .string(kind))] + fields
        var names: Set<String> = []
        for (name, _) in members where !names.insert(name).inserted {
            throw Failure.data("an event of kind '\(kind)' has two fields '\(name)'", at: lines.path)
        }
        try lines.append(.object(members))
    }

    /// Writes one event, its fields those of a report.
    package func record(_ kind: String, _ report: some Encodable) throws {
        try record(kind, JSONValue(encoding: report).object ?? [])
    }

    /// Writes one point of a curve.
    package func scalar(_ tag: String, _ value: Double, step: Int) throws {
        try scalars.scalar(tag, value, step: step)
    }

    /// Forces what has been written to disk, so that a checkpoint never survives events that came before it.
    package func synchronize() throws { try lines.synchronize() }

    /// The bytes of all events so far: what comes later is after this position.
    package var position: Int { lines.length }

    /// Goes on after a step, which the run goes through no more than once: events after a position that belong to later
    /// steps are moved to the file of superseded ones, and curves go on after the step.
    ///
    /// - Parameters:
    ///   - step: the step that the run goes on after
    ///   - position: where the journal ended when the state of that step was saved; nil where that is not known
    ///   - isSuperseded: whether an event that was written since, or ever where that is not known, will come again
    /// - Returns: how many events were moved
    /// - Throws: a failure where the journal cannot be read or written
    package func goOn(
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
        try scalars.sessionStart(step: step + 1)
        return moved.count
    }

    /// Whether the journal has an event's end, or its own, at a position.
    package func isWhole(at position: Int) throws -> Bool { try lines.hasLine(at: position) }

    /// Every event of a run, oldest first.
    package static func read(_ directory: RunDirectory) throws -> [JSONValue] {
        try JSONLines.read(path: directory.journalFile)
    }
}
