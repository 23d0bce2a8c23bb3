extension SourceTree {
    /// Swift files that declare several types which other files can name: one concept per file.
    var filesOfSeveralTypes: [String] {
        swiftFiles.compactMap { path, _, text in
            let types = Self.declaredTypes(of: text)
            return types.count > 1 ? "\(path): declares \(types.joined(separator: ", "))" : nil
        }
    }

    /// The types that a text declares at its top level, private ones apart.
    static func declaredTypes(of text: String) -> [String] {
        code(of: text).matches(
            of: /^(?:[a-z@]\w*(?:\(\w+\))? )*(?:struct|class|enum|protocol|actor) (\w+)/
                .anchorsMatchLineEndings()
        )
        .filter { !$0.0.contains("private ") }.map { String($0.1) }
    }

    /// Swift files of more than `limit` lines.
    func filesLongerThan(_ limit: Int) -> [String] {
        swiftFiles.filter {
            $0.text.split(separator: "\n", omittingEmptySubsequences: false).count > limit + 1
        }
        .map(\.path)
    }
}
