import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Studies
import Tasks

/// `hadamesh predict`.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predicts a task's labels for lines of text or a split of its data, with a run's adapter.",
        discussion: """
            The format text is a line per example: its label, its value in a regression, or with \
            --probabilities or --logits the numbers of the classes, separated by tabs. tsv is a table: \
            index, text (or first and second), prediction, and a number for each class. json is the same as \
            an object per line, with the numbers as an object by class.

            Ranks share the work.
            """)

    @Argument(help: "The run directory.")
    var directory: String

    @OptionGroup
    var inputs: TrainedRunInputs

    @OptionGroup
    var texts: TextInputOptions

    @Option(help: "The format: text, tsv or json.")
    var format = "text"

    @Flag(help: "Add each class's probability.")
    var probabilities = false

    @Flag(help: "Add each class's logit.")
    var logits = false

    func validate() throws {
        if logits, probabilities { throw ValidationError("choose one of --logits and --probabilities") }
    }

    func run() throws {
        MPI.run { world in
            let format: PredictionTable.Format = try NamedOption.value(
                self.format, of: "--format", kind: "format")
            let study = try inputs.study(of: directory, data: texts.data)
            let loaded = try LoadedBackbone(study, on: world, for: .inference)
            let trained = try inputs.trained(directory, study, loaded)
            let task = try trained.task(named: texts.task)
            let numbers: PredictionTable.Numbers? = probabilities ? .probabilities : logits ? .logits : nil
            try PredictionTable.check(numbers, for: task)
            let examples = try texts.examples(of: task, in: study.data, world)
            let status = StatusLine(quiet: world.rank != 0)
            let display = ReadingDisplay(status, predicting: true)
            display.begin(task.name)
            let predictions = try trained.predict(
                task, examples, loaded.tokenizer, world, reportingTo: display)
            status.close()
            try onRoot(world) {
                let table = try PredictionTable(task, examples, predictions, numbers: numbers)
                try TextOutput.write(table.lines(format))
            }
            return 0
        }
    }
}
