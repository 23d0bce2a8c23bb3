import Diagnostics
import Formats

/// A class of tokenizers that reads a `vocab.txt`, whose lines do not tell to which one they belong.
enum VocabularyClass: CaseIterable {
    case bert, mpnet

    /// The names in `tokenizer_class`, without `Fast`.
    private var names: [String] {
        switch self {
        case .bert: ["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"]
        case .mpnet: ["MPNetTokenizer"]
        }
    }

    /// Values of `model_type` that have this class where none is named.
    private var models: [String] {
        switch self {
        case .bert: ["bert", "distilbert", "electra"]
        case .mpnet: ["mpnet"]
        }
    }

    /// The special tokens by role, unless files name others.
    var roles: [(key: String, token: AddedToken)] {
        func token(_ content: String) -> AddedToken { AddedToken(content: content, id: 0) }
        return switch self {
        case .bert:
            [
                ("unk_token", token("[UNK]")), ("sep_token", token("[SEP]")), ("pad_token", token("[PAD]")),
                ("cls_token", token("[CLS]")), ("mask_token", token("[MASK]")),
            ]
        case .mpnet:
            [
                ("bos_token", token("<s>")), ("eos_token", token("</s>")), ("unk_token", token("[UNK]")),
                ("sep_token", token("</s>")), ("pad_token", token("<pad>")), ("cls_token", token("<s>")),
                ("mask_token", AddedToken(content: "<mask>", id: 0, stripsLeft: true)),
            ]
        }
    }

    func template(begin: Int32, separator: Int32) -> SpecialTokenTemplate {
        switch self {
        case .bert: .bert(begin: begin, separator: separator)
        case .mpnet: .roberta(begin: begin, separator: separator)
        }
    }

    // MARK: Telling the class

    /// The class that tokenizer_config.json or else config.json names, or that of config.json's family.
    ///
    /// Without all of these, a vocabulary with special tokens of BERT's alone is BERT's.
    static func of(
        _ vocabulary: Vocabulary, at place: String, configuration: JSONSection, model: JSONSection
    ) throws -> VocabularyClass {
        if let stated = try StatedClass(in: [configuration, model]) {
            if let found = allCases.first(where: { $0.names.contains(stated.plainName) }) { return found }
            throw stated.refusal(file: "vocab.txt", known: allCases.flatMap(\.names))
        }
        let family = try model.text("model_type")
        if let found = allCases.first(where: { family.map($0.models.contains) ?? false }) { return found }
        let isBERTs = ["[CLS]", "[SEP]"].contains { vocabulary.id(of: $0) != nil }
        if family == nil, isBERTs, vocabulary.id(of: "<s>") == nil { return .bert }
        throw Failure.data(
            "no file tells which tokenizer it belongs to, expected tokenizer_class in tokenizer_config.json"
                + (family.map { " or another model_type than \($0) in config.json" } ?? ""),
            at: place, remedy: StatedClass.remedy)
    }
}
