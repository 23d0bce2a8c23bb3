import Diagnostics
import Formats

/// A `vocab.txt`, one token a line with the line's number (from 0) as its id, and the files beside it.
struct VocabularyFile {
    let lines: [UInt8]
    let place: String
    /// config.json.
    let model: JSONSection
    let files: AddedTokenFiles

    /// tokenizer_config.json.
    private var configuration: JSONSection { files.configuration }

    func tokenizer() throws -> TokenizerPipeline {
        let vocabulary = try vocabulary()
        let normalizer = try BertNormalizer(configuration, otherwise: BertNormalizer())
        let kind = try VocabularyClass.of(
            vocabulary, at: place, configuration: configuration, model: model)
        let special = try kind.roles.map { try files.role($0.key, $0.token) }
        func id(_ key: String, _ name: String) throws -> Int32 {
            let token = special.first { $0.key == key }?.token.content ?? ""
            return try vocabulary.requiredID(of: token, role: name, at: place)
        }
        let unknown = try id("unk_token", "unknown token")
        let template = kind.template(
            begin: try id("cls_token", "classifier token"), separator: try id("sep_token", "separator token"))
        return TokenizerPipeline(
            normalizer, BertPreTokenizer(), WordPiece(vocabulary, unknown: unknown), template,
            addedTokens: try files.tokens(addedTo: vocabulary, special, normalizer))
    }

    private func vocabulary() throws -> Vocabulary {
        var lines = lines.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else {
            throw Failure.data("found an empty file, expected one token a line", at: place)
        }
        let tokens = lines.map { line in
            String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
        }
        return try Vocabulary(tokens) { "\(place):\($0 + 1)" }
    }
}
