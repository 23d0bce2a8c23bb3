/// A task: its data files, its labels and its metrics.
///
/// A task does not depend on a model: it provides text and scores logits.
package protocol LanguageTask: Sendable {
    /// The name in studies, run directories and events.
    var name: String { get }
    var output: TaskOutput { get }
    /// Their mean is the score of a split.
    var metrics: [Metric] { get }
    /// The labelled splits whose mean is the task's score.
    var evaluationSplits: [Split] { get }
    /// The splits that have a file.
    var splits: [Split] { get }
    /// Whether examples are pairs of sentences.
    var isPaired: Bool { get }
    /// The columns of the texts in CSV and JSON lines without labels, unless others are chosen.
    var textNames: [String] { get }
    /// The names that the texts' columns have in the header lines of the task's files.
    var textHeaders: [[String]] { get }

    func read(_ split: Split, in dataDirectory: String) throws -> ExampleFile
}

extension LanguageTask {
    package var textHeaders: [[String]] { [textNames] }

    package func examples(_ split: Split, in dataDirectory: String) throws -> [Example] {
        try read(split, in: dataDirectory).examples
    }

    /// The values of all metrics; targets are in the order of the predictions.
    package func scores(_ predictions: Predictions, targets: [Target]) throws -> Scores {
        Scores(
            try metrics.map {
                Scores.Entry(metric: $0, value: try $0.score(predictions: predictions, targets: targets))
            })
    }
}
