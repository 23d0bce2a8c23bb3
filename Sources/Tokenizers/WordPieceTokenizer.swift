import Diagnostics

/// BERT's tokenizer: added tokens, normaliser, words, WordPiece, special tokens, in this order.
struct WordPieceTokenizer: Tokenizer {
    let name = "wordpiece"
    let identity: String
    let vocabularySize: Int

    private let tokens: [String]
    private let text: BasicText
    private let model: WordPiece
    private let rawTokens: AddedTokens
    private let normalizedTokens: AddedTokens
    private let template: PairTemplate

    init(_ settings: WordPieceSettings) throws {
        let vocabulary = settings.vocabulary
        let place = settings.place
        let unknown = try vocabulary.requiredID(of: settings.unknownToken, role: "unknown token", at: place)
        template = PairTemplate(
            begin: try vocabulary.requiredID(of: settings.beginToken, role: "classifier token", at: place),
            separate: try vocabulary.requiredID(
                of: settings.separateToken, role: "separator token", at: place))
        model = WordPiece(
            vocabulary, unknown: unknown, prefix: settings.continuingPrefix,
            maximumScalars: settings.maximumScalars)
        let text = settings.text
        self.text = text
        rawTokens = AddedTokens(settings.addedTokens.filter { !$0.isNormalized }) { Array($0.content.utf8) }
        normalizedTokens = AddedTokens(settings.addedTokens.filter(\.isNormalized)) {
            text.normalize(Array($0.content.utf8)[...])
        }
        tokens = vocabulary.tokens + settings.tokensBeyondVocabulary
        vocabularySize = tokens.count
        identity = settings.identity
    }

    func token(_ id: Int32) -> String? {
        tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil
    }

    func encode(_ first: String, _ second: String?, limit: Int) throws -> Encoding {
        try template.assemble(ids(of: first), second.map(ids), limit: limit)
    }

    /// The ids of one text, without special tokens around it.
    private func ids(of string: String) -> [Int32] {
        let bytes = Array(string.utf8)
        var ids: [Int32] = []
        ids.reserveCapacity(bytes.count / 3 + 4)
        rawTokens.forEachPiece(of: bytes[...]) { piece in
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let range): append(text.normalize(bytes[range]), to: &ids)
            }
        }
        return ids
    }

    /// Appends the ids of normalised text.
    private func append(_ normalized: [UInt8], to ids: inout [Int32]) {
        let bytes = normalized[...]
        normalizedTokens.forEachPiece(of: bytes) { piece in
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let range):
                BasicText.forEachWord(in: bytes[range]) { word, scalars in
                    model.append(bytes, word, scalars: scalars, to: &ids)
                }
            }
        }
    }
}
