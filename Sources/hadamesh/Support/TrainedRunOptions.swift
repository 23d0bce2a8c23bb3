import ArgumentParser
import Coordination
import Studies
import Tokenizers

/// The arguments of commands that use the adapters of a run.
struct TrainedRunOptions: ParsableArguments {
    @Argument(help: "The run directory.")
    var directory: String

    @Option(help: "The backbone's folder, if it has moved since the run.")
    var backbone: String?

    @OptionGroup
    var foreign: ForeignInputOptions

    /// The run's study; `data` replaces its data folder.
    func study(data: String? = nil) throws -> Study {
        try StudyFile.study(ofRun: directory, backbone: backbone, data: data)
    }

    /// The run's adapters on a loaded backbone.
    func trained(_ study: Study, _ loaded: LoadedBackbone) throws -> TrainedRun {
        try TrainedRun(
            study, loaded.model, tokenizer: loaded.tokenizer.identity, directory: directory,
            allowing: foreign.allowed)
    }
}
