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

    /// Lines of Swift sources, and those of tests that have a comment, of more than `limit` columns.
    func linesWiderThan(_ limit: Int) -> [String] {
        func wide(_ path: String, _ text: String, where isChecked: (Substring) -> Bool) -> [String] {
            text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                .filter { $1.count > limit && isChecked($1) }
                .map { "\(path):\($0 + 1): \($1.count) columns" }
        }
        return swiftFiles.flatMap { path, _, text in wide(path, text) { _ in true } }
            + tests.sorted { $0.key < $1.key }.flatMap { wide($0, $1, where: Self.hasComment) }
    }

    private static func hasComment(_ line: Substring) -> Bool {
        line.replacing(/"(?:[^"\\]|\\.)*"/, with: "").contains(/(?:^|\s)\/\//)
    }
}
