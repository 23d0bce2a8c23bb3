extension GLUETask {
    /// The diagnostic set: inference problems sorted by phenomenon, answered with the head of MNLI.
    package static let ax = GLUETask(
        name: "ax", folder: "diagnostic", output: mnli.output, metrics: [.matthews],
        columns: .header(first: "sentence1", second: "sentence2", label: "label"),
        splits: [.test], evaluationSplits: [],
        submissions: [Submission(split: .test, fileName: "AX.tsv")],
        headTask: "mnli", fileNames: [.test: "diagnostic.tsv"])
}
