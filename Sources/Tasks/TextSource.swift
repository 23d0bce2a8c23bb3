import Formats

/// The columns of a data file that have examples' texts; equal ones have the same texts.
package struct TextSource: Sendable, Hashable {
    let paths: [String]
    let format: DataFormat
    /// Names, or indices.
    let columns: [String]
}
