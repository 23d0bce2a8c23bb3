import Diagnostics
package import Formats
package import Foundation

/// Answers of the trained tasks, and the files of all tasks with them.
package struct Submission: Sendable {
    /// By file name; a file without answers gets its task's ``GLUETask/constantAnswer``.
    private var answers: [String: [String]] = [:]

    package init() {}

    /// Adds the predictions for a file's split.
    package mutating func add(_ predictions: Predictions, for file: SubmissionFile, of task: GLUETask) throws
    {
        precondition(predictions.count == file.count, "a prediction for each line")
        answers[file.name] = try task.output.texts(of: predictions, as: \.value)
    }

    /// The tasks without predictions.
    package var constantTasks: [GLUETask] {
        GLUE.tasks.filter { $0.submission.allSatisfy { answers[$0.name] == nil } }
    }

    /// The tasks without predictions and the answer that each gets; MNLI's is the diagnostic set's too.
    package var constants: [String] {
        constantTasks.map { task in
            let isDiagnosed = task.submission.contains { $0.split == .diagnostic }
            return "\(task.name)\(isDiagnosed ? " and AX" : "") \(task.constantAnswer)"
        }
    }

    /// The files for GLUE's server, by name.
    package var files: NamedValues<Data> {
        NamedValues(
            GLUE.tasks.flatMap { task in
                task.submission.map { file in
                    let answers =
                        answers[file.name] ?? Array(repeating: task.constantAnswer, count: file.count)
                    let lines = answers.enumerated().map { "\($0)\t\($1)\n" }
                    return ("\(file.name).tsv", Data(("index\tprediction\n" + lines.joined()).utf8))
                }
            })
    }

    /// Writes the files, and `submission.zip` with all of them, into a new folder.
    package func write(to folder: String) throws {
        let files = files
        try Directory.create(folder)
        for file in files.entries { try AtomicFile.write(file.value, to: "\(folder)/\(file.name)") }
        try ZipArchive.write(files, to: "\(folder)/submission.zip")
    }
}

extension GLUETask {
    /// The examples that a file of a submission answers; a file of another length is refused.
    package func examples(for file: SubmissionFile, in dataDirectory: String) throws -> [Example] {
        let found = try read(file.split, in: dataDirectory)
        guard found.examples.count == file.count else {
            throw Failure.data(
                "found \(found.examples.count) examples, GLUE's file has \(file.count)", at: found.path,
                remedy: found.path.hasSuffix(".tsv")
                    ? "remove the file's folder and fetch it: launch/glue \(dataDirectory) "
                        + "--tasks \(file.download(of: self))"
                    : "export the hub's whole split again")
        }
        return found.examples
    }

    /// Refuses a data directory without the test files of these tasks, or with files of another length.
    package static func requireTestFiles(of tasks: [GLUETask], in dataDirectory: String) throws {
        let missing = try tasks.flatMap { task in
            try task.submission.filter { try task.paths(of: $0.split, in: dataDirectory) == nil }.map {
                (path: task.file(of: $0.split), download: $0.download(of: task))
            }
        }
        if missing.isEmpty {
            // A wrong length is known before hours of predictions.
            for task in tasks {
                for file in task.submission { _ = try task.examples(for: file, in: dataDirectory) }
            }
            return
        }
        var downloads: [String] = []
        for file in missing where downloads.last != file.download { downloads.append(file.download) }
        throw Failure.data(
            "found no \(missing.map(\.path).joined(separator: ", "))", at: dataDirectory,
            remedy: "fetch the tasks with launch/glue \(dataDirectory) "
                + "--tasks \(downloads.joined(separator: ",")), or name their folder with --data")
    }
}
