extension EncoderFamily {
    /// MPNet (arXiv 2004.09297): positions from 2, no segments, and a bias on attention scores by the
    /// distance of two tokens, which all layers share.
    ///
    /// `transformers` takes 1 for the id of padding and 32 for the number of distances, whatever config.json
    /// says.
    package static let mpnet = EncoderFamily(
        name: "mpnet", title: "MPNet",
        keys: .likeBERT(
            segments: nil,
            fixed: [
                .init(
                    "relative_attention_num_buckets", is: RelativePositions.buckets,
                    remedy: "transformers computes that many for every MPNet")
            ]),
        tensors: TensorNames(
            prefix: "mpnet.", words: "embeddings.word_embeddings.weight",
            positions: "embeddings.position_embeddings.weight", segments: nil,
            distances: "encoder.relative_attention_bias.weight", layers: "encoder.layer.",
            modules: [
                .embeddingNorm: "embeddings.LayerNorm", .query: "attention.attn.q",
                .key: "attention.attn.k", .value: "attention.attn.v", .projection: "attention.attn.o",
                .attentionNorm: "attention.LayerNorm", .intermediate: "intermediate.dense",
                .output: "output.dense", .outputNorm: "output.LayerNorm", .pooler: "pooler.dense",
            ]),
        classes: ModelClasses(
            encoder: "MPNetModel", classifier: "MPNetForSequenceClassification", head: .classifier(.tanh),
            tokenizer: "MPNetTokenizer", adapters: nil),
        positions: .afterPadding(id: .constant(1)))
}
