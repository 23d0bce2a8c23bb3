extension GLUETask {
    /// Multi-Genre Natural Language Inference: what the first sentence says of the second.
    ///
    /// It is evaluated on the genres that were trained on (matched) and on others (mismatched).
    package static let mnli = GLUETask(
        name: "mnli", folder: "MNLI", output: .classes(["contradiction", "entailment", "neutral"]),
        metrics: [.accuracy],
        columns: .header(first: "sentence1", second: "sentence2", label: "gold_label"),
        splits: [.train, .devMatched, .devMismatched, .testMatched, .testMismatched],
        evaluationSplits: [.devMatched, .devMismatched])
}
