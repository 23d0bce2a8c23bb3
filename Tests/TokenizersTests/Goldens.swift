import Foundation
import Tokenizers

/// The files that Tests/Golden/tokenizers/generate.py wrote, and folders made from them.
enum Goldens {
    struct Setting: Decodable, Sendable {
        var lowercase: Bool
        var strip_accents: Bool?
        var handle_chinese_chars: Bool
        var clean_text: Bool

        var normalizer: String {
            """
            {"type": "BertNormalizer", "clean_text": \(clean_text), "handle_chinese_chars": \
            \(handle_chinese_chars), "strip_accents": \(strip_accents.map(String.init) ?? "null"), \
            "lowercase": \(lowercase)}
            """
        }

        var configuration: String {
            """
            {"do_lower_case": \(lowercase), "tokenize_chinese_chars": \(handle_chinese_chars), \
            "strip_accents": \(strip_accents.map(String.init) ?? "null")}
            """
        }
    }

    struct Cases: Decodable {
        var texts: [String]
        var settings: [Setting]
        var ids: [[String]]
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Golden/tokenizers").standardized

    static func read<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// tokenizer.json with whole sections replaced; each section is a line of the file.
    static func tokenizerFile(_ sections: [String: String] = [:]) throws -> String {
        var lines = try text("tokenizer.json").components(separatedBy: "\n")
        for (name, value) in sections {
            for index in lines.indices where lines[index].hasPrefix("\"\(name)\": ") {
                let end = lines[index].hasSuffix(",") ? "," : ""
                lines[index] = "\"\(name)\": \(value)\(end)"
            }
        }
        return lines.joined(separator: "\n")
    }

    /// A TemplateProcessing section.
    ///
    /// Pieces are separated by spaces, each with `:SEGMENT` unless that is 0; `A` and `B` are the texts, and
    /// `tokens` the ids of each special token.
    static func template(single: String, pair: String, tokens: [String: [Int]]) -> String {
        func pieces(_ text: String) -> String {
            text.split(separator: " ").map { piece in
                let parts = piece.split(separator: ":")
                let kind = parts[0] == "A" || parts[0] == "B" ? "Sequence" : "SpecialToken"
                let segment = parts.count > 1 ? parts[1] : "0"
                return #"{"\#(kind)": {"id": "\#(parts[0])", "type_id": \#(segment)}}"#
            }.joined(separator: ", ")
        }
        let special = tokens.map { name, ids in
            let names = ids.map { _ in "\"\(name)\"" }.joined(separator: ", ")
            return #""\#(name)": {"id": "\#(name)", "ids": \#(ids), "tokens": [\#(names)]}"#
        }
        return """
            {"type": "TemplateProcessing", "single": [\(pieces(single))], "pair": [\(pieces(pair))], \
            "special_tokens": {\(special.joined(separator: ", "))}}
            """
    }

    /// A new folder with those files.
    static func withFolder<T>(_ files: [String: String], _ body: (String) throws -> T) throws -> T {
        try withFolder(bytes: files.mapValues { Data($0.utf8) }, body)
    }

    static func withFolder<T>(bytes files: [String: Data], _ body: (String) throws -> T) throws -> T {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, data) in files { try data.write(to: directory.appending(path: name)) }
        return try body(directory.path)
    }

    /// The tokenizer of a new folder with those files.
    static func load(_ files: [String: String]) throws -> any Tokenizer {
        try withFolder(files, TokenizerFolder.load)
    }
}

extension Encoding {
    /// The ids as the goldens have them.
    var joined: String { ids.map(String.init).joined(separator: " ") }
}
