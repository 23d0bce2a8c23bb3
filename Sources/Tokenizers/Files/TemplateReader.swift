import Formats

/// Reads a `post_processor` of tokenizer.json.
///
/// Its special tokens must have the vocabulary's ids.
struct TemplateReader {
    private typealias Piece = SpecialTokenTemplate.Piece

    private let section: JSONSection
    private let vocabulary: Vocabulary

    init(_ section: JSONSection, _ vocabulary: Vocabulary) {
        self.section = section
        self.vocabulary = vocabulary
    }

    /// `BertProcessing`: the two special tokens of BERT's template, each as a list of token and id.
    func bertTemplate() -> SpecialTokenTemplate? {
        guard let begin = pair("cls"), let separator = pair("sep") else { return nil }
        return .bert(begin: begin, separator: separator)
    }

    /// `RobertaProcessing`: the two special tokens of RoBERTa's template, each as a list of token and id.
    func robertaTemplate() -> SpecialTokenTemplate? {
        guard let begin = pair("cls"), let separator = pair("sep") else { return nil }
        return .roberta(begin: begin, separator: separator)
    }

    /// `TemplateProcessing`: the pieces of both templates, and the ids of each special token.
    func template() -> SpecialTokenTemplate? {
        guard let single = pieces("single"), let pair = pieces("pair") else { return nil }
        return SpecialTokenTemplate(single: single, pair: pair)
    }

    private func pair(_ key: String) -> Int32? {
        guard let pair = section[key]?.array, pair.count == 2 else { return nil }
        return checked(pair[1], pair[0])
    }

    private func pieces(_ key: String) -> [Piece]? {
        guard let list = section[key]?.array else { return nil }
        var pieces: [Piece] = []
        for part in list {
            guard let found = read(part) else { return nil }
            pieces += found
        }
        return pieces
    }

    /// A sequence, or a special token, which may stand for several ids.
    private func read(_ part: JSONValue) -> [Piece]? {
        guard let body = part["Sequence"] ?? part["SpecialToken"], let name = body["id"]?.string,
            let segment = body["type_id"]?.int.flatMap({ Int32(exactly: $0) })
        else { return nil }
        if part["Sequence"] != nil {
            guard name == "A" || name == "B" else { return nil }
            return [Piece(content: name == "A" ? .first : .second, segment: segment)]
        }
        guard let token = section["special_tokens"]?[name], let ids = token["ids"]?.array else { return nil }
        let tokens = token["tokens"]?.array ?? [.string(name)]
        guard tokens.count == ids.count else { return nil }
        let known = zip(ids, tokens).compactMap { checked($0, $1) }
        return known.count == ids.count
            ? known.map { Piece(content: .special($0), segment: segment) } : nil
    }

    /// The id, if the vocabulary has it for the token.
    private func checked(_ id: JSONValue, _ token: JSONValue) -> Int32? {
        guard let known = token.string.flatMap(vocabulary.id), id.int == Int(known) else { return nil }
        return known
    }
}
