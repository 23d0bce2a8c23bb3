extension EncoderFamily {
    /// BERT and its kin: positions from 0, two segments, a pooler on the first token.
    package static let bert = EncoderFamily(
        name: "bert", title: "BERT",
        keys: .likeBERT(segments: ConfigurationKeys.segmentsLikeBERT, fixed: [.absolutePositions]),
        tensors: .likeBERT(prefix: "bert.", other: [.pooler: "pooler.dense"]),
        classes: ModelClasses(
            encoder: "BertModel", classifier: "BertForSequenceClassification",
            head: .pooler("bert.pooler.dense"), tokenizer: "BertTokenizer", adapters: "BertAdapterModel"))
}
