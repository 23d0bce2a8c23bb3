import Coordination
import Diagnostics
import Formats
import Foundation
import Runs
import Studies
import Training

/// Refuses to write over what is there.
func requireNothing(at path: String) throws {
    if FileManager.default.fileExists(atPath: path) {
        throw Failure.usage("is there already", at: path, remedy: "name a folder to make")
    }
}

/// Makes a run directory of adapters that no study here trained, a vector for each task: what evaluates and predicts.
func writeRun(_ study: Study, _ model: AdaptedModel, _ vectors: [[Float]], to directory: String) throws {
    let (run, lock) = try RunDirectory.claim(directory, resuming: false)
    defer { lock.release() }
    try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: run.studyFile)
    try TrainedRun.write(study, model, vectors, to: run)
}
