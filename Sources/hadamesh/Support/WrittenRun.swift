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
            throw Failure.usage("already exists", at: path, remedy: "choose another folder")
        }
    }

    /// Refuses to overwrite, or to write a run inside another one.
    static func requirePlace(ofRun path: String) throws {
        try requireNothing(at: path)
        let parent = RunDirectory(path: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        if parent.hasBegun {
            throw Failure.usage(
                "would be a run inside the run \(parent.path)", at: path, remedy: "choose another folder")
        }
    }

    /// Creates the run directory of a merged adapter, with its results and the record of the merge.
    static func create(
        _ merge: AdapterMerge, _ context: RunContext, _ results: RunResults, _ identity: RunIdentity,
        _ record: MergeRecord, at directory: String
    ) throws {
        let (run, lock) = try RunDirectory.claim(directory, resuming: false)
        defer { lock.release() }
        try AtomicFile.write(Data(try StudyFile.text(of: context.study).utf8), to: run.studyFile)
        try TrainedRun.write(context.study, context.model, merge.vectors, identity: identity, to: run)
        var results = results
        results.study = try RunStudy(file: nil, seed: context.study.seed, adapter: context.study.adapter)
        try results.write(to: run)
        // Written last: with a manifest the directory counts as a run.
        try Manifest(identity: identity, merged: record).write(to: run)
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
