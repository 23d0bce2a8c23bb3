extension EncoderFamily {
    /// DistilBERT (arXiv 1910.01108): BERT's layers under other names, without segments and pooler.
    ///
    /// Sinusoidal positions (`sinusoidal_pos_embds`) are in the file as well, so all tables are read.
    package static let distilbert = EncoderFamily(
        name: "distilbert", title: "DistilBERT",
        keys: ConfigurationKeys(
            hidden: "dim", layers: "n_layers", heads: "n_heads", intermediate: "hidden_dim",
            vocabulary: "vocab_size", positions: "max_position_embeddings", segments: nil,
            activation: "activation", layerNormEpsilon: .constant(1e-12)),
        tensors: TensorNames(
            prefix: "distilbert.", words: "embeddings.word_embeddings.weight",
            positions: "embeddings.position_embeddings.weight", segments: nil, layers: "transformer.layer.",
            modules: [
                .embeddingNorm: "embeddings.LayerNorm", .query: "attention.q_lin", .key: "attention.k_lin",
                .value: "attention.v_lin", .projection: "attention.out_lin",
                .attentionNorm: "sa_layer_norm", .intermediate: "ffn.lin1", .output: "ffn.lin2",
                .outputNorm: "output_layer_norm",
            ]),
        classes: ModelClasses(
            encoder: "DistilBertModel", classifier: "DistilBertForSequenceClassification",
            head: .preClassifier, tokenizer: "DistilBertTokenizer", adapters: "DistilBertAdapterModel",
            bottlenecks: .init(attention: "attention_adapters", output: "output_adapters")),
        dropsAttentionOutput: false)
}
