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
