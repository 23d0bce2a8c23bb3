import Diagnostics
import Formats

/// RoBERTa's older files: `vocab.json`, an object of tokens and ids, and `merges.txt`, two tokens a line.
struct MergesFile {
    /// vocab.json.
    let vocabulary: FileSection
    let merges: [UInt8]
    let place: String
    /// tokenizer_config.json.
    let configuration: FileSection

    /// The special tokens of RoBERTa, which files may name otherwise.
    private static let roles = [
        ("bos_token", "<s>"), ("pad_token", "<pad>"), ("eos_token", "</s>"), ("unk_token", "<unk>"),
        ("mask_token", "<mask>"),
    ]

    func tokenizer() throws -> TokenizerPipeline {
        let known = try Vocabulary(ids: vocabulary.members, at: vocabulary.place)
        let lines = merges.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0.last == 0x0D ? $0.dropLast() : $0, as: UTF8.self) }
        let first = lines.first?.hasPrefix("#version") == true ? 1 : 0
        var pairs: [BytePairEncoding.TokenPair] = []
        for (index, line) in lines.enumerated().dropFirst(first) where !line.isEmpty {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw Failure.data(
                    "found '\(line)', expected two tokens with a blank between", at: "\(place):\(index + 1)")
            }
            pairs.append(BytePairEncoding.TokenPair(left: parts[0], right: parts[1]))
        }
        let unknown = try token("unk_token", "<unk>").content
        let model = try BytePairEncoding(known, merges: pairs, unknown: known.id(of: unknown)) {
            "\(place):\($0 + 1 + first)"
        }
        let template = try SpecialTokenTemplate.roberta(
            known, begin: token("bos_token", "<s>").content, separator: token("eos_token", "</s>").content,
            at: vocabulary.place)
        var added = AddedTokenList(known, nil)
        for (role, fallback) in Self.roles {
            let token = try token(role, fallback)
            guard known.id(of: token.content) != nil, !added.contains(token.content) else { continue }
            try added.add(token, id: nil, at: vocabulary.place)
        }
        let words = ByteLevelPreTokenizer(
            addsPrefixSpace: try configuration.flag("add_prefix_space") ?? false, usesPattern: true)
        return TokenizerPipeline(nil, words, model, template, addedTokens: added.tokens)
    }

    /// The token that tokenizer_config.json names for a role, or RoBERTa's.
    private func token(_ key: String, _ fallback: String) throws -> AddedToken {
        try configuration[key].map { try configuration.specialToken($0, of: key) }
            ?? AddedToken(content: fallback, id: 0)
    }
}
