extension EncoderFamily {
    /// BERT and its kin: positions from 0, two segments, a pooler on the first token.
    package static let bert = EncoderFamily(
        name: "bert", title: "BERT",
        keys: ConfigurationKeys(
            hidden: "hidden_size", layers: "num_hidden_layers", heads: "num_attention_heads",
            intermediate: "intermediate_size", vocabulary: "vocab_size",
            positions: "max_position_embeddings", segments: .init("type_vocab_size", default: 2),
            layerNormEpsilon: .init("layer_norm_eps", default: 1e-12),
            fixed: [
                .init("hidden_act", is: "gelu", remedy: "only the erf form of GELU is known"),
                .init("position_embedding_type", is: "absolute"),
            ]),
        tensors: TensorNames(
            prefix: "bert.", words: "embeddings.word_embeddings.weight",
            positions: "embeddings.position_embeddings.weight",
            segments: "embeddings.token_type_embeddings.weight", layers: "encoder.layer.",
            modules: [
                .embeddingNorm: "embeddings.LayerNorm", .query: "attention.self.query",
                .key: "attention.self.key", .value: "attention.self.value",
                .projection: "attention.output.dense", .attentionNorm: "attention.output.LayerNorm",
                .intermediate: "intermediate.dense", .output: "output.dense",
                .outputNorm: "output.LayerNorm", .pooler: "pooler.dense",
            ],
            formerEndings: [
                "LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta",
            ]),
        classes: ModelClasses(
            encoder: "BertModel", classifier: "BertForSequenceClassification",
            head: .pooler("bert.pooler.dense"), adapters: "BertAdapterModel"))
}
