import Diagnostics

/// A task of the GLUE benchmark, read from the benchmark's own files.
///
/// Each is one value in one file of `Sources/Tasks/GLUE`; ``GLUE/tasks`` has them all. Their sentences are
/// taken as they are, quotes and empty ones included (QQP's training file has two empty questions).
package struct GLUETask: LanguageTask {
    /// The name in studies: lower case, no signs.
    package let name: String
    /// The folder inside the data directory.
    package let folder: String
    /// The classes in the order of the benchmark's class indices, or the range.
    package let output: TaskOutput
    /// The benchmark's metrics.
    package let metrics: [Metric]
    /// Every split there is a file for.
    package let splits: [Split]
    /// The labelled splits that make up the score.
    package let evaluationSplits: [Split]
    /// Whether a line with too few columns in a labelled file is left out, and reported, rather than refused.
    ///
    /// QQP's training file has about twenty of them: records cut in two by a line feed inside a question.
    /// More than one such line in a thousand examples (two in a small file), or a line with too many
    /// columns, is a failure all the same.
    package let droppedShortLines: Bool
    let columns: ColumnLayout
    /// The layout of files without labels, where it is another one.
    let testColumns: ColumnLayout
    private let fileNames: [Split: String]

    init(
        name: String, folder: String, output: TaskOutput, metrics: [Metric], columns: ColumnLayout,
        testColumns: ColumnLayout? = nil, splits: [Split] = [.train, .dev, .test],
        evaluationSplits: [Split] = [.dev], droppedShortLines: Bool = false, fileNames: [Split: String] = [:]
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
        self.fileNames = fileNames
    }

    /// Whether the layout has a second sentence.
    package var isPaired: Bool { columns.isPaired }

    /// The file of a split, relative to the data directory.
    package func file(of split: Split) -> String {
        "\(folder)/\(fileNames[split] ?? "\(split.rawValue).tsv")"
    }

    /// Reads a split of the benchmark's files; test splits have no labels.
    package func read(_ split: Split, in dataDirectory: String) throws -> ExampleFile {
        guard splits.contains(split) else {
            throw Failure.usage(
                "\(name) has no split '\(split.rawValue)'",
                remedy: "it has \(splits.map(\.rawValue).joined(separator: ", "))")
        }
        let reader = ExampleReader(
            path: joined(dataDirectory, file(of: split)), columns: split.isTest ? testColumns : columns,
            output: output, labels: split.isTest ? .absent : .required, keepsEmptyText: true,
            dropsShortLines: droppedShortLines && !split.isTest,
            remedy:
                "fetch GLUE with launch/glue, or let the study's 'data' name the folder that has \(folder)"
        )
        return try reader.read()
    }
}
