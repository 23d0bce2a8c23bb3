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
