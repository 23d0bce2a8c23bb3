extension GLUETask {
    /// Winograd Natural Language Inference: whether the second sentence resolves the first one's pronoun
    /// correctly (1).
    package static let wnli = GLUETask(
        name: "wnli", folder: "WNLI", output: .binary("not_entailment", "entailment"), metrics: [.accuracy],
        columns: .header(first: "sentence1", second: "sentence2", label: "label"),
        hub: ["sentence1", "sentence2"],
        submission: [SubmissionFile("WNLI", .test, count: 146)], constantAnswer: "0")
}
