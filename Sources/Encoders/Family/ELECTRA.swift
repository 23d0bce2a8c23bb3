extension EncoderFamily {
    /// ELECTRA (arXiv 2003.10555): BERT without a pooler, whose embeddings may be narrower than its layers.
    package static let electra = EncoderFamily(
        name: "electra", title: "ELECTRA",
        keys: .likeBERT(
            embedding: .init("embedding_size", default: 128), segments: ConfigurationKeys.segmentsLikeBERT,
            fixed: [.absolutePositions]),
        tensors: .likeBERT(prefix: "electra.", other: [.embeddingProjection: "embeddings_project"]),
        classes: ModelClasses(
            encoder: "ElectraModel", classifier: "ElectraForSequenceClassification",
            head: .classifier(.gelu), tokenizer: "ElectraTokenizer", adapters: "ElectraAdapterModel"),
        refused: [
            RefusedModel(
                title: "a generator", architectures: ["ElectraForMaskedLM", "ElectraForCausalLM"],
                tensors: ["generator_predictions.", "generator_lm_head."],
                remedy: "the discriminator is what is fine-tuned: use its folder, such as that of "
                    + "google/electra-base-discriminator")
        ])
}
