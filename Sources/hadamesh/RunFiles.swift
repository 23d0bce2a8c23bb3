import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Journal
import Kernels
import Tokenizers
import Training

/// The files that say what a run is: the resolved study, and the manifest of everything it met.
enum RunFiles {
    /// Whether the run of this identity is done: its results are whole, and so are its tasks' adapters.
    static func areFinished(_ directory: RunDirectory, _ identity: JSONValue, tasks: [String]) -> Bool {
        let files = FileManager.default
        guard let text = files.contents(atPath: directory.resultsFile),
            let results = try? JSONValue(parsing: text, at: directory.resultsFile),
            results["stages"]?.array?.isEmpty == false,
            let manifest = try? Manifest.read(directory), manifest["identity"] == identity
        else { return false }
        return tasks.allSatisfy { task in
            ["adapter_model.safetensors", "adapter_config.json"].allSatisfy {
                files.fileExists(atPath: "\(directory.adapters(task: task))/\($0)")
            }
        }
    }

    static func write(
        _ study: Study, _ context: RunContext, _ backbone: LoadedBackbone, _ identity: JSONValue,
        _ world: MPICommunicator, to directory: RunDirectory
    ) throws {
        try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: directory.studyFile)
        let weights = backbone.model.weights
        let manifest = Manifest([
            ("version", .string(Hadamesh.version)), ("ranks", .integer(world.size)),
            ("host", .string(ProcessInfo.processInfo.hostName)), ("mpi", .string(MPI.libraryVersion)),
            (
                "kernels",
                ["name": .string(VectorKernels.name), "bits": .string(VectorKernels.bits)]
            ),
            (
                "blas",
                [
                    "core": .string(BLAS.coreName), "build": .string(BLAS.flavour),
                    "configuration": .string(BLAS.configuration),
                ]
            ),
            (
                "backbone",
                [
                    "path": .string(study.backbone), "mappedBytes": .integer(weights.mappedBytes),
                    "sharedBytes": .integer(weights.sharedBytes),
                    "copiedBytes": .integer(weights.copiedBytes),
                    "laidOutBytes": .integer(backbone.model.laidOutBytes),
                ]
            ), ("tokenizer", .string(backbone.tokenizer.identity)), ("identity", identity),
        ])
        try manifest.write(to: directory)
    }
}
