import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import Training

/// A run written for adapters from elsewhere, with which to evaluate and predict.
enum WrittenRun {
    /// Refuses to overwrite an existing file or folder.
    static func requireNothing(at path: String) throws {
        if path.isEmpty { throw Failure.usage("the path of the folder to create is empty", at: "the output") }
        if FileManager.default.fileExists(atPath: path) {
            throw Failure.usage("is there already", at: path, remedy: "name a folder to make")
        }
    }

    /// Creates the run directory; `vectors` are the adapter parameters of each task.
    static func create(
        _ study: Study, _ model: AdaptedModel, _ vectors: [[Float]], at directory: String
    ) throws {
        let (run, lock) = try RunDirectory.claim(directory, resuming: false)
        defer { lock.release() }
        try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: run.studyFile)
        try TrainedRun.write(study, model, vectors, to: run)
    }
}
