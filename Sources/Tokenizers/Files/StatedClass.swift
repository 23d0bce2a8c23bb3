import Diagnostics
import Formats

/// The class of tokenizers that tokenizer_config.json or else config.json names.
struct StatedClass {
    /// The name as the file has it.
    let name: String
    let section: JSONSection

    /// Classes that stand for any tokenizer.json.
    static let generic = ["PreTrainedTokenizerFast", "TokenizersBackend"]

    /// The name without `Fast`.
    var plainName: String { name.hasSuffix("Fast") ? String(name.dropLast(4)) : name }

    /// The class that the first of the sections names; nil if none does, or a generic one.
    init?(in sections: [JSONSection]) throws {
        for section in sections {
            guard let name = try section.text("tokenizer_class"), !Self.generic.contains(name) else {
                continue
            }
            (self.name, self.section) = (name, section)
            return
        }
        return nil
    }

    /// The refusal of a class that does not read the folder's files.
    func refusal(file: String, known: [String]) -> Failure {
        section.failure(
            "found the tokenizer_class \(name), but of those that read \(file) only "
                + "\(known.joined(separator: ", ")) \(known.count == 1 ? "is" : "are") known",
            remedy: Self.remedy)
    }

    static let remedy =
        "write tokenizer.json in Python: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)"
}
