extension EncoderFamily {
    /// RoBERTa (arXiv 1907.11692): BERT with positions from the id of padding + 1, so that 514 rows are 512
    /// positions, and with one segment.
    package static let roberta = likeRoBERTa(
        name: "roberta", title: "RoBERTa",
        ModelClasses(
            encoder: "RobertaModel", classifier: "RobertaForSequenceClassification",
            head: .classifier(.tanh), tokenizer: "RobertaTokenizer", adapters: "RobertaAdapterModel"))

    /// XLM-RoBERTa (arXiv 1911.02116), the same computation.
    package static let xlmRoberta = likeRoBERTa(
        name: "xlm-roberta", title: "XLM-RoBERTa",
        ModelClasses(
            encoder: "XLMRobertaModel", classifier: "XLMRobertaForSequenceClassification",
            head: .classifier(.tanh), tokenizer: "XLMRobertaTokenizer", adapters: "XLMRobertaAdapterModel"),
        hasReadableTokenizer: false)

    /// CamemBERT (arXiv 1911.03894), the same computation.
    package static let camembert = likeRoBERTa(
        name: "camembert", title: "CamemBERT",
        ModelClasses(
            encoder: "CamembertModel", classifier: "CamembertForSequenceClassification",
            head: .classifier(.tanh), tokenizer: "CamembertTokenizer", adapters: nil),
        hasReadableTokenizer: false)

    private static func likeRoBERTa(
        name: String, title: String, _ classes: ModelClasses, hasReadableTokenizer: Bool = true
    ) -> EncoderFamily {
        EncoderFamily(
            name: name, title: title,
            keys: .likeBERT(segments: ConfigurationKeys.segmentsLikeBERT, fixed: [.absolutePositions]),
            tensors: .likeBERT(prefix: "roberta.", other: [.pooler: "pooler.dense"]), classes: classes,
            positions: .afterPadding(id: .init("pad_token_id", default: 1)),
            hasReadableTokenizer: hasReadableTokenizer)
    }
}
