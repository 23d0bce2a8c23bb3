/// A file inside the data directory, or the file itself where it is given from the root.
func joined(_ directory: String, _ file: String) -> String {
    if file.hasPrefix("/") || directory.isEmpty { return file }
    return directory.hasSuffix("/") ? directory + file : "\(directory)/\(file)"
}
