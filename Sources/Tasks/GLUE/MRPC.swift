extension GLUETask {
    /// The Microsoft Research Paraphrase Corpus: whether two sentences mean the same (1).
    package static let mrpc = GLUETask(
        name: "mrpc", folder: "MRPC", output: .binary("not_equivalent", "equivalent"),
        metrics: [.f1, .accuracy],
        columns: .header(first: "#1 String", second: "#2 String", label: "Quality"),
        hub: ["sentence1", "sentence2"],
        submission: [SubmissionFile("MRPC", .test, count: 1725)], constantAnswer: "1")
}
