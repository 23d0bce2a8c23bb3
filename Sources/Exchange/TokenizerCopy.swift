import Encoders
import Formats
import Foundation

/// The tokenizer's files of a backbone in an exported folder.
enum TokenizerCopy {
    private static let configuration = "tokenizer_config.json"
    private static let others = [
        "tokenizer.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt", "vocab.json",
        "merges.txt",
    ]

    /// Copies the files that there are, with the length at which the tokenizer truncates texts.
    ///
    /// Where none names the tokenizer's class, one is written that does: a folder of an adapter has no
    /// config.json from which other software could infer it. Nil keeps the backbone's own length.
    static func write(of weights: EncoderWeights, maximumTokens: Int?, to directory: String) throws {
        for name in others {
            if let data = FileManager.default.contents(atPath: "\(weights.directory)/\(name)") {
                try AtomicFile.write(data, to: "\(directory)/\(name)")
            }
        }
        let path = "\(weights.directory)/\(configuration)"
        var members =
            try FileManager.default.contents(atPath: path).map {
                try JSONValue(parsing: $0, at: path).object ?? []
            }
            ?? [("tokenizer_class", .string(weights.configuration.family.classes.tokenizer))]
        if let maximumTokens {
            members.removeAll { $0.0 == "model_max_length" }
            members.append(("model_max_length", .integer(maximumTokens)))
        }
        try JSONFile.write(JSONValue.object(members), to: "\(directory)/\(configuration)")
    }
}
