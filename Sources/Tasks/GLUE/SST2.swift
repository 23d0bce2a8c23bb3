extension GLUETask {
    /// The Stanford Sentiment Treebank: is a phrase of a film review negative (0) or positive (1)?
    public static let sst2 = GLUETask(
        name: "sst2", folder: "SST-2", output: .classes(["0", "1"]), metrics: [.accuracy],
        columns: .header(first: "sentence", label: "label"),
        submissions: [Submission(split: .test, fileName: "SST-2.tsv")])
}
