import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Runs
import Studies
import Training

/// The files that say what a run is: the resolved study, and the manifest of its identity and every start.
enum RunFiles {
    /// Whether the run of this identity is done: its results are whole, and so are its tasks' adapters.
    ///
    /// Results of another study are refused. Nothing is computed any more, so it does not matter on which kernels.
    static func areFinished(_ directory: RunDirectory, _ identity: JSONValue, tasks: [String]) throws -> Bool
    {
        let files = FileManager.default
        guard let text = files.contents(atPath: directory.resultsFile),
            let results = try? JSONValue(parsing: text, at: directory.resultsFile),
            results["stages"]?.array?.isEmpty == false, let recorded = try self.identity(in: directory)
        else { return false }
        _ = try RunIdentity.check(recorded, against: identity, allowingDifferentKernels: true)
        return tasks.allSatisfy { task in
            ["adapter_model.safetensors", "adapter_config.json"].allSatisfy {
                files.fileExists(atPath: "\(directory.adapters(task: task))/\($0)")
            }
        }
    }

    /// Writes the study, and adds this start to the manifest; those before it stay as they are.
    static func write(
        _ study: Study, _ backbone: LoadedBackbone, _ run: TrainingRun, _ ranks: [RankDescription],
        to directory: RunDirectory
    ) throws {
        try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: directory.studyFile)
        let earlier = try manifest(in: directory)?["starts"]?.array ?? []
        let manifest = Manifest([
            ("identity", run.identity), ("mixed", .bool(RunIdentity.isMixed(run.identity))),
            ("starts", .array(earlier + [try start(study, backbone, run, ranks)])),
        ])
        try manifest.write(to: directory)
    }

    /// The identity that an earlier start wrote down; nil where none did.
    static func identity(in directory: RunDirectory) throws -> JSONValue? {
        try manifest(in: directory)?["identity"]
    }

    private static func manifest(in directory: RunDirectory) throws -> Manifest? {
        let isThere = FileManager.default.fileExists(atPath: directory.manifestFile)
        return isThere ? try Manifest.read(directory) : nil
    }

    /// When, where and on what the run was started.
    private static func start(
        _ study: Study, _ backbone: LoadedBackbone, _ run: TrainingRun, _ ranks: [RankDescription]
    ) throws -> JSONValue {
        let weights = backbone.model.weights
        return [
            "time": .string(ISO8601DateFormatter().string(from: Date())),
            "resumedFrom": run.resumedFrom.map { .integer($0) } ?? .null,
            "version": .string(Hadamesh.version), "ranks": .integer(ranks.count),
            "hosts": .array(
                RankDescription.hosts(of: ranks).map { host, kernels in
                    [
                        "host": .string(host), "ranks": .integer(kernels.count),
                        "kernels": .array(Set(kernels).sorted().map { .string($0) }),
                    ]
                }),
            "settings": try RunIdentity.freeSettings(of: study), "mpi": .string(MPI.libraryVersion),
            "bits": .string(VectorKernels.bits),
            "backbone": [
                "path": .string(study.backbone), "mappedBytes": .integer(weights.mappedBytes),
                "sharedBytes": .integer(weights.sharedBytes), "copiedBytes": .integer(weights.copiedBytes),
                "prepackedBytes": .integer(backbone.model.prepackedBytes),
            ],
        ]
    }
}
