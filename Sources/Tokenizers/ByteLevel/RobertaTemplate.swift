extension SpecialTokenTemplate {
    /// RoBERTa's template, `<s> A </s>` and `<s> A </s></s> B </s>`, all of one segment.
    static func roberta(begin: Int32, separator: Int32) -> SpecialTokenTemplate {
        func piece(_ content: Piece.Content) -> Piece { Piece(content: content, segment: 0) }
        return SpecialTokenTemplate(
            first: [piece(.special(begin)), piece(.first), piece(.special(separator))],
            second: [piece(.special(separator)), piece(.second), piece(.special(separator))])
    }

    /// RoBERTa's template with tokens that the vocabulary must have.
    static func roberta(
        _ vocabulary: Vocabulary, begin: String = "<s>", separator: String = "</s>", at place: String
    ) throws -> SpecialTokenTemplate {
        .roberta(
            begin: try vocabulary.requiredID(of: begin, role: "classifier token", at: place),
            separator: try vocabulary.requiredID(of: separator, role: "separator token", at: place))
    }
}
