extension GLUETask {
    /// Quora Question Pairs: whether two questions are duplicates (1).
    package static let qqp = GLUETask(
        name: "qqp", folder: "QQP", output: .classes(["0", "1"]), metrics: [.f1, .accuracy],
        columns: .header(first: "question1", second: "question2", label: "is_duplicate"),
        droppedShortLines: true)
}
