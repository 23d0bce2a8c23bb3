extension GLUETask {
    /// The Semantic Textual Similarity Benchmark: the similarity of two sentences, from 0 to 5.
    package static let stsb = GLUETask(
        name: "stsb", folder: "STS-B", output: .regression(0...5), metrics: [.pearson, .spearman],
        columns: .header(first: "sentence1", second: "sentence2", label: "score"),
        hub: ["sentence1", "sentence2"],
        submission: [SubmissionFile("STS-B", .test, count: 1379)], constantAnswer: "2.701")
}
