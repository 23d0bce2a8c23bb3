extension SourceTree {
    /// Places where a type is a tuple of more than `limit` fields, which then needs a name.
    func tuples(ofMoreThan limit: Int) -> [String] {
        files.filter { $0.key.hasSuffix(".swift") }.flatMap { path, text in
            Self.tupleTypes(of: text).filter { $0.fields > limit }.map {
                "\(path):\($0.line): a tuple of \($0.fields) fields"
            }
        }.sorted()
    }

    private struct TupleType {
        let line, fields: Int
    }

    /// Tuples at the places of types: after `->`, `:`, `<` or `as`, also in brackets; no lists of parameters.
    private static func tupleTypes(of text: String) -> [TupleType] {
        let code = SourceTree.code(of: text)
        return code.matches(of: /(?:->|:|<|\bas[?!]?)\s*\[?\(/).compactMap { match in
            let content = PackageTargets.untilClosed(code[match.range.upperBound...])
            let after = code[content.endIndex...].dropFirst().prefix { $0 != "\n" }
            let isFunction = after.prefixMatch(of: /\s*(?:async\s*)?(?:throws(?:\(\w+\))?\s*)?->/) != nil
            let fields = fields(of: content)
            guard !isFunction, fields.count > 1, fields.allSatisfy(isType) else { return nil }
            let line = code[..<match.range.upperBound].count { $0 == "\n" } + 1
            return TupleType(line: line, fields: fields.count)
        }
    }

    /// The parts between commas that are in no brackets of their own.
    private static func fields(of content: Substring) -> [Substring] {
        var (fields, start, depth) = ([Substring](), content.startIndex, 0)
        for index in content.indices {
            if "([{<".contains(content[index]) { depth += 1 }
            if ")]}>".contains(content[index]) { depth -= 1 }
            if content[index] == ",", depth == 0 {
                fields.append(content[start..<index])
                start = content.index(after: index)
            }
        }
        return fields + [content[start...]]
    }

    /// Whether a field may be a type: `Int`, `[Matrix]`, `name: any Task`, not a value.
    private static func isType(_ field: Substring) -> Bool {
        field.wholeMatch(of: /\s*(?:\w+\s*:\s*)?(?:any |some |inout )?[\[(]*[A-Z][\w.<>\[\]():, ?]*/) != nil
    }
}
