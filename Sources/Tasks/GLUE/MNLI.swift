extension GLUETask {
    /// Multi-Genre Natural Language Inference: whether the first sentence entails or contradicts the second.
    ///
    /// Evaluated on the genres of the training set (matched) and on others (mismatched).
    package static let mnli = GLUETask(
        name: "mnli", folder: "MNLI", output: .classes(["contradiction", "entailment", "neutral"]),
        metrics: [.accuracy],
        columns: .header(first: "sentence1", second: "sentence2", label: "gold_label"),
        hub: ["premise", "hypothesis"], hubLabels: ["entailment", "neutral", "contradiction"],
        splits: [.train, .devMatched, .devMismatched, .testMatched, .testMismatched, .diagnostic],
        evaluationSplits: [.devMatched, .devMismatched],
        submission: [
            SubmissionFile("MNLI-m", .testMatched, count: 9796),
            SubmissionFile("MNLI-mm", .testMismatched, count: 9847),
            SubmissionFile("AX", .diagnostic, count: 1104),
        ], constantAnswer: "contradiction")
}
