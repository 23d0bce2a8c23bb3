import Adapters
import Collectives
import Coordination
import Diagnostics
import Encoders
import Kernels
import Studies
import Tasks
import Tokenizers
import Training

/// A study's frozen backbone with its adapted model and its tokenizer.
struct LoadedBackbone {
    private(set) var model: AdaptedModel
    let tokenizer: any Tokenizer
    /// Warnings about memory, kernels and the tokenizer.
    private(set) var warnings: [Failure] = []

    /// Maps the weights, unless given, reads the tokenizer, and checks the study's settings against both.
    init(_ study: Study, _ weights: EncoderWeights? = nil) throws {
        try Self.checkKernels()
        let weights = try weights ?? EncoderWeights(directory: study.backbone.folder, for: study.arithmetic)
        model = try AdaptedModel(weights, study.adapter.method, study.head, study.arithmetic)
        tokenizer = try TokenizerFolder.load(study.backbone.folder)
        try model.check(
            tokenizer, maximumTokens: study.maximumTokens,
            tasks: study.tasks.map { try $0.resolve() })
    }
}

extension LoadedBackbone {
    /// Refuses kernels that this processor does not support.
    static func checkKernels() throws {
        guard let unknown = VectorKernels.unknownChoice else { return }
        throw Failure.usage(
            "is '\(unknown)', which this processor doesn't have", at: VectorKernels.variable,
            remedy: "choose one of \(VectorKernels.choices.joined(separator: ", ")), or leave it out")
    }

    /// Warnings if this processor emulates the instructions of an arithmetic, and if a tokenizer appears to
    /// be another model's.
    static func warnings(
        about arithmetic: ProductArithmetic, _ weights: EncoderWeights, _ tokenizer: any Tokenizer
    ) -> [Failure] {
        var warnings: [Failure] = []
        if arithmetic == .bfloat16, RoundedKernels.areEmulated {
            warnings.append(
                .data(
                    "bfloat16 takes longer than float32 here: the \(RoundedKernels.name) kernels emulate its "
                        + "instructions", at: "arithmetic",
                    remedy: "results do not depend on that; 'hadamesh doctor' lists the processor's kernels"))
        }
        let (tokens, embeddings) = (tokenizer.vocabularySize, weights.configuration.vocabulary)
        // Embeddings are often padded, to a multiple of 64 for instance, but not by a tenth.
        if 10 * tokens < 9 * embeddings {
            warnings.append(
                .data(
                    "the tokenizer has \(tokens) tokens, but the weights embed \(embeddings)",
                    at: weights.directory, remedy: "check that both come from the same model"))
        }
        return warnings
    }

    /// The use of a backbone, which decides how its weights are prepacked.
    enum Use {
        /// Not prepacked.
        case inspection
        /// Prepacked for the forward.
        case inference
        /// Prepacked for forward and backward.
        case training
    }

    /// Maps the weights on all ranks; the ranks of a node share converted and prepacked weights.
    ///
    /// Prints the warnings, unless it is for training, whose journal has them.
    init(_ study: Study, on world: any Communicator, for use: Use) throws {
        // Before the first collective: a rank may already be missing there.
        world.watch?.use(study.stall.limits)
        try Self.checkKernels()
        try RankAgreement.checkStudies(study, world)
        let memory = NodeWeightMemory(world)
        try self.init(
            study,
            EncoderWeights(directory: study.backbone.folder, for: study.arithmetic, convertingInto: memory))
        if use != .inspection { model = try model.prepacked(in: memory, forTraining: use == .training) }
        warnings = memory.refusals + Self.warnings(about: study.arithmetic, model.weights, tokenizer)
        if use != .training { warn(from: world.rank) }
    }

    /// The model of a study on weights that studies with other methods share.
    init(_ study: Study, sharing shared: SharedBackbone) throws {
        model = try AdaptedModel(shared.weights, study.adapter.method, study.head, study.arithmetic)
            .using(shared.packed)
        tokenizer = shared.tokenizer
        try model.check(
            tokenizer, maximumTokens: study.maximumTokens, tasks: study.tasks.map { try $0.resolve() })
    }

    /// The identity of a study's run on this backbone, with its data.
    func identity(of study: Study, _ data: [TaskData]) throws -> RunIdentity {
        try RunIdentity(
            study, backbone: BackboneIdentity(of: model.weights), tokenizer: tokenizer.identity, data)
    }

    /// Prints the warnings on standard error, on rank 0.
    func warn(from rank: Int) {
        guard rank == 0 else { return }
        for warning in warnings { StandardError.say("warning: \(warning)") }
    }
}
