extension GLUETask {
    /// The Corpus of Linguistic Acceptability: whether a sentence is grammatical English.
    ///
    /// Its train and dev files have no header; columns are source, label, the author's mark, sentence.
    package static let cola = GLUETask(
        name: "cola", folder: "CoLA", output: .binary("unacceptable", "acceptable"), metrics: [.matthews],
        columns: .positions(first: 3, label: 1, count: 4),
        hub: ["sentence"],
        testColumns: .header(first: "sentence", label: "label"),
        submission: [SubmissionFile("CoLA", .test, count: 1063)], constantAnswer: "1")
}
