import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import Training

/// Refuses to overwrite an existing file or folder.
func requireNothing(at path: String) throws {
    if FileManager.default.fileExists(atPath: path) {
        throw Failure.usage("is there already", at: path, remedy: "name a folder to make")
    }
}

/// Writes a run directory for adapters from elsewhere, one vector per task, with which to evaluate and
/// predict.
func writeRun(_ study: Study, _ model: AdaptedEncoder, _ vectors: [[Float]], to directory: String) throws {
    let (run, lock) = try RunDirectory.claim(directory, resuming: false)
    defer { lock.release() }
    try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: run.studyFile)
    try TrainedRun.write(study, model, vectors, to: run)
}
