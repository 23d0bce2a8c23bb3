import Encoders
import Formats
import Foundation

/// The tokenizer's files of a backbone in an exported folder.
enum TokenizerCopy {
    private static let configuration = "tokenizer_config.json"
    private static let names = [
        "tokenizer.json", configuration, "special_tokens_map.json", "added_tokens.json", "vocab.txt",
        "vocab.json", "merges.txt",
    ]

    /// Copies the files that there are.
    ///
    /// Where none names the tokenizer's class, one is written that does: a folder of an adapter has no
    /// config.json from which other software could infer it.
    static func write(of weights: EncoderWeights, to directory: String) throws {
        for name in names {
            if let data = FileManager.default.contents(atPath: "\(weights.directory)/\(name)") {
                try AtomicFile.write(data, to: "\(directory)/\(name)")
            } else if name == configuration {
                let own: JSONValue = [
                    "tokenizer_class": .string(weights.configuration.family.classes.tokenizer)
                ]
                try JSONFile.write(own, to: "\(directory)/\(name)")
            }
        }
    }
}
