import Diagnostics

/// A task that a study declares: tab-separated files with a header line, and what their columns mean.
///
///     name: topic
///     train: topic/train.tsv
///     dev: topic/dev.tsv
///     test: topic/test.tsv                          # optional; its label column too
///     columns: {first: text, second: other, label: label}   # these are the defaults, but for second: none
///     labels: [business, sport]                     # or range: [0, 5]
///     metrics: [accuracy]                           # the default; pearson and spearman for a range
///
/// Every problem with the declaration is a failure that names the key.
package struct CustomTask: LanguageTask, Codable, Equatable {
    /// The names of the columns with an example's parts.
    package struct Columns: Codable, Sendable, Equatable {
        /// The column of the sentence, or of the first of a pair.
        package let first: String
        /// The column of the second sentence; nil in tasks of single sentences.
        package let second: String?
        /// The column of the label or the value.
        package let label: String

        enum CodingKeys: String, CodingKey, CaseIterable { case first, second, label }

        /// Names the columns.
        package init(first: String = "text", second: String? = nil, label: String = "label") {
            self.first = first
            self.second = second
            self.label = label
        }

        /// Reads the mapping; the names must differ.
        package init(from decoder: any Decoder) throws {
            let section = try SettingsSection<CodingKeys>(decoder)
            self.init(
                first: try section.value(.first, default: "text"), second: try section.optional(.second),
                label: try section.value(.label, default: "label"))
            try section.require(second != first, .second, "the same column '\(first)' as first")
            try section.require(
                label != first && label != second, .label, "the column '\(label)' is a sentence's")
        }
    }

    /// The task's name.
    package let name: String
    /// The training file, relative to the data directory.
    package let train: String
    /// The file that is evaluated on.
    package let dev: String
    /// The file to predict, if there is one.
    package let test: String?
    /// What the columns are called.
    package let columns: Columns
    /// The classes in the order of their labels, or the range.
    package let output: TaskOutput
    /// The metrics.
    package let metrics: [Metric]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, train, dev, test, columns, labels, range, metrics
    }

    /// Reads and checks a declaration.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        name = try section.required(.name)
        if let problem = CustomTask.problem(withName: name) { throw section.failure(.name, problem) }
        train = try section.required(.train)
        dev = try section.required(.dev)
        test = try section.optional(.test)
        for (key, path) in [(CodingKeys.train, train), (.dev, dev), (.test, test)] {
            try section.require(path != "", key, "the file's name is empty")
        }
        columns = try section.value(.columns, default: Columns())
        output = try CustomTask.output(section)
        metrics = try CustomTask.metrics(section, output)
    }

    /// Writes the declaration back, defaults included.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(train, forKey: .train)
        try container.encode(dev, forKey: .dev)
        try container.encodeIfPresent(test, forKey: .test)
        try container.encode(columns, forKey: .columns)
        switch output {
        case .classes(let names): try container.encode(names, forKey: .labels)
        case .regression(let range):
            try container.encode([range.lowerBound, range.upperBound], forKey: .range)
        }
        try container.encode(metrics, forKey: .metrics)
    }

    /// Train, dev, and test where it is declared.
    package var splits: [Split] { test == nil ? [.train, .dev] : [.train, .dev, .test] }

    /// The dev file alone.
    package var evaluationSplits: [Split] { [.dev] }

    /// Whether a second column is declared.
    package var isPaired: Bool { columns.second != nil }

    /// Reads a split; the test file's examples have targets if it has the label column.
    package func read(_ split: Split, in dataDirectory: String) throws -> ExampleFile {
        let files: [Split: String] = [.train: train, .dev: dev, .test: test].compactMapValues { $0 }
        guard let file = files[split] else {
            throw Failure.usage(
                "\(name) has no split '\(split.rawValue)'",
                remedy: "it has \(splits.map(\.rawValue).joined(separator: ", "))")
        }
        let reader = ExampleReader(
            path: joined(dataDirectory, file),
            columns: .header(first: columns.first, second: columns.second, label: columns.label),
            output: output, labels: split.isTest ? .optional : .required, keepsEmptyText: false,
            dropsShortLines: false,
            remedy:
                "check '\(split.rawValue)' of the task '\(name)', and the study's 'data' that it is relative to"
        )
        return try reader.read()
    }
}
