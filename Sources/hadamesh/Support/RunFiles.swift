import Adapters
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Reports
import Runs
import Studies
import Training

/// A run's resolved study, and its manifest of identity and starts.
enum RunFiles {
    /// Whether the directory holds a finished run: results, and a whole adapter for each task.
    ///
    /// A record, which has results without a folder of adapters, counts too if it is enough. A finished run
    /// with another identity is a failure.
    static func areFinished(
        _ directory: RunDirectory, _ identity: RunIdentity, tasks: [String], allowingDifferentKernels: Bool,
        acceptingRecords: Bool
    ) throws -> Bool {
        guard let results = try? RunResults.read(directory), !results.stages.isEmpty,
            let recorded = try self.identity(in: directory)
        else { return false }
        _ = try recorded.resumed(as: identity, allowingDifferentKernels: allowingDifferentKernels)
        if acceptingRecords, !FileManager.default.fileExists(atPath: directory.adapters) { return true }
        return haveAdapters(directory, tasks)
    }

    /// Whether the directory holds a finished run by its own files alone, without backbone and data.
    static func haveFinished(_ directory: RunDirectory) -> Bool {
        guard let results = try? RunResults.read(directory), let last = results.stages.last,
            let manifest = try? Manifest.read(directory), manifest.merged == nil, manifest.starts != nil
        else { return false }
        return haveAdapters(directory, last.tasks.names)
    }

    /// Whether each task has a whole adapter.
    private static func haveAdapters(_ directory: RunDirectory, _ tasks: [String]) -> Bool {
        tasks.allSatisfy { task in
            let folder = directory.adapters(task: task)
            return (try? AdapterConfiguration.read(folder)) != nil
                && (try? SafetensorsFile(path: "\(folder)/adapter_model.safetensors")) != nil
        }
    }

    /// Writes the study and its citations, and adds this start to those in the manifest.
    static func write(
        _ study: Study, from file: String?, _ backbone: LoadedBackbone, _ run: TrainingRun,
        _ ranks: [RankDescription], to directory: RunDirectory
    ) throws {
        try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: directory.studyFile)
        let citations = Bibliography().text(of: study.sources, version: Hadamesh.version)
        try AtomicFile.write(Data(citations.utf8), to: directory.citationsFile)
        let earlier = try Manifest.read(directory)?.starts ?? []
        let manifest = try Manifest(
            identity: run.identity, mixed: run.identity?.isMixed,
            starts: earlier + [start(study, file, backbone, run, ranks)])
        try manifest.write(to: directory)
    }

    /// The bytes of the study of a run that can be resumed.
    static func study(in directory: RunDirectory) throws -> Data {
        if FileManager.default.fileExists(atPath: directory.path), !isFolder(directory.path) {
            throw Failure.usage(
                "is a file, expected the directory of a run", at: directory.path,
                remedy: "name it: hadamesh train --resume RUN; with a study file, name it with --output RUN")
        }
        guard
            let data = FileManager.default.contents(
                atPath: try RunDirectory.open(at: directory.path).studyFile)
        else {
            throw Failure.usage(
                "the run stopped before its study was saved (found no study.yaml)", at: directory.path,
                remedy: "start it again: hadamesh train STUDY --output \(directory.path) --resume")
        }
        return data
    }

    /// Refuses a file that could not be written after hours of computing.
    static func requireFolder(of file: String) throws {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
        guard RunFiles.isFolder(folder), !RunFiles.isFolder(file) else {
            throw Failure.usage(
                RunFiles.isFolder(file)
                    ? "is a folder, expected a file to write" : "its folder does not exist",
                at: file, remedy: "name a JSON file in an existing folder")
        }
        guard FileManager.default.isWritableFile(atPath: folder) else {
            throw Failure.usage(
                "its folder does not allow writing", at: file, remedy: "name a JSON file in another folder")
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The study file that the run began with; nil if it is unknown.
    static func source(in directory: RunDirectory) throws -> String? {
        try Manifest.read(directory)?.starts?.first?.study
    }

    /// The identity recorded by an earlier start; nil if there is none.
    static func identity(in directory: RunDirectory) throws -> RunIdentity? {
        try Manifest.read(directory)?.identity()
    }

    /// The manifest's record of this start.
    private static func start(
        _ study: Study, _ file: String?, _ backbone: LoadedBackbone, _ run: TrainingRun,
        _ ranks: [RankDescription]
    ) throws -> RunStart {
        let weights = backbone.model.weights
        return try RunStart(
            time: ISO8601DateFormatter().string(from: Date()), study: file, resumedFrom: run.resumedFrom,
            version: Hadamesh.version, nodes: RankDescription.nodes(of: ranks),
            settings: RunIdentity.freeSettings(of: study), mpi: MPI.libraryVersion, bits: VectorKernels.bits,
            backbone: RunStart.Backbone(
                path: study.backbone.folder, model: study.backbone.snapshot?.name.id,
                revision: study.backbone.snapshot?.commit, mappedBytes: weights.mappedBytes,
                sharedBytes: weights.sharedBytes,
                copiedBytes: weights.copiedBytes, prepackedBytes: backbone.model.prepackedBytes))
    }
}
