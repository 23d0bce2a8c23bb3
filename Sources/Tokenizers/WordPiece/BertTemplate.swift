extension SpecialTokenTemplate {
    /// BERT's template, `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
    static func bert(begin: Int32, separator: Int32) -> SpecialTokenTemplate {
        let first = [
            Piece(content: .special(begin), segment: 0), Piece(content: .first, segment: 0),
            Piece(content: .special(separator), segment: 0),
        ]
        let second = [
            Piece(content: .second, segment: 1), Piece(content: .special(separator), segment: 1),
        ]
        return SpecialTokenTemplate(first: first, second: second)
    }

    /// BERT's template with tokens that the vocabulary must have.
    static func bert(
        _ vocabulary: Vocabulary, begin: String = "[CLS]", separator: String = "[SEP]", at place: String
    ) throws -> SpecialTokenTemplate {
        .bert(
            begin: try vocabulary.requiredID(of: begin, role: "classifier token", at: place),
            separator: try vocabulary.requiredID(of: separator, role: "separator token", at: place))
    }
}
