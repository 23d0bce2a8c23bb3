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
