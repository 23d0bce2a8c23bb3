import Adapters
import Collectives
import Coordination
import Diagnostics
import Encoders
import Foundation
import Kernels
import Runs
import Studies
import Tasks
import Tokenizers
import Training

/// A study's backbone: frozen weights, tokenizer, and the model on top.
struct LoadedBackbone {
    private(set) var model: AdaptedModel
    let tokenizer: any Tokenizer
    /// What the user should know of its memory.
    private(set) var warnings: [Failure] = []

    /// Maps the weights, unless they are given, and reads the tokenizer, and holds the study's settings to them.
    init(_ study: Study, _ weights: EncoderWeights? = nil) throws {
        try Self.checkKernels()
        let weights = try weights ?? EncoderWeights(directory: study.backbone)
        model = try AdaptedModel(weights, study.adapter.method, study.head)
        tokenizer = try TokenizerFolder.load(study.backbone)
        try model.check(
            tokenizer, maximumTokens: study.maximumTokens,
            tasks: study.tasks.map { try $0.resolve() })
    }
}

extension LoadedBackbone {
    /// Refuses kernels that this processor doesn't have.
    private static func checkKernels() throws {
        guard let unknown = VectorKernels.unknownChoice else { return }
        throw Failure.usage(
            "is '\(unknown)', which this processor doesn't have", at: VectorKernels.variable,
            remedy: "choose one of \(VectorKernels.choices.joined(separator: ", ")), or leave it out")
    }

    /// What all ranks of a world want a backbone for.
    enum Use {
        /// To look at it.
        case inspection
        /// To compute with it, forward.
        case answers
        /// To train with it.
        case learning
    }

    /// Maps the weights on all ranks of a world; those of a host share what must be converted or laid out.
    init(_ study: Study, on world: any Communicator, for use: Use) throws {
        // Before the first collective, where a rank may already be missing.
        world.watch?.use(study.stall.limits)
        try Self.checkKernels()
        try Agreement.checkStudies(study, world)
        let memory = NodeWeightMemory(world)
        try self.init(study, EncoderWeights(directory: study.backbone, convertingInto: memory))
        if use != .inspection { model = try model.prepacked(in: memory, forLearning: use == .learning) }
        warnings = memory.refusals
    }

    /// Says the warnings on standard error, once for all ranks.
    func warn(from rank: Int) {
        guard rank == 0 else { return }
        for warning in warnings { writeToStandardError("warning: \(warning)\n") }
    }
}

/// The study that a run directory holds, with a backbone and data that may have moved since.
func studyOfRun(_ run: String, backbone: String?, data: String?) throws -> Study {
    let overrides = [backbone.map { "backbone=\($0)" }, data.map { "data=\($0)" }].compactMap { $0 }
    let file = RunDirectory(path: run).studyFile
    guard FileManager.default.fileExists(atPath: file) else {
        throw Failure.usage("no study.yaml: this is not a run directory", at: run)
    }
    return try StudyFile(path: file, overrides: overrides).study()
}
