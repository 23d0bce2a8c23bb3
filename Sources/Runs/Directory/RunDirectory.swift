import Diagnostics
import Formats
import Foundation

/// The directory of one run, and where in it everything lies.
package struct RunDirectory: Sendable, Equatable {
    /// The directory itself.
    package let path: String

    /// The study as it was resolved.
    package var studyFile: String { "\(path)/study.yaml" }
    /// What the run ran on: versions, hashes, machine, ranks.
    package var manifestFile: String { "\(path)/manifest.json" }
    /// The run's events, one a line.
    package var journalFile: String { "\(path)/journal.jsonl" }
    /// The scores of a finished run.
    package var resultsFile: String { "\(path)/results.json" }
    /// Events that a resumed run went through again, in the form of the journal's.
    package var supersededFile: String { "\(path)/journal.superseded.jsonl" }
    /// The trace of who did what when in a run's first start, in Chrome's format.
    package var timelineFile: String { timelineFile(start: 1) }

    /// The trace of one of a run's starts, counted from 1.
    package func timelineFile(start: Int) -> String {
        start == 1 ? "\(path)/timeline.json" : "\(path)/timeline-\(start).json"
    }

    /// The first name of a trace that is not taken: each start that comes to its end leaves one of its own.
    package var nextTimelineFile: String {
        var start = 1
        while FileManager.default.fileExists(atPath: timelineFile(start: start)) { start += 1 }
        return timelineFile(start: start)
    }

    /// The folder of trained adapters, one folder a task.
    package var adapters: String { "\(path)/adapters" }
    /// The folder of checkpoints, one folder a checkpoint.
    package var checkpoints: String { "\(path)/checkpoints" }

    /// The folder of recorded gradients.
    package var reference: String { "\(path)/reference" }

    /// The folder of one task's trained adapter.
    package func adapters(task: String) -> String { "\(adapters)/\(task)" }

    /// The folder of the checkpoint after some optimizer steps.
    package func checkpoint(step: Int) -> String { "\(checkpoints)/step-\(step)" }

    /// A directory that need not be there.
    package init(path: String) {
        // Every path below begins with this one and a slash: nothing would name the root of the file system.
        let given = path.isEmpty ? "." : path
        self.path = given.count > 1 && given.hasSuffix("/") ? String(given.dropLast()) : given
    }

    /// Makes the directory of a new run; one that holds a run already is refused.
    package static func create(at path: String) throws -> RunDirectory {
        let directory = RunDirectory(path: path)
        try directory.requireNoRun()
        try Directory.create(directory.path)
        return directory
    }

    /// Opens the directory of an existing run; one that holds no run is refused.
    package static func open(at path: String) throws -> RunDirectory {
        let directory = RunDirectory(path: path)
        guard directory.trace != nil else {
            let isThere = FileManager.default.fileExists(atPath: directory.path)
            throw Failure.usage(
                isThere ? "found no run in it (neither manifest nor journal)" : "no such run directory",
                at: directory.path, remedy: "name the directory that hadamesh train wrote")
        }
        return directory
    }

    /// Makes the directory of a new run, or opens an existing one to go on with it, for this job alone.
    ///
    /// A directory that another job works in is refused by that job's name. What a killed job left half written is removed.
    /// - Returns: the directory, and the lock to hold for as long as anything is written there
    package static func claim(
        _ path: String, resuming: Bool, whileWaiting: () -> Void = {}
    ) throws -> (directory: RunDirectory, lock: RunLock) {
        let directory = resuming ? try open(at: path) : RunDirectory(path: path)
        try Directory.create(directory.path)
        let lock = try RunLock.take(directory.path, whileWaiting: whileWaiting)
        // Looked at under the lock: no other job can begin a run in between.
        if resuming { directory.removeLeftovers() } else { try directory.requireNoRun() }
        return (directory, lock)
    }

    private func requireNoRun() throws {
        guard let trace else { return }
        throw Failure.usage(
            "a run is there already (found \(trace))", at: path,
            remedy: "go on with it by --resume, or name another place with --output")
    }

    /// Removes what a job that was killed while it wrote left behind.
    ///
    /// It can't hurt where that fails: nothing reads files of these names.
    private func removeLeftovers() {
        let manager = FileManager.default
        func names(_ folder: String) -> [String] { (try? manager.contentsOfDirectory(atPath: folder)) ?? [] }
        let folders = [path, checkpoints] + names(adapters).map { adapters(task: $0) }
        for folder in folders {
            for name in names(folder) where AtomicFile.isTemporary(name) || RunLock.isProbe(name) {
                try? manager.removeItem(atPath: "\(folder)/\(name)")
            }
        }
        for name in names(checkpoints)
        where name.hasPrefix("step-") && (name.hasSuffix(".partial") || name.hasSuffix(".replaced")) {
            try? manager.removeItem(atPath: "\(checkpoints)/\(name)")
        }
    }

    /// The first thing found that only a run leaves behind.
    private var trace: String? {
        [manifestFile, journalFile, checkpoints, studyFile]
            .first(where: FileManager.default.fileExists)
            .map { String($0.dropFirst(path.count + 1)) }
    }
}
