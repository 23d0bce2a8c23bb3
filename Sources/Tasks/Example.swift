import Formats

/// The correct answer for an example.
package enum Target: Sendable, Equatable {
    /// The index of a class in the task's ``TaskOutput``.
    case label(Int)
    /// The value of a regression.
    case value(Double)
}

/// A sentence or a pair of sentences, and the target if it is known.
package struct Example: Sendable, Equatable {
    package var first: String
    /// Nil in tasks of single sentences.
    package var second: String?
    /// Nil if the file has no labels.
    package var target: Target?
    /// The index among the split's examples, from 0.
    package var index: Int
    /// The line of its file, from 1.
    package var line: Int

    package init(first: String, second: String? = nil, target: Target? = nil, index: Int, line: Int) {
        self.first = first
        self.second = second
        self.target = target
        self.index = index
        self.line = line
    }
}

/// The columns of a data file that have examples' texts; equal ones have the same texts.
package struct TextSource: Sendable, Hashable {
    let paths: [String]
    let format: DataFormat
    /// Names, or indices.
    let columns: [String]
}

/// The examples of a split, from one file or from its shards.
package struct ExampleFile: Sendable, Equatable {
    /// The path of the first file.
    package let path: String
    package let source: TextSource
    /// In the order of the files: `examples[i].index` is `i`.
    package let examples: [Example]
    /// Lines dropped because they are too short, see ``GLUETask/droppedShortLines``.
    package let droppedLines: [Int]
}
