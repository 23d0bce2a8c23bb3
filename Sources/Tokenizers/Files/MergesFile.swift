import Diagnostics
import Formats

/// RoBERTa's older files: `vocab.json`, an object of tokens and ids, and `merges.txt`, two tokens a line.
struct MergesFile {
    /// vocab.json.
    let vocabulary: JSONSection
    let merges: [UInt8]
    let place: String
    /// config.json.
    let model: JSONSection
    let files: AddedTokenFiles

    /// The special tokens of RoBERTa, which files may name otherwise.
    private static let roles = [
        ("bos_token", "<s>"), ("pad_token", "<pad>"), ("eos_token", "</s>"), ("unk_token", "<unk>"),
        ("mask_token", "<mask>"),
    ]

    func tokenizer() throws -> TokenizerPipeline {
        try requireRoBERTa()
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
        let special = try Self.roles.map { try files.role($0, AddedToken(content: $1, id: 0)) }
        func content(_ key: String) -> String { special.first { $0.key == key }?.token.content ?? "" }
        let model = try BytePairEncoding(known, merges: pairs, unknown: known.id(of: content("unk_token"))) {
            "\(place):\($0 + 1 + first)"
        }
        let template = try SpecialTokenTemplate.roberta(
            known, begin: content("bos_token"), separator: content("eos_token"), at: vocabulary.place)
        let words = ByteLevelPreTokenizer(
            addsPrefixSpace: try files.configuration.flag("add_prefix_space") ?? false, usesPattern: true)
        return TokenizerPipeline(
            nil, words, model, template, addedTokens: try files.tokens(addedTo: known, special, nil))
    }

    /// Refuses files of another class, which split and frame texts otherwise: GPT-2's, HerBERT's.
    private func requireRoBERTa() throws {
        let known = ["RobertaTokenizer"]
        if let stated = try StatedClass(in: [files.configuration, model]) {
            if known.contains(stated.plainName) { return }
            throw stated.refusal(file: "merges.txt", known: known)
        }
        if let type = try model.text("model_type"), type != "roberta" {
            throw Failure.data(
                "no file says that it is RoBERTa's, and the model_type in config.json is \(type)", at: place,
                remedy: StatedClass.remedy)
        }
    }
}
