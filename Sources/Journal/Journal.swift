import Diagnostics
public import Formats
import Foundation

/// What happened in a run, written as it happens: events as JSON lines, curves as TensorBoard scalars.
///
/// Every event is on disk, whole, when ``record(_:_:)`` returns to the caller; a process killed later loses
/// none of them. Nobody reads the journal during a run, so that training never waits for a reader.
public final class Journal {
    private let lines: JSONLines
    private let scalars: EventFile

    /// Starts the journal of a run, or goes on with it after its last whole line.
    public init(directory: RunDirectory, appending: Bool) throws {
        lines = try JSONLines(path: directory.journalFile, appending: appending)
        scalars = try EventFile(directory: directory.path)
    }

    /// Writes one event: the time in seconds since 1970, its kind, and its fields in order.
    public func record(_ kind: String, _ fields: [(String, JSONValue)] = []) throws {
        let time = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
        let members = [("time", .number(time)), ("kind", .string(kind))] + fields
        var names: Set<String> = []
        for (name, _) in members where !names.insert(name).inserted {
            throw Failure.data("an event of kind '\(kind)' has two fields '\(name)'", at: lines.path)
        }
        try lines.append(.object(members))
    }

    /// Writes one point of a curve.
    public func scalar(_ tag: String, _ value: Double, step: Int) throws {
        try scalars.scalar(tag, value, step: step)
    }

    /// Forces what has been written to disk, so that a checkpoint never survives events that came before it.
    public func synchronize() throws { try lines.synchronize() }

    /// Every event of a run, oldest first.
    public static func read(_ directory: RunDirectory) throws -> [JSONValue] {
        try JSONLines.read(path: directory.journalFile)
    }
}
