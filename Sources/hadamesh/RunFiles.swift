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
    static func write(
        _ study: Study, _ context: RunContext, _ backbone: LoadedBackbone, _ identity: JSONValue,
        _ world: MPICommunicator, to directory: RunDirectory
    ) throws {
        try AtomicFile.write(Data(try StudyFile.text(of: study).utf8), to: directory.studyFile)
        let weights = backbone.model.weights
        let manifest = Manifest([
            ("version", .string(Hadamesh.version)), ("ranks", .integer(world.size)),
            ("host", .string(hostName())), ("mpi", .string(MPI.libraryVersion)),
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
