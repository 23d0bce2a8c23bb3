// A tokenizer's stages, as in a `tokenizer.json`: normaliser → pre-tokeniser → model → template.
//
// All text is valid UTF-8 in an array's slice, and a word is a range of its indices: Swift's strings are
// equal when canonically equivalent, and a vocabulary may hold both forms of one text. Each stage adds
// every setting that can change an id to the tokenizer's fingerprint.

/// A tokenizer made of stages: added tokens, normaliser, pre-tokeniser, model, template, in this order.
struct TokenizerPipeline: Tokenizer {
    let identity: String
    let normalizer: (any Normalizer)?

    let preTokenizer: any PreTokenizer
    private let model: any TokenModel
    private let template: SpecialTokenTemplate
    private let rawTokens: AddedTokenMatcher
    private let normalizedTokens: AddedTokenMatcher
    /// Every token in the order of the ids.
    private let tokens: [String]

    /// Joins stages.
    ///
    /// `addedTokens` are in the order of their ids, which are the model's or the next ones after it.
    init(
        _ normalizer: (any Normalizer)?, _ preTokenizer: any PreTokenizer, _ model: any TokenModel,
        _ template: SpecialTokenTemplate, addedTokens: [AddedToken]
    ) {
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.model = model
        self.template = template
        rawTokens = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized }) { Array($0.content.utf8) }
        normalizedTokens = AddedTokenMatcher(addedTokens.filter(\.isNormalized)) { token in
            let text = Array(token.content.utf8)
            return normalizer?.normalize(text[...]) ?? text
        }
        let vocabulary = model.vocabulary
        tokens = vocabulary.tokens + addedTokens.filter { Int($0.id) >= vocabulary.count }.map(\.content)

        var fingerprint = Fingerprint()
        normalizer?.add(to: &fingerprint)
        preTokenizer.add(to: &fingerprint)
        model.add(to: &fingerprint)
        template.add(to: &fingerprint)
        fingerprint.add(addedTokens.count)
        for token in addedTokens { token.add(to: &fingerprint) }
        identity = fingerprint.hexadecimal
    }

    var name: String { model.name }
    var vocabularySize: Int { tokens.count }
    var segmentsOfPair: Int { template.segmentsOfPair }

    func token(_ id: Int32) -> String? {
        tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil
    }

    func encode(_ first: String, _ second: String?, limit: Int) throws -> Encoding {
        try template.assemble(ids(of: first), second.map(ids), limit: limit)
    }

    /// The ids of one text, without the template's special tokens.
    private func ids(of string: String) -> [Int32] {
        let text = Array(string.utf8)
        var ids: [Int32] = []
        ids.reserveCapacity(text.count / 3 + 4)
        rawTokens.forEachPiece(of: text[...]) { piece in
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let range):
                if let normalizer {
                    append(normalizer.normalize(text[range])[...], to: &ids)
                } else {
                    append(text[range], to: &ids)
                }
            }
        }
        return ids
    }

    private func append(_ normalized: ArraySlice<UInt8>, to ids: inout [Int32]) {
        normalizedTokens.forEachPiece(of: normalized) { piece in
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let range):
                let text = preTokenizer.prepared(normalized[range])?[...] ?? normalized[range]
                preTokenizer.forEachWord(in: text) { model.append($0, of: text, to: &ids) }
            }
        }
    }
}
