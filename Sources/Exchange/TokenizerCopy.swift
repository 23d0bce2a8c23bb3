import Formats
import Foundation

/// The tokenizer's files of a backbone in an exported folder.
enum TokenizerCopy {
    private static let names = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.txt", "vocab.json", "merges.txt",
    ]

    /// Copies the files that there are.
    static func write(from source: String, to directory: String) throws {
        for name in names {
            guard let data = FileManager.default.contents(atPath: "\(source)/\(name)") else { continue }
            try AtomicFile.write(data, to: "\(directory)/\(name)")
        }
    }
}
