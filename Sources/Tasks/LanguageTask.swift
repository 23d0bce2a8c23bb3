/// Something to learn: what its examples are, what is asked of them, and how an answer is scored.
///
/// A task knows its files, its labels and its metrics. It knows no model: it gives text and takes logits.
package protocol LanguageTask: Sendable {
    /// The task's name in studies, run folders and events.
    var name: String { get }
    /// The classes or the range that the head answers with.
    var output: TaskOutput { get }
    /// The metrics, whose mean is the score of a split.
    var metrics: [Metric] { get }
    /// Every split that the task has a file for.
    var splits: [Split] { get }
    /// The labelled splits that make up the task's score, each counting the same.
    var evaluationSplits: [Split] { get }
    /// Whether an example is a pair of texts rather than one.
    var isPaired: Bool { get }

    /// Reads a split, and says what had to be left out.
    func read(_ split: Split, in dataDirectory: String) throws -> ExampleFile
}

extension LanguageTask {
    /// The examples of a split, in the file's order.
    package func examples(_ split: Split, in dataDirectory: String) throws -> [Example] {
        try read(split, in: dataDirectory).examples
    }

    /// Scores predictions for examples whose targets are known, with every metric of the task.
    package func scores(_ predictions: Predictions, targets: [Target]) throws -> Scores {
        Scores(
            try metrics.map {
                Scores.Entry(metric: $0, value: try $0.score(predictions: predictions, targets: targets))
            })
    }
}
