import Diagnostics
import Formats
import Foundation

/// A task of the GLUE benchmark, read from the benchmark's files, or from the hub's as JSON lines.
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
    /// The hub's layout, read where the benchmark's file is missing.
    let hub: HubLayout
    /// The task's files in a submission to GLUE's server.
    package let submission: [SubmissionFile]
    /// The training file's most frequent label or the mean of its values: the answer without a prediction.
    package let constantAnswer: String

    init(
        name: String, folder: String, output: TaskOutput, metrics: [Metric], columns: ColumnLayout,
        hub texts: [String], hubLabels: [String]? = nil, testColumns: ColumnLayout? = nil,
        splits: [Split] = [.train, .dev, .test],
        evaluationSplits: [Split] = [.dev], droppedShortLines: Bool = false, submission: [SubmissionFile],
        constantAnswer: String
    ) {
        self.name = name
        self.folder = folder
        self.output = output
        self.metrics = metrics
        self.columns = columns
        self.testColumns = testColumns ?? columns
        let names: [String] = if case .classes(let classes) = output { classes.map(\.name) } else { [] }
        hub = HubLayout(texts: texts, labels: hubLabels ?? names)
        self.splits = splits
        self.evaluationSplits = evaluationSplits
        self.droppedShortLines = droppedShortLines
        self.submission = submission
        self.constantAnswer = constantAnswer
    }

    package var isPaired: Bool { columns.isPaired }

    package var textNames: [String] { hub.texts }

    package var textHeaders: [[String]] { [hub.texts, testColumns.texts, columns.texts] }

    /// The benchmark's file of a split, relative to the data directory.
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
        let paths = try paths(of: split, in: dataDirectory)
        let isHub = paths != nil && paths != [file(of: split)]
        let reader = ExampleReader(
            columns: isHub ? hub.columns : split.isTest ? testColumns : columns,
            output: output, labels: split.isTest ? .absent : .required,
            values: isHub ? .hub(labels: hub.labels) : .own, keepsEmptyText: true,
            dropsShortLines: droppedShortLines && !split.isTest && !isHub,
            remedy: "fetch GLUE with launch/glue, or set the study's 'data' to the folder with "
                + "\(file(of: split)), or \(HubLayout.suggestion(of: split, task: name)) of the hub's data "
                + "(for a run: --data DIR, or train --resume RUN --set data=DIR)")
        return try reader.read(
            paths ?? [file(of: split)], in: dataDirectory, format: isHub ? .jsonl : .tsv)
    }

    /// The files of a split that there are, the benchmark's before the hub's; nil if there are none.
    ///
    /// Throws for a split that there is as Parquet alone, or with a shard missing.
    package func paths(of split: Split, in dataDirectory: String) throws -> [String]? {
        let official = file(of: split)
        if FileManager.default.fileExists(atPath: dataPath(official, in: dataDirectory)) { return [official] }
        switch try HubLayout.files(of: split, task: name, in: dataDirectory) {
        case .lines(let files): return files
        case .parquet(let file):
            throw ParquetFile.failure(
                at: dataPath(file, in: dataDirectory),
                pattern: (folder: dataDirectory.isEmpty ? "." : dataDirectory, files: "*/*.parquet"))
        case nil: return nil
        }
    }
}
