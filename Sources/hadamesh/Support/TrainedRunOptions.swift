import ArgumentParser
import Coordination
import Studies

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
