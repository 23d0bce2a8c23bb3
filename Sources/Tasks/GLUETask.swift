import Diagnostics

/// A task of the GLUE benchmark, read from the benchmark's files.
///
/// Each task is one value in one file of `Sources/Tasks/GLUE`; ``GLUE/tasks`` lists them. Sentences are used
/// verbatim, including quotes and empty sentences (QQP's training file has two empty questions).
package struct GLUETask: LanguageTask {
    /// Lower case, without punctuation.
    package let name: String
    /// The task's folder in the data directory.
    package let folder: String
    /// Classes are in the order of the benchmark's class indices.
    package let output: TaskOutput
    package let metrics: [Metric]
    package let splits: [Split]
    package let evaluationSplits: [Split]
    /// Whether lines with too few columns in labelled files are dropped and reported.
    ///
    /// QQP's training file has about twenty: records split by a line feed inside a question. More than one
    /// such line per thousand examples (or two, in a small file), or a line with too many columns, is still a
    /// failure.
    package let droppedShortLines: Bool
    let columns: ColumnLayout
    /// The columns of test files, if they differ.
    let testColumns: ColumnLayout
    /// The task's files in a submission to GLUE's server.
    package let submission: [SubmissionFile]
    /// The training file's most frequent label or the mean of its values: the answer without a prediction.
    package let constantAnswer: String

    init(
        name: String, folder: String, output: TaskOutput, metrics: [Metric], columns: ColumnLayout,
        testColumns: ColumnLayout? = nil, splits: [Split] = [.train, .dev, .test],
        evaluationSplits: [Split] = [.dev], droppedShortLines: Bool = false, submission: [SubmissionFile],
        constantAnswer: String
    ) {
        self.name = name
        self.folder = folder
        self.output = output
        self.metrics = metrics
        self.columns = columns
        self.testColumns = testColumns ?? columns
        self.splits = splits
        self.evaluationSplits = evaluationSplits
        self.droppedShortLines = droppedShortLines
        self.submission = submission
        self.constantAnswer = constantAnswer
    }

    package var isPaired: Bool { columns.isPaired }

    /// The file of a split, relative to the data directory.
    package func file(of split: Split) -> String {
        "\(split == .diagnostic ? split.rawValue : folder)/\(split.rawValue).tsv"
    }

    /// Reads a split.
    ///
    /// Test splits have no labels.
    package func read(_ split: Split, in dataDirectory: String) throws -> ExampleFile {
        guard splits.contains(split) else {
            throw Failure.usage(
                "\(name) has no split '\(split.rawValue)'",
                remedy: "it has \(splits.map(\.rawValue).joined(separator: ", "))")
        }
        let file = file(of: split)
        let reader = ExampleReader(
            columns: split.isTest ? testColumns : columns,
            output: output, labels: split.isTest ? .absent : .required, keepsEmptyText: true,
            dropsShortLines: droppedShortLines && !split.isTest,
            remedy:
                "fetch GLUE with launch/glue, or set the study's 'data' to the folder with \(file) (for a finished "
                + "run: --data)")
        return try reader.read(file, in: dataDirectory)
    }
}
