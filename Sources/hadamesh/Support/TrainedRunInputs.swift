import ArgumentParser
import Coordination
import Studies
import Tokenizers

/// Options for the inputs of trained adapters.
struct TrainedRunInputs: ParsableArguments {
    @Option(help: "The backbone's folder or name, if it has moved since the run.")
    var backbone: String?

    @OptionGroup
    var foreign: ForeignInputOptions

    /// The study of a run; an unfinished run is refused.
    func study(of directory: String, data: String? = nil) throws -> Study {
        try StudyFile.study(ofFinished: directory, backbone: backbone, data: data)
    }

    /// The adapters of a run on a loaded backbone.
    func trained(_ directory: String, _ study: Study, _ loaded: LoadedBackbone) throws -> TrainedRun {
        try TrainedRun(
            study, loaded.model, tokenizer: loaded.tokenizer.identity, directory: directory,
            allowing: foreign.allowed)
    }
}
