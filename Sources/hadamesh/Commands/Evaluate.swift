import ArgumentParser
import Collectives
import Coordination
import Tasks
import Tokenizers

/// `hadamesh evaluate`.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Scores a run's adapters; ranks share the work.",
        discussion:
            "Prints one line per task, split and metric: task, split, metric, value, separated by tabs.")

    @Argument(help: "The run directory.")
    var directory: String

    @OptionGroup
    var inputs: TrainedRunInputs

    @Option(help: "The split to score on; each task's evaluation splits by default.")
    var split: String?

    @Option(help: "The data folder, if it has moved since the run, or other data to score on.")
    var data: String?

    func run() throws {
        MPI.run { world in
            let chosen: Split? = try split.map { try NamedOption.value($0, of: "--split", kind: "split") }
            let study = try inputs.study(of: directory, data: data)
            let loaded = try LoadedBackbone(study, on: world, for: .inference)
            let trained = try inputs.trained(directory, study, loaded)
            let status = StatusLine(quiet: world.rank != 0)
            let display = ReadingDisplay(status)
            // Unless other data is requested, it must be the run's own, training split included.
            let isItsOwn = data == nil && chosen == nil
            let examples = try TaskData.all(
                trained.tasks, study, loaded.tokenizer, reading: isItsOwn ? .ofRun : .scored(on: chosen),
                in: NodeTokens(world), reportingTo: display)
            world.watch?.enter(.evaluation, step: 0)
            let scores = try trained.evaluate(
                examples, requiringItsOwn: isItsOwn, world, reportingTo: display)
            status.close()
            for score in scores where world.rank == 0 {
                for entry in score.entries {
                    for metric in entry.scores.entries {
                        print(
                            score.task, entry.split.rawValue, metric.metric.rawValue, metric.value,
                            separator: "\t")
                    }
                }
            }
            return 0
        }
    }
}
