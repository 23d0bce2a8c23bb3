import ArgumentParser
import Coordination
import Studies
import Tokenizers

/// Options for the inputs of trained adapters.
struct TrainedRunInputs: ParsableArguments {
    @Option(help: "The backbone's folder or name, if it has moved since the run.")
    var backbone: String?

    @Flag(help: "Use the adapters on a different backbone of the same shape, or with a different tokenizer.")
    var allowDifferentBackbone = false

    @Flag(help: "Use the adapters even if kernels or version now give different bits than in training.")
    var allowDifferentKernels = false

    /// The inputs that may differ from training.
    var allowed: ForeignInputs {
        var allowed: ForeignInputs = []
        if allowDifferentBackbone { allowed.insert(.backbone) }
        if allowDifferentKernels { allowed.insert(.kernels) }
        return allowed
    }

    /// The study of a run; an unfinished run is refused.
    func study(of directory: String, data: String? = nil) throws -> Study {
        try StudyFile.study(ofFinished: directory, backbone: backbone, data: data)
    }

    /// The adapters of a run on a loaded backbone.
    func trained(_ directory: String, _ study: Study, _ loaded: LoadedBackbone) throws -> TrainedRun {
        try TrainedRun(
            study, loaded.model, tokenizer: loaded.tokenizer.identity, directory: directory,
            allowing: allowed)
    }
}
