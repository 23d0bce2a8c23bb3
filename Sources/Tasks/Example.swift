/// What a task's head should say of an example.
package enum Target: Sendable, Equatable {
    /// The index of a class in the task's ``TaskOutput``.
    case label(Int)
    /// The value of a regression.
    case value(Double)
}

/// One line of a task's data: a sentence or a pair of them, and the target where it is known.
package struct Example: Sendable, Equatable {
    /// The sentence, or the first of the pair.
    package var first: String
    /// The second sentence of a pair; nil in tasks of single sentences.
    package var second: String?
    /// The target; nil where the file has no labels.
    package var target: Target?
    /// The position among the file's examples, from 0.
    package var index: Int
    /// The line of the file, from 1, for messages.
    package var line: Int

    /// Makes an example.
    package init(first: String, second: String? = nil, target: Target? = nil, index: Int, line: Int) {
        self.first = first
        self.second = second
        self.target = target
        self.index = index
        self.line = line
    }
}

/// All examples of one data file, and what had to be left out of it.
package struct ExampleFile: Sendable, Equatable {
    /// The file that was read.
    package let path: String
    /// The examples in the file's order; `examples[i].index` is `i`.
    package let examples: [Example]
    /// Lines left out under the one rule that allows it (``GLUETask/droppedShortLines``), for the journal.
    package let droppedLines: [Int]
}
