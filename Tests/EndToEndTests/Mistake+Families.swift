import Encoders
import Foundation
import TestSupport

extension Mistake {
    /// Mistakes with backbones of other families than BERT.
    static let inFamilies: [Mistake] = [
        .training(
            "an unknown family", code: 3,
            says: [
                #"backbone/config.json: 'model_type' is "modernbert", expected one of "bert", "roberta""#,
                #""mpnet""#,
            ]
        ) {
            try $0.copyEncoder()
            try $0.replace(
                "\"model_type\": \"bert\"", by: "\"model_type\": \"modernbert\"", in: "backbone/config.json")
        },
        .training(
            "an ELECTRA generator", code: 3,
            says: [
                "backbone/config.json: 'architectures' has ElectraForMaskedLM: a generator",
                "google/electra-base-discriminator",
            ]
        ) {
            try $0.copyEncoder(of: .electra)
            try $0.replace("ElectraModel", by: "ElectraForMaskedLM", in: "backbone/config.json")
        },
        .training(
            "an activation that is not known", code: 3,
            says: [#"backbone/config.json: 'activation' is "mish", expected one of "gelu""#]
        ) {
            try $0.copyEncoder(of: .distilbert)
            try $0.replace(
                "\"activation\": \"gelu\"", by: "\"activation\": \"mish\"", in: "backbone/config.json")
        },
        .training(
            "a tokenizer with more tokens than the weights embed", code: 3,
            says: ["backbone: the tokenizer has 61 tokens, but the weights embed 60", "the same model"]
        ) {
            try $0.copyEncoder(of: .roberta)
            try $0.replace(#""vocab": {"#, by: #""vocab": {"more": 60,"#, in: "backbone/tokenizer.json")
        },
        .training(
            "a vocabulary of a tokenizer that is not told", code: 3,
            says: [
                "backbone/vocab.txt: no file tells which tokenizer it belongs to",
                "another model_type than roberta", "write tokenizer.json in Python",
            ]
        ) { try $0.copyEncoder(of: .roberta, vocabularyOf: nil) },
        .training(
            "the class of a tokenizer that is not known", code: 3,
            says: ["backbone/tokenizer_config.json: found the tokenizer_class PhobertTokenizer"]
        ) { try $0.copyEncoder(of: .roberta, vocabularyOf: "PhobertTokenizer") },
        .training(
            "a task of pairs on one segment", code: 2,
            says: [
                "tasks: 'alike' is a task of pairs, and the backbone has one segment", "'type_vocab_size' 2",
            ]
        ) { try $0.copyEncoder(of: .roberta, vocabularyOf: "BertTokenizer") },
        // 34 rows are 32 positions.
        .training(
            "more tokens than positions", code: 2,
            says: ["maximumTokens: is 33, but the backbone has 32 positions", "set it to 32 or less"],
            with: ["--set", "maximumTokens=33"]
        ) { try $0.copyEncoder(of: .roberta) },
        .training(
            "the pooling of a pooler that the family lacks", code: 2,
            says: ["head.pooling: is 'pooler', but the backbone has none", "use 'cls' or 'mean'"],
            with: ["--set", "head.pooling=pooler"]
        ) { try $0.copyEncoder(of: .electra) },
        .training(
            "training a pooler that the family lacks", code: 2,
            says: ["adapter.pooler: is true, but the backbone has no pooler", "set it to false"],
            with: ["--set", "adapter.method=bitfit", "--set", "adapter.pooler=true"]
        ) { try $0.copyEncoder(of: .distilbert) },
    ]
}
