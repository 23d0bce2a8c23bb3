extension GLUETask {
    /// Recognizing Textual Entailment: whether the first sentence entails the second.
    package static let rte = GLUETask(
        name: "rte", folder: "RTE", output: .classes(["entailment", "not_entailment"]), metrics: [.accuracy],
        columns: .header(first: "sentence1", second: "sentence2", label: "label"),
        hub: ["sentence1", "sentence2"],
        submission: [SubmissionFile("RTE", .test, count: 3000)], constantAnswer: "entailment")
}
