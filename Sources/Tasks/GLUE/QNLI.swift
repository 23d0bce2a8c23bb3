extension GLUETask {
    /// Question-answering Natural Language Inference: whether a sentence answers a question.
    package static let qnli = GLUETask(
        name: "qnli", folder: "QNLI", output: .classes(["entailment", "not_entailment"]),
        metrics: [.accuracy],
        columns: .header(first: "question", second: "sentence", label: "label"),
        hub: ["question", "sentence"],
        submission: [SubmissionFile("QNLI", .test, count: 5463)], constantAnswer: "not_entailment")
}
