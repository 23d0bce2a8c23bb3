extension GLUETask {
    /// Quora Question Pairs: whether two questions are duplicates (1).
    package static let qqp = GLUETask(
        name: "qqp", folder: "QQP", output: .binary("not_duplicate", "duplicate"), metrics: [.f1, .accuracy],
        columns: .header(first: "question1", second: "question2", label: "is_duplicate"),
        hub: ["question1", "question2"],
        droppedShortLines: true,
        submission: [SubmissionFile("QQP", .test, count: 390_965)], constantAnswer: "0")
}
