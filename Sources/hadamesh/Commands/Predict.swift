import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Tasks
import Tokenizers
import Training

/// `hadamesh predict`.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predicts a task's labels for lines of text, with a run's adapter.",
        discussion: "One line of output per line of input; a tab separates a pair. Runs in one process.")

    @OptionGroup
    var options: TrainedRunOptions

    @Option(help: "The task to predict.")
    var task: String

    @Option(help: "A text file, or - for standard input.")
    var input = "-"

    @Flag(help: "Write the logits, separated by tabs, instead of labels.")
    var logits = false

    func run() throws {
        MPI.run { world in
            let study = try options.study()
            let loaded = try LoadedBackbone(study)
            let trained = try options.trained(study, loaded)
            let task = try trained.task(named: self.task)
            _ = try onRoot(world) {
                try predict(task, trained, loaded.tokenizer)
                return []
            }
            return 0
        }
    }

    private func predict(_ task: any LanguageTask, _ trained: TrainedRun, _ tokenizer: any Tokenizer) throws {
        let lines = try TextInput(path: input).texts(for: task)
        let predictions = try trained.predict(self.task, lines, tokenizer)
        if logits {
            try TextOutput.write(
                (0..<predictions.count).map { row in
                    predictions.logits[row * predictions.width..<(row + 1) * predictions.width].map {
                        "\($0)"
                    }
                    .joined(separator: "\t")
                })
        } else {
            try TextOutput.write(task.output.texts(of: predictions))
        }
    }
}
