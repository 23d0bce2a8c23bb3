import ArgumentParser

/// The path of an option for something that is written.
///
/// A shell leaves `~` in `--output=~/run` as it is, and a folder of that name would be made.
func writtenPath(_ text: String) throws -> String {
    guard text.hasPrefix("~") else { return text }
    throw ValidationError("only a shell expands '~'; write \"$HOME\(text.dropFirst())\"")
}
