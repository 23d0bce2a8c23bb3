import ArgumentParser
import Coordination
import Foundation
import Runs
import Studies
import Tokenizers

/// The arguments of commands that use the adapters of a run.
struct TrainedRunOptions: ParsableArguments {
    @Argument(help: "The run directory.")
    var directory: String

    @OptionGroup
    var inputs: TrainedRunInputs

    /// The run's study; `data` replaces its data folder.
    func study(data: String? = nil) throws -> Study { try inputs.study(of: directory, data: data) }

    /// The run's adapters on a loaded backbone.
    func trained(_ study: Study, _ loaded: LoadedBackbone) throws -> TrainedRun {
        try inputs.trained(directory, study, loaded)
    }
}

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
