import Diagnostics
package import Formats

/// A task that a study declares: its data files, and the roles of their columns.
///
///     name: topic
///     train: topic/train.tsv                        # or .csv, or .jsonl
///     dev: topic/dev.tsv
///     test: topic/test.tsv                          # optional, with or without labels
///     format: tsv                                   # if the files' endings do not say tsv, csv or jsonl
///     columns: {first: text, second: other, label: label}   # default: no second
///     labels: [business, sport]                     # or range: [0, 5]
///     metrics: [accuracy]                           # the default; pearson and spearman for a range
///
/// Every error in a declaration is a failure that names the key.
package struct CustomTask: LanguageTask, Codable, Equatable {
    /// Column names.
    package struct Columns: Codable, Sendable, Equatable {
        package let first: String
        /// The second sentence of a pair; nil in tasks of single sentences.
        package let second: String?
        /// The label or the value.
        package let label: String

        enum CodingKeys: String, CodingKey, CaseIterable { case first, second, label }

        package init(first: String = "text", second: String? = nil, label: String = "label") {
            self.first = first
            self.second = second
            self.label = label
        }

        /// Throws unless the names differ.
        package init(from decoder: any Decoder) throws {
            let section = try SettingsSection<CodingKeys>(decoder)
            self.init(
                first: try section.value(.first, default: "text"), second: try section.optional(.second),
                label: try section.value(.label, default: "label"))
            try section.require(second != first, .second, "the same column '\(first)' as first")
            try section.require(
                label != first && label != second, .label, "the column '\(label)' is already a sentence")
        }
    }

    package let name: String
    /// The training file, relative to the data directory, like the other two.
    package let train: String
    /// The evaluation file.
    package let dev: String
    package let test: String?
    /// The format of all files; nil for that of each file's ending.
    package let format: DataFormat?
    package let columns: Columns
    package let output: TaskOutput
    package let metrics: [Metric]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, train, dev, test, format, columns, labels, range, metrics
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        name = try section.required(.name)
        if let problem = CustomTask.problem(withName: name) { throw section.failure(.name, problem) }
        train = try section.required(.train)
        dev = try section.required(.dev)
        test = try section.optional(.test)
        for (key, path) in [(CodingKeys.train, train), (.dev, dev), (.test, test)] {
            try section.require(path != "", key, "the file name is empty")
        }
        format = try section.optional(.format)
        columns = try section.value(.columns, default: Columns())
        output = try CustomTask.output(section)
        metrics = try CustomTask.metrics(section, output)
    }

    /// Encodes the declaration, including defaults.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(train, forKey: .train)
        try container.encode(dev, forKey: .dev)
        try container.encodeIfPresent(test, forKey: .test)
        try container.encodeIfPresent(format, forKey: .format)
        try container.encode(columns, forKey: .columns)
        switch output {
        case .classes(let classes): try container.encode(classes.map(\.name), forKey: .labels)
        case .regression(let range):
            try container.encode([range.lowerBound, range.upperBound], forKey: .range)
        }
        try container.encode(metrics, forKey: .metrics)
    }

    package var splits: [Split] { test == nil ? [.train, .dev] : [.train, .dev, .test] }

    package var evaluationSplits: [Split] { [.dev] }

    package var isPaired: Bool { columns.second != nil }

    package var textNames: [String] { [columns.first] + [columns.second].compactMap(\.self) }

    /// Reads a split.
    ///
    /// Test examples have targets if the file has the label column.
    package func read(_ split: Split, in dataDirectory: String) throws -> ExampleFile {
        let files: [Split: String] = [.train: train, .dev: dev, .test: test].compactMapValues { $0 }
        guard let file = files[split] else {
            throw Failure.usage(
                "\(name) has no split '\(split.rawValue)'",
                remedy: "it has \(splits.map(\.rawValue).joined(separator: ", "))")
        }
        let reader = ExampleReader(
            columns: .header(first: columns.first, second: columns.second, label: columns.label),
            output: output, labels: split.isTest ? .optional : .required, keepsEmptyText: false,
            dropsShortLines: false,
            remedy: "check '\(split.rawValue)' of the task '\(name)'; it is relative to the study's 'data' "
                + "(for a run: --data DIR, or train --resume RUN --set data=DIR)")
        return try reader.read(file, in: dataDirectory, format: format ?? DataFormat(ofFile: file))
    }
}
