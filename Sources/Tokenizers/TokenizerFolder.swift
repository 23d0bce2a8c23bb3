import Diagnostics
import Foundation

/// The tokenizer files of a backbone's folder, as Hugging Face names them.
///
/// `tokenizer.json` has everything and is read where it is present. Otherwise `vocab.txt` has the
/// vocabulary and `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` what
/// differs from BERT's defaults; each of those three may be absent.
package enum TokenizerFolder {
    /// Reads the folder's tokenizer.
    package static func load(_ directory: String) throws -> any Tokenizer {
        let folder = FolderFiles(directory)
        let configuration = try folder.json("tokenizer_config.json")
        if let file = try folder.json("tokenizer.json") {
            let settings = try TokenizerFile(file, place: folder.path("tokenizer.json")).settings()
            try agree(settings.text, configuration, at: folder.path("tokenizer_config.json"))
            return try WordPieceTokenizer(settings)
        }
        guard let vocabulary = try folder.bytes("vocab.txt") else {
            throw Failure.data(
                "found neither tokenizer.json nor vocab.txt", at: directory,
                remedy: folder.has("merges.txt") || folder.has("sentencepiece.bpe.model")
                    || folder.has("spiece.model")
                    ? "the backbone has a tokenizer of another model; WordPiece is what is supported here"
                    : "name the backbone's whole folder, tokenizer files included")
        }
        return try WordPieceTokenizer(
            VocabularyFile(
                lines: vocabulary, place: folder.path("vocab.txt"),
                configuration: configuration, configurationPlace: folder.path("tokenizer_config.json"),
                specialTokens: try folder.json("special_tokens_map.json"),
                specialTokensPlace: folder.path("special_tokens_map.json"),
                addedTokens: try folder.json("added_tokens.json"),
                addedTokensPlace: folder.path("added_tokens.json")
            ).settings())
    }

    /// Refuses a folder whose two files describe two tokenizers: which one the backbone was trained with
    /// cannot be told from here, and the programs that read such folders do not agree on it either.
    private static func agree(_ text: BasicText, _ configuration: JSON?, at place: String) throws {
        guard let configuration else { return }
        let stated = try BasicText(configuration: configuration, otherwise: text, place: place)
        for (key, ours, theirs) in [
            ("do_lower_case", text.lowercases, stated.lowercases),
            ("tokenize_chinese_chars", text.isolatesChinese, stated.isolatesChinese),
            ("strip_accents", text.stripsAccents, stated.stripsAccents),
        ] where ours != theirs {
            throw Failure.data(
                "found \(key) \(theirs), but tokenizer.json says \(ours)", at: place,
                remedy: "make the two files agree on what the backbone was trained with")
        }
    }
}

extension BasicText {
    /// The normaliser that tokenizer_config.json states, with `otherwise` for what it does not.
    init(configuration: JSON?, otherwise: BasicText, place: String) throws {
        func flag(_ key: String) throws -> Bool? {
            guard let value = configuration?[key] else { return nil }
            if let flag = value.bool { return flag }
            throw Failure.data("found \(value.kind) for \(key), expected true or false", at: place)
        }
        let lowercases = try flag("do_lower_case")
        // Accents follow case wherever case is stated and accents are not.
        let accents = try flag("strip_accents") ?? (lowercases == otherwise.lowercases ? nil : lowercases)
        self.init(
            cleansText: otherwise.cleansText,
            isolatesChinese: try flag("tokenize_chinese_chars") ?? otherwise.isolatesChinese,
            stripsAccents: accents ?? otherwise.stripsAccents,
            lowercases: lowercases ?? otherwise.lowercases)
    }
}

/// The files of one folder.
private struct FolderFiles {
    private let directory: String

    init(_ directory: String) { self.directory = directory }

    func path(_ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The bytes of a file, which must be UTF-8, without a byte order mark; nil if it is not there.
    func bytes(_ name: String) throws -> [UInt8]? {
        guard has(name) else { return nil }
        guard let data = FileManager.default.contents(atPath: path(name)) else {
            throw Failure.data(
                "the file cannot be read", at: path(name),
                remedy: "check that it is a file, and its permissions")
        }
        let bytes = Array(data)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure.data("found bytes that are not UTF-8", at: "\(path(name)):\(brokenLine(bytes))")
        }
        return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    func json(_ name: String) throws -> JSON? {
        guard let bytes = try bytes(name) else { return nil }
        let value = try JSONReader.read(bytes, place: path(name))
        guard value.object != nil else {
            throw Failure.data("found \(value.kind), expected an object", at: path(name))
        }
        return value
    }

    /// The first line that is not UTF-8.
    private func brokenLine(_ bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }
}
