import Adapters
package import Collectives
import Diagnostics
package import Encoders
import Formats
import Foundation
package import Kernels
import Runs
package import Studies
import Tasks
import Training

extension RankAgreement {
    /// Refuses ranks with different studies, programs or kernels, before anything is loaded.
    ///
    /// Only the paths `backbone` and `data` may differ. Keys that change no bit must agree too, because they
    /// decide which collectives a rank calls.
    package static func checkStudies(_ study: Study, _ world: any Communicator) throws {
        // With one rank there is no need to read the program.
        guard world.size > 1 else { return }
        var agreement = RankAgreement()
        agreement.add("program", "version \(Arithmetic.programVersion), build \(try buildChecksum())")
        try agreement.add(
            "", valuesOf: RecordedSettings(study).filtered { !["backbone", "data"].contains($0) })
        // After the settings, since one of them is the arithmetic.
        agreement.add(kernelsOf: [study.arithmetic])
        try agreement.check(world)
    }

    /// Refuses ranks with different backbones, tokenizers, data or initial parameters.
    ///
    /// It is checked before the run directory is written, and again when the run begins.
    package static func checkInputs(
        _ context: RunContext, tokenizer: String, resuming: Bool, _ world: any Communicator
    ) throws {
        try checkInputs(
            context, parameters: context.store.initial, tokenizer: tokenizer, resuming: resuming, world)
    }

    /// Refuses ranks with different inputs or parameters, which may already be trained.
    static func checkInputs(
        _ context: RunContext, parameters: [Float], tokenizer: String? = nil, resuming: Bool = false,
        _ world: any Communicator
    ) throws {
        guard world.size > 1 else { return }
        var agreement = RankAgreement()
        agreement.add("--resume", resuming ? "given" : "not given")
        try agreement.add(backbone: context.model.weights, tokenizer: tokenizer)
        for data in context.data { agreement.add(data: data, of: data.task.name) }
        if let files = try FileOfAnotherRun.all(of: context.model.method) {
            // Paths may differ.
            agreement.add("adapters of other runs", files.map { "\($0.checksum)" }.joined(separator: " "))
        }
        agreement.add("parameters", "checksum \(checksum(parameters))")
        try agreement.check(world)
    }

    /// Adds the kernels of products in some arithmetics.
    package mutating func add(kernelsOf arithmetics: [ProductArithmetic]) {
        add(Self.kernels, arithmetics.map { Arithmetic.current($0).kernelWords }.joined(separator: ", "))
    }

    /// Adds a backbone, and its tokenizer's checksum if it is known.
    package mutating func add(backbone: EncoderWeights, tokenizer: String?, named name: String = "backbone")
        throws
    {
        try add(name, valuesOf: BackboneIdentity(of: backbone))
        if let tokenizer { add("tokenizer", "checksum \(tokenizer)") }
    }

    /// Adds the data of a task; nil if they cannot be read.
    package mutating func add(data: TaskData?, of task: String) {
        add("data of \(task)", data.map { "checksum \($0.fingerprint)" } ?? "unreadable")
    }

    /// Refuses ranks with different backbones, texts or parameters to predict with.
    static func checkPrediction(
        _ model: AdaptedModel, _ texts: TokenizedExamples, parameters: [Float], _ world: any Communicator
    ) throws {
        guard world.size > 1 else { return }
        var agreement = RankAgreement()
        try agreement.add("backbone", valuesOf: BackboneIdentity(of: model.weights))
        agreement.add("texts", "checksum \(texts.fingerprint)")
        agreement.add("parameters", "checksum \(checksum(parameters))")
        try agreement.check(world)
    }

    /// Refuses to continue if the ranks' replicas of the state differ in anything that a checkpoint holds.
    package static func checkReplicas(
        _ state: TrainingState, tasks: [String], _ world: any Communicator
    ) throws {
        guard world.size > 1 else { return }
        var agreement = RankAgreement()
        agreement.add("step", "\(state.step)")
        for tensor in state.tensors(tasks) {
            var checksum = CRC32C()
            tensor.forEachPiece { checksum.update($0) }
            agreement.add(tensor.name, "checksum \(checksum.value)")
        }
        let progress = try JSONValue(encoding: TrainingState.Facts.Progress(state)).encoded()
        agreement.add("progress", "checksum \(checksum(Array(progress.utf8)))")
        do {
            try agreement.check(world)
        } catch let failure as Failure where failure.kind == .data {
            throw Failure(
                .rank, at: "step \(state.step)",
                "the ranks' replicas of the state differ: \(failure.location ?? "state") \(failure.message)",
                remedy: "a node's memory or processor may be faulty; resume the run without that node")
        }
    }

    private static func checksum<T: BitwiseCopyable>(_ values: [T]) -> UInt32 {
        values.withUnsafeBytes { CRC32C.checksum($0) }
    }

    private static func buildChecksum() throws -> String {
        try MappedFile(path: "/proc/self/exe").withBytes { CRC32C.hexadecimal($0) }
    }
}
