extension GLUETask {
    /// The Stanford Sentiment Treebank: whether a phrase of a film review is positive (1).
    package static let sst2 = GLUETask(
        name: "sst2", folder: "SST-2", output: .binary("negative", "positive"), metrics: [.accuracy],
        columns: .header(first: "sentence", label: "label"), hub: ["sentence"],
        submission: [SubmissionFile("SST-2", .test, count: 1821)], constantAnswer: "1")
}
