import Diagnostics
import Formats
import Foundation

/// The directory of one run, and every path in it.
package struct RunDirectory: Sendable, Equatable {
    package let path: String

    /// The study with all defaults filled in.
    package var studyFile: String { "\(path)/study.yaml" }
    /// The run's identity, and the machine and ranks of each start.
    package var manifestFile: String { "\(path)/manifest.json" }
    /// The run's events, one per line.
    package var journalFile: String { "\(path)/journal.jsonl" }
    /// The results of a finished run.
    package var resultsFile: String { "\(path)/results.json" }
    /// The papers of the run's methods, in BibTeX.
    package var citationsFile: String { "\(path)/citations.bib" }
    /// A finished run's page, in HTML.
    package var reportFile: String { "\(path)/report.html" }
    /// Events that a resumed run repeated, in the journal's format.
    package var supersededFile: String { "\(path)/journal.superseded.jsonl" }
    /// The ranks' trace of the first start, in Chrome's format.
    package var timelineFile: String { timelineFile(start: 1) }

    /// The trace of a start, counted from 1.
    package func timelineFile(start: Int) -> String {
        start == 1 ? "\(path)/timeline.json" : "\(path)/timeline-\(start).json"
    }

    /// The first unused path for a trace: each completed start leaves one.
    package var nextTimelineFile: String {
        var start = 1
        while FileManager.default.fileExists(atPath: timelineFile(start: start)) { start += 1 }
        return timelineFile(start: start)
    }

    /// The folder of trained adapters, one folder per task.
    package var adapters: String { "\(path)/adapters" }
    /// The folder of checkpoints, one folder per checkpoint.
    package var checkpoints: String { "\(path)/checkpoints" }
    /// The folder of TensorBoard's event files, one file per start.
    package var tensorboard: String { "\(path)/tensorboard" }
    /// The folder of recorded gradients.
    package var reference: String { "\(path)/reference" }

    package func adapters(task: String) -> String { "\(adapters)/\(task)" }

    /// The command that continues the run, for messages.
    package var resumption: String {
        "\(Invocation.training) --resume \(path.shellWord)"
    }

    /// The folder of the checkpoint after `step` optimizer steps.
    package func checkpoint(step: Int) -> String { "\(checkpoints)/step-\(step)" }

    /// The directory need not exist; an empty path is the current directory.
    package init(path: String) {
        // Every path above appends a slash: an empty path would name the root of the file system.
        let given = path.isEmpty ? "." : path
        self.path = given.count > 1 && given.hasSuffix("/") ? String(given.dropLast()) : given
    }

    /// Creates the directory of a new run; a directory that already holds a run is refused.
    package static func create(at path: String) throws -> RunDirectory {
        let directory = RunDirectory(path: path)
        try directory.requireNoRun()
        try Directory.create(directory.path)
        return directory
    }

    /// Opens the directory of an existing run; a directory without a run is refused.
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

    /// Creates the directory of a new run for this job alone, or opens that of an existing run to resume it.
    ///
    /// A directory that another job holds is refused with that job's name. On resuming, half-written files of
    /// a killed job are removed; without a run to resume, a new one begins.
    /// - Returns: the directory, and the lock to hold while anything is written there
    package static func claim(
        _ path: String, resuming: Bool, whileWaiting: () -> Void = {}
    ) throws -> (directory: RunDirectory, lock: RunLock) {
        let directory = RunDirectory(path: path)
        if directory.isFile {
            throw Failure.usage(
                "found a file, expected a directory", at: path, remedy: "choose another --output")
        }
        try Directory.create(directory.path)
        let lock = try RunLock.take(directory.path, whileWaiting: whileWaiting)
        // Checked under the lock: no other job can begin a run in between.
        if resuming {
            try directory.requireTraining(
                to: "resume",
                remedy: "use it with evaluate, predict and export, or choose another --output")
            // Checkpoints alone can be resumed.
            if !directory.hasBegun { try OutputFolder.requireUnused(directory.path, besides: "checkpoints") }
            directory.removeLeftovers()
        } else {
            try directory.requireNoRun()
        }
        return (directory, lock)
    }

    private func requireNoRun() throws {
        guard hasBegun, let trace else { return try OutputFolder.requireUnused(path) }
        throw Failure.usage(
            "this run already exists (found \(trace))", at: path,
            remedy: "continue it with: \(resumption), or choose another --output")
    }

    /// Whether a file has the directory's path.
    private var isFile: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// Whether a run began here; a folder of studies may hold a study.yaml too.
    package var hasBegun: Bool {
        [manifestFile, journalFile].contains(where: FileManager.default.fileExists)
    }

    /// The advice to name one of the runs in a folder; nil if it holds none.
    package static func suggestion(from folder: String) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let runs = names.sorted().map { RunDirectory(path: "\(folder)/\($0)") }.filter(\.hasBegun)
        if runs.isEmpty { return nil }
        return "name one of the runs in it: \(runs.prefix(6).map(\.path).joined(separator: ", "))"
    }

    /// Whether the run holds adapters that were not trained in it: imported, or with averaged heads.
    package var isImported: Bool {
        !hasBegun && FileManager.default.fileExists(atPath: adapters)
    }

    /// Refuses a directory whose adapter was imported or merged: no training gave it.
    ///
    /// `purpose` is the verb of what cannot be done with it.
    package func requireTraining(to purpose: String, remedy: String) throws {
        // A damaged manifest is refused where its identity is read.
        let isMerged = (try? Manifest.read(self))?.merged != nil
        guard isImported || isMerged else { return }
        throw Failure.usage(
            "holds \(isMerged ? "a merged" : "an imported") adapter, which has no training to \(purpose)",
            at: path, remedy: remedy)
    }

    /// Removes the half-written files of a killed job.
    ///
    /// Errors are harmless: nothing reads files with these names.
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

    /// The name of the first file found that only a run creates.
    private var trace: String? { firstFound([manifestFile, journalFile, checkpoints, studyFile]) }

    /// The name of the first of these paths at which there is something.
    private func firstFound(_ paths: [String]) -> String? {
        paths.first(where: FileManager.default.fileExists).map { String($0.dropFirst(path.count + 1)) }
    }
}
